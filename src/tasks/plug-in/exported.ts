import { z } from 'zod';
import { roomSchema } from '../../shared/task.ts';
import type { Law } from '../laws/law.ts';
import type { Task } from '../task.ts';

const callable = <T>() => z.custom<T>(value => typeof value === 'function', 'expected a function');
const optionalCallable = <T>() => callable<T>().optional();
const numbers = z.array(z.number());
const NO_KNOBS: Task['wgslKnobs'] = () => [0, 0, 0, 0];

/** A law that a module brings with it; it works on the device where it has WGSL. */
const lawSchema = z.object({
  draw: callable<Law['draw']>(),
  tokens: roomSchema.optional(),
  shortest: z.int().min(1).optional(),
  longest: optionalCallable<NonNullable<Law['longest']>>(),
  scratchWords: callable<Law['scratchWords']>().default(() => () => 0),
  wgsl: z.string().default(''),
});

/** What a module must export to be a task. The schemas inside are of its own copy of zod. */
export const exportedSchema = z.object({
  summary: z.string().default(''),
  knobs: z.custom<Task['knobs']>(
    value => typeof (value as { shape?: unknown } | undefined)?.shape === 'object',
    'expected z.strictObject({ … }), empty where there are no knobs',
  ),
  complexity: z.array(z.string()).default([]),
  shape: callable<Task['shape']>(),
  law: lawSchema.optional(),
  positions: z.literal('every').optional(),
  classes: z.literal(true).optional(),
  refuse: optionalCallable<NonNullable<Task['refuse']>>(),
  targets: callable<Task['targets']>(),
  limit: optionalCallable<NonNullable<Task['limit']>>(),
  limitVariance: optionalCallable<NonNullable<Task['limitVariance']>>(),
  shortError: optionalCallable<NonNullable<Task['shortError']>>(),
  wgslKnobs: callable<Task['wgslKnobs']>().default(() => NO_KNOBS),
  scratchWords: optionalCallable<NonNullable<Task['scratchWords']>>(),
  wgsl: z.string().default(''),
  examples: z
    .array(z.object({ knobs: z.record(z.string(), z.number()), tokens: numbers, target: numbers }))
    .min(1, 'at least one example: it is computed before anything runs'),
});

export type Exported = z.infer<typeof exportedSchema>;
