import { z } from 'zod';
import { InputError, messageOf } from '../../shared/errors.ts';
import type { Knobs, Task, TaskShape } from '../task.ts';

const callable = <T>() => z.custom<T>(value => typeof value === 'function', 'expected a function');
const optionalCallable = <T>() => callable<T>().optional();
const numbers = z.array(z.number());

/** What a module must export. The schemas inside are of its own copy of zod. */
const plugInSchema = z.object({
  summary: z.string().default(''),
  knobs: z.custom<Task['knobs']>(
    value => typeof (value as { shape?: unknown } | undefined)?.shape === 'object',
    'expected z.strictObject({ … }), empty where there are no knobs',
  ),
  complexity: z.array(z.string()).default([]),
  shape: callable<Task['shape']>(),
  refuse: optionalCallable<NonNullable<Task['refuse']>>(),
  targets: callable<Task['targets']>(),
  limit: optionalCallable<NonNullable<Task['limit']>>(),
  limitVariance: optionalCallable<NonNullable<Task['limitVariance']>>(),
  shortError: optionalCallable<NonNullable<Task['shortError']>>(),
  wgslKnobs: optionalCallable<Task['wgslKnobs']>(),
  scratchWords: optionalCallable<NonNullable<Task['scratchWords']>>(),
  wgsl: z.string().min(1),
  examples: z
    .array(z.object({ knobs: z.record(z.string(), z.number()), tokens: numbers, target: numbers }))
    .min(1, 'at least one example: it is computed before anything runs'),
});

const count = z.int().min(0);
const shapeSchema: z.ZodType<TaskShape> = z.object({
  vocabulary: count.min(2).max(256),
  outputs: count.min(1),
  period: count.min(1),
  locality: count,
  layers: count.min(1),
  order: count,
});

const deviceKnobsSchema = z.tuple([z.number(), z.number(), z.number(), z.number()]);

/**
 * The task that a module exports, with every answer of its functions looked at.
 * @throws InputError when it is none, or one of its examples is not what it computes; its functions throw the same when they throw, or
 *   answer with something else than they must
 */
export function checkedPlugIn(exported: unknown, file: string, kind: string): Task {
  const parsed = plugInSchema.safeParse(exported);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw wrong(file, `its default export is no task: ${path.join('.') || 'the whole'}: ${message}`);
  }
  const asked = <T>(what: string, knobs: Knobs, ask: () => unknown, schema: z.ZodType<T>): T => {
    let answer: unknown;
    try {
      answer = ask();
    } catch (error) {
      throw wrong(file, `${what} threw at ${JSON.stringify(knobs)}: ${messageOf(error)}`);
    }
    const { success, data, error } = schema.safeParse(answer);
    if (success) return data;
    const { path, message } = error.issues[0]!;
    throw wrong(file, `${what} at ${JSON.stringify(knobs)} is wrong: ${[...path, message].join(': ')}`);
  };
  const {
    wgslKnobs = () => [0, 0, 0, 0],
    refuse,
    limit,
    limitVariance,
    shortError,
    scratchWords,
    ...own
  } = parsed.data;
  const shape = (knobs: Knobs) => asked('shape', knobs, () => own.shape(knobs), shapeSchema);
  const task: Task = {
    ...own,
    kind,
    shape,
    targets(tokens, knobs, reads) {
      const vectors = z.array(z.array(z.number()).length(shape(knobs).outputs)).length(reads.length);
      return asked('targets', knobs, () => own.targets(tokens, knobs, reads), vectors);
    },
    wgslKnobs: knobs => asked('wgslKnobs', knobs, () => wgslKnobs(knobs), deviceKnobsSchema),
    ...(refuse
      ? { refuse: knobs => asked('refuse', knobs, () => refuse(knobs), z.string().optional()) }
      : {}),
    ...(scratchWords
      ? { scratchWords: knobs => asked('scratchWords', knobs, () => scratchWords(knobs), count) }
      : {}),
    ...(limit ? { limit } : {}),
    ...(limitVariance ? { limitVariance } : {}),
    ...(shortError ? { shortError } : {}),
  };
  for (const { knobs, tokens, target } of task.examples) {
    const [computed] = task.targets(tokens, knobs, [tokens.length]) as [number[]];
    const same =
      computed.length === target.length &&
      computed.every((x, o) => Math.abs(x - target[o]!) <= 1e-12 * Math.max(1, Math.abs(x)));
    if (!same)
      throw wrong(
        file,
        `example ${tokens.join(' ')} with ${JSON.stringify(knobs)}: the target is said to be [${target.join(', ')}], targets gives [${computed.join(', ')}]`,
      );
  }
  return task;
}

const wrong = (file: string, what: string) =>
  new InputError(`${file}: ${what}`, 'See docs/tasks.md, "A task as a plug-in".');
