import { z } from 'zod';
import { DENSE_VARIANTS } from './attention-variants.ts';
import { attentionSchema, modelConfigSchema } from './model-config.ts';
import { deviceKnobsSchema, deviceTaskSchema, packTaskSchema, positionsSchema } from './task.ts';
import { trialSchema } from './tuning.ts';

/**
 * What the Node side (runtime/) and the WebGPU side (engine/) say to each other. Both ends validate with
 * these schemas. Binary data travels as base64 of little-endian bytes, because the carrier is JSON.
 */

export const u32 = z.int().min(0).max(0xffffffff);
export const base64 = z.string();
const variant = z.enum(DENSE_VARIANTS);

export const loss = z.number().nullable();

export const lengthModeSchema = z.enum(['uniform', 'fixed']);
export const lossSchema = z.enum(['mse', 'cross-entropy']);
const phiSchema = z.number().min(-10).max(10);
/** How φ starts: drawn uniformly from an interval, or head by head hard at one offset (`model/initialise.ts`). */
export const phiInitSchema = z.union([z.literal('offsets'), z.tuple([phiSchema, phiSchema])], {
  error: 'offsets or an interval [low, high]',
});
export type PhiInit = z.infer<typeof phiInitSchema>;
/** Where in an absolute encoding's table a training sequence starts. */
export const positionOffsetSchema = z.enum(['none', 'random']);

/** Adam with bias correction and μP learning rates (see `model/initialise.ts`). */
export const optimiserSchema = z.strictObject({
  beta1: z.number().min(0).lt(1),
  beta2: z.number().min(0).lt(1),
  epsilon: z.number().positive(),
  /** Steps of linear warm-up from 0. */
  warmup: z.int().min(0),
  schedule: z.enum(['constant', 'cosine']),
  /** Global gradient norm above which gradients are scaled down; null: never. */
  clip: z.number().positive().nullable(),
});

/** One cell of the grid inside a pack. */
export const replicaSchema = z.strictObject({
  /** Hash of the cell: names its results. */
  cell: z.string(),
  seed: u32,
  trainLength: z.int().min(1),
  learningRate: z.number().positive(),
  /** Dirichlet parameter in thousandths: the samplers are integer arithmetic (see `tasks/laws/law.ts`). */
  alphaThousandths: z.int().min(1),
  /** Task knobs as the YAML gave them, for whatever labels sequences on the host. */
  knobs: z.record(z.string(), z.number()),
  /** The same as the task's WGSL is given them. */
  deviceKnobs: deviceKnobsSchema,
});

/** Replicas of equal shape that train together in the same dispatches (docs/architecture.md, "A pack is the unit"). */
export const packSchema = z.strictObject({
  model: modelConfigSchema,
  phiInit: phiInitSchema,
  /** Width at which μP's multipliers are 1. */
  baseWidth: z.int().min(1),
  task: packTaskSchema,
  loss: lossSchema,
  lengthMode: lengthModeSchema,
  positions: positionsSchema,
  positionOffset: positionOffsetSchema,
  steps: z.int().min(1),
  batch: z.int().min(1),
  optimiser: optimiserSchema,
  /** Steps between two points of the training curve. */
  logEvery: z.int().min(1),
  test: z.strictObject({
    lengths: z.array(z.int().min(1)).min(1),
    sequences: z.int().min(2),
    /** Lengths that each of them stands for, itself and those below it; 1 unless given. */
    span: z.int().min(1).optional(),
    /** The last unless given. */
    positions: z.literal('every').optional(),
  }),
  replicas: z.array(replicaSchema).min(1),
});

/** Sums over the sequences of one evaluated length so far (`engine/sums.ts`); null is not finite (JSON has no NaN). */
export const sumsSchema = z.strictObject({
  count: z.int().min(0),
  L: z.number().nullable(),
  n: z.number().nullable(),
  LL: z.number().nullable(),
  Ln: z.number().nullable(),
  nn: z.number().nullable(),
  /** Of classes: reads and whole sequences that are right. */
  right: z.int().min(0).optional(),
  exact: z.int().min(0).optional(),
});

/** What a replica has that cannot be computed again from its pack. */
export const replicaStateSchema = z.strictObject({
  /** First logged step whose loss was not finite. */
  divergedAtStep: z.int().nullable(),
  /** Parameters and Adam's two moments, one after the other, each float32 in `model/layout.ts` order. */
  floats: base64,
});

/** Where a pack stands: enough to go on from, bit by bit. */
export const packStateSchema = z.strictObject({
  /** Optimiser steps done. */
  step: z.int().min(0),
  /** In the order of the pack's replicas. */
  replicas: z.array(replicaStateSchema).min(1),
  /** `tested[point][replica]`: fresh training sequences, then the test lengths in order; the last point may be under way. */
  tested: z.array(z.array(sumsSchema)),
});

export const adapterPreferenceSchema = z.enum(['auto', 'hardware', 'software']);

