import { z } from 'zod';

/*
 * What a pack carries of its task and of the law that its tokens follow, so that an engine knows neither by name. `source` says where
 * sequences and targets are made.
 */

/** A sequence of length n has at most each · n + more tokens. */
const roomSchema = z.strictObject({ each: z.int().min(1), more: z.int() });

/** Made on the device, by functions that come as WGSL. */
const deviceTaskSchema = z.strictObject({
  source: z.literal('device'),
  /** The task's, for messages and for twins. */
  name: z.string(),
  /** `task_targets` (`tasks/task.ts`). */
  wgsl: z.string(),
  /** u32 words that it needs for each sequence when several prefixes are read; 0: none. */
  scratchWords: z.int().min(0),
  /** Whether targets are classes, of which accuracy is measured. */
  classes: z.boolean(),
  law: z.strictObject({
    name: z.string(),
    /** `draw_tokens` (`tasks/laws/law.ts`). */
    wgsl: z.string(),
    /** u32 words that it needs for each sequence. */
    scratchWords: z.int().min(0),
    /** Tokens that the next one depends on. */
    order: z.int().min(0),
    /** The shortest length that there is. */
    shortest: z.int().min(1),
    tokens: roomSchema,
  }),
});

export const packTaskSchema = z.discriminatedUnion('source', [deviceTaskSchema]);

/** The numbers that `task_targets` is given, in the order of its `vec4`. */
export const deviceKnobsSchema = z.tuple([z.number(), z.number(), z.number(), z.number()]);

export type Room = z.infer<typeof roomSchema>;
export type PackTask = z.infer<typeof packTaskSchema>;
export type DeviceTask = z.infer<typeof deviceTaskSchema>;
export type DeviceKnobs = z.infer<typeof deviceKnobsSchema>;

/** Tokens of a sequence of a length, at most; as many as the length unless the law says otherwise. */
export function tokensOf({ tokens }: { tokens?: Room }, length: number): number {
  return tokens ? tokens.each * length + tokens.more : length;
}
