import { z } from 'zod';

/*
 * What a pack carries of its task and of the law that its tokens follow, so that an engine knows neither by name. `source` says where
 * sequences and targets are made.
 */

/** Made on the device, by functions that come as WGSL. */
const deviceTaskSchema = z.strictObject({
  source: z.literal('device'),
  /** The task's, for messages and for twins. */
  name: z.string(),
  /** What an expression task computes, and a hash of a plug-in's source: with the knobs, what the task is made from. */
  target: z.union([z.string(), z.array(z.string())]).optional(),
  plugIn: z.string().optional(),
  /** `task_targets` (`tasks/task.ts`). */
  wgsl: z.string(),
  /** u32 words that it needs for each sequence when several prefixes are read; 0: none. */
  scratchWords: z.int().min(0),
  law: z.strictObject({
    name: z.string(),
    /** `draw_tokens` (`tasks/laws/law.ts`). */
    wgsl: z.string(),
    /** u32 words that it needs for each sequence. */
    scratchWords: z.int().min(0),
    /** Tokens that the next one depends on. */
    order: z.int().min(0),
  }),
});

export const packTaskSchema = z.discriminatedUnion('source', [deviceTaskSchema]);

/** The numbers that `task_targets` is given, in the order of its `vec4`. */
export const deviceKnobsSchema = z.tuple([z.number(), z.number(), z.number(), z.number()]);

export type PackTask = z.infer<typeof packTaskSchema>;
export type DeviceTask = z.infer<typeof deviceTaskSchema>;
export type DeviceKnobs = z.infer<typeof deviceKnobsSchema>;