/** Asked and answered beside requests and events, at any time: whether the engine lives. */
export const PING = 'ping';
export const PONG = 'pong';

/** Node → engine. */
export const requestSchema = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('probe'), adapter: adapterPreferenceSchema }),
  z.strictObject({ op: z.literal('roofline'), adapter: adapterPreferenceSchema }),
  z.strictObject({
    op: z.literal('train'),
    adapter: adapterPreferenceSchema,
    pack: packSchema,
    profile: z.boolean().optional(),
    /** Where to go on; the beginning unless given. */
    resume: packStateSchema.optional(),
    /** Time between two `state` events in training; none on its own unless given. */
    stateEverySeconds: z.number().positive().optional(),
    /** How long a submission to the device should take. */
    submissionMs: z.number().positive().optional(),
  }),
  z.strictObject({
    op: z.literal('forward'),
    adapter: adapterPreferenceSchema,
    model: modelConfigSchema,
    /** Flat float32 parameters in `model/layout.ts` order. */
    weights: base64,
    /** A byte a token. */
    sequences: z.array(base64).min(1),
    allPositions: z.boolean(),
    /** `linear`: through the class histogram; `dense`: O(T²) attention, every position at once. */
    kernel: z.enum(['linear', 'dense']),
    /** Which dense kernel, where it supports the shape: for layers of which every row is wanted, and only the last. */
    variants: z.strictObject({ whole: variant.optional(), last: variant.optional() }).optional(),
  }),
  /** Draws and labels sequences, to be looked at. */
  z.strictObject({
    op: z.literal('sample'),
    adapter: adapterPreferenceSchema,
    task: deviceTaskSchema,
    deviceKnobs: deviceKnobsSchema,
    vocabulary: z.int().min(1),
    outputs: z.int().min(1),
    alphaThousandths: z.int().min(1),
    lengthMode: lengthModeSchema,
    positions: positionsSchema,
    /** Rows of an absolute encoding's table in which sequences start at random. */
    offsets: z.int().min(1).nullable(),
    length: z.int().min(1),
    /** Stream key (`shared/random.ts`), step, and how many sequences, numbered from 0. */
    key: u32,
    step: u32,
    sequences: z.int().min(1),
  }),
  z.strictObject({
    op: z.literal('tune'),
    adapter: adapterPreferenceSchema,
    shape: z.strictObject({
      heads: z.int().min(1),
      length: z.int().min(1),
      keyWidth: z.int().min(4).multipleOf(4),
      valueWidth: z.int().min(4).multipleOf(4),
      locality: z.int().min(0),
      lastRows: z.int().min(1).optional(),
      attention: attentionSchema,
    }),
  }),
]);

/** Node → engine while a request is under way: `state` asks for a `state` event as soon as a submission is through. */
export const controlSchema = z.strictObject({ op: z.literal('state') });

/** What the adapter says of itself, and whether it is software. */
export const adapterInfoSchema = z.strictObject({
  vendor: z.string(),
  architecture: z.string(),
  device: z.string(),
  description: z.string(),
  software: z.boolean(),
  features: z.array(z.string()),
  limits: z.record(z.string(), z.number()),
});

/** What a device does at best (`engine/roofline.ts`). */
export const rooflineSchema = z.strictObject({
  /** Float32 multiply-adds counted as two, 10^9 a second: the better of the next two. */
  gflops: z.number().positive(),
  /** By two chains of vec4, and by eight of scalars. */
  gflopsVector: z.number().positive(),
  gflopsScalar: z.number().positive(),
  /** Of a copy by a kernel, read and written bytes both counted. */
  gbytesPerSecond: z.number().positive(),
  gexpPerSecond: z.number().positive(),
  /** One dispatch inside a pass that waits for the one before. */
  dispatchMicros: z.number().positive(),
  /** One command buffer of one dispatch, among many that are waited for together. */
  submitMicros: z.number().positive(),
  /** One command buffer, waited for. */
  submitAndWaitMs: z.number().positive(),
});

const rate = z.number().min(0).max(1);

/**
 * What is known of a test length: the mean loss over reads with its standard error, and where targets are classes the share of reads that
 * are right (accuracy) and of the sequences of which every read is (exact match), so many of them.
 */
export const testPointSchema = z.strictObject({
  length: z.int(),
  loss,
  stderr: loss,
  accuracy: rate.optional(),
  exactMatch: rate.optional(),
  sequences: z.int().min(1).optional(),
});

/** What a replica ends with. */
export const cellOutcomeSchema = z.strictObject({
  cell: z.string(),
  /** First logged step whose loss was not finite; null when the replica trained to the end. */
  divergedAtStep: z.int().nullable(),
  /** Loss of the final weights on fresh sequences of the training distribution. */
  trainLoss: loss,
  trainLossStderr: loss,
  test: z.array(testPointSchema),
  /** Flat float32 parameters in `model/layout.ts` order. */
  weights: base64,
});

