import { z } from 'zod';
import { DENSE_VARIANTS } from '../../src/shared/attention-variants.ts';
import { attentionSchema, modelConfigSchema } from '../../src/shared/model-config.ts';
import {
  adapterInfoSchema,
  adapterPreferenceSchema,
  base64,
  eventSchema,
  loss,
  lossSchema,
  packSchema,
  packStateSchema,
  requestSchema,
  u32,
} from '../../src/shared/protocol.ts';

/*
 * What only tests ask of the engine: what lies inside training and dense attention. The engine of `engine-page.ts` and
 * `engine-dawn.ts` answers it beside everything that ships.
 */

const variant = z.enum(DENSE_VARIANTS);

/** Rows of some positions of every sequence (`engine/row-set.ts`). */
const rowSetSchema = z.strictObject({
  /** Room a replica. */
  rows: z.int().min(1),
  /** `starts[replica]`: first row of each sequence, counted from the replica's first, then the end of the last. */
  starts: z.array(z.array(u32).min(2)).min(1),
  /** Of each of the replicas · rows: its position, from 1; 0 in padding. */
  positions: z.array(u32),
});

/** A loss; null when it is not finite (JSON has no NaN). */

export const testRequestSchema = z.discriminatedUnion('op', [
  ...requestSchema.options,
  z.strictObject({
    op: z.literal('gradient'),
    adapter: adapterPreferenceSchema,
    model: modelConfigSchema,
    weights: base64,
    loss: lossSchema,
    /** `dense`: every layer by dense attention. */
    kernel: z.enum(['fastest', 'dense']),
    sequences: z.array(z.array(u32)).min(1),
    /** Positions that are read: the last, every one, or for each sequence a rising list of its own, from 1. */
    reads: z.union([z.enum(['last', 'every']), z.array(z.array(u32).min(1))]),
    /** `targets[sequence][read][output]`. */
    targets: z.array(z.array(z.array(z.number()))).min(1),
    /** `readWeights[sequence][read]`, 0 where a read carries no target; all 1 unless given. */
    readWeights: z.array(z.array(z.union([z.literal(0), z.literal(1)]))).optional(),
    /** Rows by which each sequence starts later in an absolute encoding's table; 0 unless given. */
    offsets: z.array(u32).optional(),
  }),
  z.strictObject({
    op: z.literal('attention'),
    adapter: adapterPreferenceSchema,
    model: z.strictObject({
      heads: z.int().min(1),
      period: z.int().min(1),
      locality: z.int().min(0),
      keyWidth: z.int().min(1),
      attention: attentionSchema,
    }),
    /** Floats of the rows of queries and keys, and of values; multiples of 4. */
    keyWidth: z.int().min(4).multipleOf(4),
    valueWidth: z.int().min(4).multipleOf(4),
    variant,
    /** Whether to use subgroups where there are; false: as on an adapter without. */
    subgroups: z.boolean(),
    /** Multiply-adds of a dispatch at most; the engine's own bound unless given. */
    dispatchMultiplyAdds: z.int().min(1).optional(),
    keyRows: rowSetSchema,
    /** A subset of the positions, as rows of the same sequences; every row unless given. */
    queryRows: rowSetSchema.optional(),
    /** All heads read the same keys and values [rows, width]. */
    sharedHeads: z.boolean(),
    /** The values are the keys; those given are not read. */
    keyed: z.boolean(),
    /** Float32 arrays of all rows: queries, keys [rows, H, keyWidth], values, gradient of the means [rows, H, valueWidth]. */
    queries: base64,
    keys: base64,
    values: base64,
    gradMeans: base64,
    /** Of each replica: φ [H, τ+1], log_scale [H]. */
    phi: base64,
    logScale: base64,
  }),
  /** Which reads are right. */
  z.strictObject({
    op: z.literal('correct'),
    adapter: adapterPreferenceSchema,
    outputs: z.int().min(1),
    /** Float32 arrays: what a model says and targets [reads, outputs], which reads count [reads]. */
    said: base64,
    targets: base64,
    weights: base64,
  }),
  /** What goes wrong in every training from here on. Answered as `probe`. */
  z.strictObject({
    op: z.literal('faults'),
    adapter: adapterPreferenceSchema,
    /** The device is lost after the progress event of this phase that has done so much. */
    loseAfter: z.strictObject({ phase: z.enum(['train', 'test']), done: z.int() }).optional(),
    /** Most bytes of a buffer that can be bound. */
    bindingBytes: z.int().optional(),
    /** Most bytes that the device gives to one `Memory`. */
    memoryBytes: z.int().optional(),
  }),
  /** Trains a pack to NaNs, then from a state in the same buffers, for so many steps. */
  z.strictObject({
    op: z.literal('replay'),
    adapter: adapterPreferenceSchema,
    pack: packSchema,
    resume: packStateSchema,
    steps: z.int().min(1),
  }),
  /** Runs a kernel that reads past the end of its buffer. Answered as `probe`, where nobody looks. */
  z.strictObject({ op: z.literal('overrun'), adapter: adapterPreferenceSchema }),
]);

export const testEventSchema = z.discriminatedUnion('event', [
  ...eventSchema.options,
  z.strictObject({
    event: z.literal('differentiated'),
    adapter: adapterInfoSchema,
    /** Mean over sequences. */
    loss,
    /** Of that mean loss, flat, in `model/layout.ts` order. */
    gradient: base64,
  }),
  z.strictObject({
    event: z.literal('attended'),
    adapter: adapterInfoSchema,
    /** How many forward and back. */
    dispatches: z.int(),
    /** Float32 arrays of the shapes asked with, but that shared keys and values have gradients by head. */
    means: base64,
    gradQueries: base64,
    gradKeys: base64,
    /** The gradient of the keys again, the sum of both, where values are keys. */
    gradValues: base64,
    gradPhi: base64,
    gradLogScale: base64,
  }),
  /** 1 where a read is right, else 0. */
  z.strictObject({ event: z.literal('judged'), adapter: adapterInfoSchema, correct: base64 }),
  z.strictObject({
    event: z.literal('replayed'),
    /** Share of the arena that was NaN before the state was written. */
    spoiled: z.number(),
    /** Parameters of each replica. */
    weights: z.array(base64),
  }),
]);

export type TestRequest = z.infer<typeof testRequestSchema>;
export type TestEvent = z.infer<typeof testEventSchema>;
