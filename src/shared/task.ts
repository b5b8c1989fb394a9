import { z } from 'zod';

/*
 * What a pack carries of its task and of the law that its tokens follow, so that an engine knows neither by name. `source` says where
 * sequences and targets are made.
 */

/** A sequence of length n has at most each · n + more tokens. */
export const roomSchema = z.strictObject({ each: z.int().min(1), more: z.int() });

/** A law of tokens, as far as who trains a model has to know it. */
const lawSchema = z.strictObject({
  name: z.string(),
  /** Tokens that the next one depends on. */
  order: z.int().min(0),
  /** The shortest length that there is. */
  shortest: z.int().min(1),
  tokens: roomSchema,
});

/** Of any task that is drawn, wherever that is. */
const drawn = {
  /** The task's, for messages and for twins. */
  name: z.string(),
  /** Whether targets are classes, of which accuracy is measured. */
  classes: z.boolean(),
};

/** Made on the device, by functions that come as WGSL. */
export const deviceTaskSchema = z.strictObject({
  source: z.literal('device'),
  ...drawn,
  /** What an expression task computes, and a hash of a plug-in's source: with the knobs, what the task is made from. */
  target: z.union([z.string(), z.array(z.string())]).optional(),
  plugIn: z.string().optional(),
  /** `task_targets` (`tasks/task.ts`). */
  wgsl: z.string(),
  /** u32 words that it needs for each sequence when several prefixes are read; 0: none. */
  scratchWords: z.int().min(0),
  law: lawSchema.extend({
    /** `draw_tokens` (`tasks/laws/law.ts`). */
    wgsl: z.string(),
    /** u32 words that it needs for each sequence. */
    scratchWords: z.int().min(0),
  }),
});

/** Drawn and labelled in threads of the host (`data/thread-source.ts`), by a plug-in that has no WGSL: the sequences of its law. */
export const threadTaskSchema = z.strictObject({
  source: z.literal('threads'),
  ...drawn,
  /** Hash of the plug-in's source. */
  plugIn: z.string(),
  law: lawSchema,
});

/** Which positions of a training sequence carry a target: the last, every one, or so many, drawn uniformly without repetition. */
export const positionsSchema = z.union([z.enum(['last', 'every']), z.int().min(1)]);

/** Read on the host, labelled. */
export const hostTaskSchema = z.strictObject({
  source: z.literal('host'),
  /** For messages. */
  name: z.string(),
  /** Names what makes them (`data/makers.ts`). */
  maker: z.strictObject({ kind: z.string(), content: z.string().regex(/^[0-9a-f]{8,64}$/, 'a hash') }),
  form: z.enum(['classes', 'vectors']),
  /** Targets of a training sequence, in the mean. */
  labels: z.number().positive(),
  /** Training sequences, then those of each test length in order. */
  points: z
    .array(
      z.strictObject({
        /** Positions with targets: a number, if others than the last or every one, is how many a sequence has at most. */
        reads: positionsSchema,
        /** Sequences that are measured. */
        sequences: z.int().min(1),
        /** Words of the longest record; of all, null where there is no end to them. */
        mostWords: z.int().min(1),
        words: z.int().min(1).nullable(),
        /** Squared error of predicting the mean target; null where nobody knows. */
        variance: z.number().min(0).nullable(),
      }),
    )
    .min(2),
});

export const packTaskSchema = z.discriminatedUnion('source', [
  deviceTaskSchema,
  threadTaskSchema,
  hostTaskSchema,
]);

/** The numbers that `task_targets` is given, in the order of its `vec4`. */
export const deviceKnobsSchema = z.tuple([z.number(), z.number(), z.number(), z.number()]);

export type Room = z.infer<typeof roomSchema>;
export type PackTask = z.infer<typeof packTaskSchema>;
export type HostTask = z.infer<typeof hostTaskSchema>;
export type DeviceTask = z.infer<typeof deviceTaskSchema>;
export type ThreadTask = z.infer<typeof threadTaskSchema>;
/** Whose sequences are drawn from a law. */
export type DrawnTask = DeviceTask | ThreadTask;
/** Whose sequences the host brings to the device (`shared/feed.ts`). */
export type FedTask = HostTask | ThreadTask;
export type DeviceKnobs = z.infer<typeof deviceKnobsSchema>;

/** Tokens of a sequence of a length, at most; as many as the length unless the law says otherwise. */
export function tokensOf({ tokens }: { tokens?: Room }, length: number): number {
  return tokens ? tokens.each * length + tokens.more : length;
}

/** The lengths that a task's sequences may have, and what they are lengths of. */
export function lengthsOf(task: PackTask): { shortest: number; tokens?: Room } {
  return task.source === 'host' ? { shortest: 1 } : task.law;
}

/**
 * The lengths that test sequences of a drawn task have for the test length T, in turn: T−span+1 … T+period−1, those that there are, so that
 * every residue of the last position is met (docs/theory.md §9).
 */
export function testLengths(
  { law }: { law: Pick<DrawnTask['law'], 'shortest'> },
  { period, span = 1 }: { period: number; span?: number | undefined },
  nominal: number,
): { length: number; spread: number } {
  const length = Math.max(law.shortest, nominal - span + 1);
  return { length, spread: nominal + period - length };
}

/** Whether a task's targets are classes, of which accuracy is measured. */
export function hasClasses(task: PackTask): boolean {
  return task.source === 'host' ? task.form === 'classes' : task.classes;
}

/** How the targets of a task's records are given (`shared/records.ts`). */
export function formOf(task: PackTask): 'classes' | 'vectors' {
  return hasClasses(task) ? 'classes' : 'vectors';
}

/** A task that is made on the device. @throws Error for another */
export function onDevice(task: PackTask): DeviceTask {
  if (task.source !== 'device') throw new Error(`the task ${task.name} is not made on the device`);
  return task;
}