/** Where a request's time went; times in microseconds, starts since the epoch. */
export const profileSchema = z.strictObject({
  /** Dispatches that were timed: kernel, and workgroups along x, y and z. */
  kernels: z.array(
    z.strictObject({
      name: z.string(),
      phase: z.enum(['train', 'evaluate']),
      groups: z.tuple([z.int(), z.int(), z.int()]),
    }),
  ),
  /** Index of the dispatch in `kernels`, start, duration; in the order they ran. */
  device: z.array(z.tuple([z.int(), z.number(), z.number()])),
  /** What the host did, start, duration. */
  host: z.array(z.tuple([z.string(), z.number(), z.number()])),
});

/** Engine → Node, while a request runs (`progress`, `state`, `tested`) and once at its end. */
export const eventSchema = z.discriminatedUnion('event', [
  z.strictObject({
    event: z.literal('progress'),
    /** `train` counts optimiser steps, `test` counts evaluated (length, chunk) pairs. */
    phase: z.enum(['train', 'test']),
    done: z.int(),
    total: z.int(),
    /** Training sequences a second over the last submission, all replicas together; 0 in the test phase. */
    sequencesPerSecond: z.number(),
    /** Points of the training curve since the last event: the batch loss of each replica. */
    curve: z.array(z.strictObject({ step: z.int(), losses: z.array(loss) })),
  }),
  /** Where training stands: every `stateEverySeconds`, when asked, and when training ends. */
  z.strictObject({
    event: z.literal('state'),
    step: z.int(),
    replicas: z.array(replicaStateSchema).min(1),
    /** Time since the request began. */
    seconds: z.number(),
  }),
  /** Sums of one point of the evaluation so far, a replica each. */
  z.strictObject({
    event: z.literal('tested'),
    point: z.int().min(0),
    sums: z.array(sumsSchema).min(1),
    seconds: z.number(),
  }),
  z.strictObject({ event: z.literal('probed'), adapter: adapterInfoSchema }),
  z.strictObject({ event: z.literal('measured'), adapter: adapterInfoSchema, roofline: rooflineSchema }),
  z.strictObject({
    event: z.literal('trained'),
    adapter: adapterInfoSchema,
    cells: z.array(cellOutcomeSchema),
    trainSeconds: z.number(),
    testSeconds: z.number(),
    /** Of these, spent on reading and sending states. */
    stateSeconds: z.number(),
    trainSequences: z.number(),
    /** Reads that carried a target, as many a sequence as those have that the training loss is measured on. */
    trainLabels: z.number(),
    profile: profileSchema.optional(),
  }),
  z.strictObject({
    event: z.literal('computed'),
    adapter: adapterInfoSchema,
    /** `outputs[sequence][position][output]`; one position (the last) unless all were asked for. */
    outputs: z.array(z.array(z.array(z.number().nullable()))),
    /** Most device memory that one batch took. */
    deviceBytes: z.number(),
    /** Dense kernels that ran. */
    variants: z.array(variant).optional(),
  }),
  z.strictObject({
    event: z.literal('sampled'),
    adapter: adapterInfoSchema,
    sequences: z.array(z.array(u32)),
    /** `positions[sequence]`: the positions that carry a target, from 1, rising. */
    positions: z.array(z.array(u32)),
    /** `targets[sequence][read][output]` */
    targets: z.array(z.array(z.array(z.number()))),
    offsets: z.array(u32),
    /** Reads that carry a target, of all sequences. */
    labels: z.number(),
  }),
  z.strictObject({ event: z.literal('tuned'), adapter: adapterInfoSchema, trials: z.array(trialSchema) }),
  z.strictObject({
    event: z.literal('failed'),
    /** `device-lost` can be retried on a fresh device; the rest cannot. */
    reason: z.enum([
      'no-adapter',
      'device-lost',
      'out-of-memory',
      'shader',
      'bad-request',
      'no-timestamps',
      'internal',
    ]),
    message: z.string(),
  }),
]);

export type Optimiser = z.infer<typeof optimiserSchema>;
export type Replica = z.infer<typeof replicaSchema>;
export type Pack = z.infer<typeof packSchema>;
export type Sums = z.infer<typeof sumsSchema>;
export type ReplicaState = z.infer<typeof replicaStateSchema>;
export type PackState = z.infer<typeof packStateSchema>;
export type Request = z.infer<typeof requestSchema>;
export type Control = z.infer<typeof controlSchema>;
export type EngineEvent = z.infer<typeof eventSchema>;
export type Roofline = z.infer<typeof rooflineSchema>;
export type AdapterInfo = z.infer<typeof adapterInfoSchema>;
export type CellOutcome = z.infer<typeof cellOutcomeSchema>;
export type Profile = z.infer<typeof profileSchema>;
export type TestPoint = z.infer<typeof testPointSchema>;
export type AdapterPreference = z.infer<typeof adapterPreferenceSchema>;
export type Positions = z.infer<typeof positionsSchema>;
