import { z } from 'zod';
import { encodingSchema } from '../model/encodings/registry.ts';
import { MAX_LAYERS, NORMS } from '../shared/model-config.ts';
import { lengthModeSchema, lossSchema, positionOffsetSchema, positionsSchema } from '../shared/protocol.ts';
import { lawSchema } from '../tasks/laws/registry.ts';
import { TASKS } from '../tasks/registry.ts';
import { streamsSchema } from './streams.ts';

/*
 * The experiment file as a person writes it (interfaces.md, "Experiment file"). `axis` marks the scalars for which a list
 * makes a grid. Defaults that depend on other fields (key width, period, …) are filled in by resolve.ts.
 */

/** A scalar, or a list of distinct scalars: a grid axis. */
function axis<T extends z.ZodType>(scalar: T) {
  return z.union([scalar, distinct(scalar)]);
}

/** A list of at least one value, none of them twice. */
function distinct<T extends z.ZodType>(scalar: T) {
  return z
    .array(scalar)
    .min(1, 'an empty list: give at least one value')
    .refine(
      values => new Set(values.map(value => JSON.stringify(value))).size === values.length,
      'the same value twice',
    );
}

const count = z.int().min(1);
const positive = z.number().positive();

const taskSchema = z.discriminatedUnion(
  'kind',
  TASKS.map(task =>
    z.strictObject({
      kind: z.literal(task.kind),
      ...Object.fromEntries(
        Object.entries(task.knobs.shape).map(([knob, schema]) => [knob, axis(schema as z.ZodNumber)]),
      ),
    }),
  ) as unknown as [z.ZodObject<{ kind: z.ZodLiteral<string> }>],
);

const thousandths = z
  .number()
  .min(0.001)
  .max(1000)
  .refine(alpha => Math.abs(alpha * 1000 - Math.round(alpha * 1000)) < 1e-9, 'at most three decimals');

const limitSchema = z.strictObject({
  // Never there: what tells softmax from the limit rules. In JSON Schema, what nothing fits.
  rule: z.undefined().optional().meta({ not: {} }),
  precision: axis(z.enum(['infinite', 'finite'])).default('infinite'),
  /** Finite precision only; null: no rounding. */
  bits: axis(z.int().min(1).max(64).nullable()).optional(),
  scale: axis(positive).optional(),
});

const softmaxSchema = z.strictObject({
  rule: z.literal('softmax'),
  encoding: axis(encodingSchema).default('none'),
  logScale: axis(z.boolean()).default(false),
  /** Cells of encoding rope only. */
  ropeBase: axis(z.number().gt(1)).optional(),
  /** Cells of encoding absolute only. */
  maxLength: count.optional(),
  scale: axis(positive).optional(),
});

/** The schema of an experiment file. Parsing keeps lists as lists and fills in the defaults that depend on nothing. */
export const experimentSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'letters, digits, ".", "_" and "-" only')
    .max(80),
  task: taskSchema,
  data: z.strictObject({ law: axis(lawSchema).optional(), alpha: axis(thousandths).default(1) }).prefault({}),
  model: z
    .strictObject({
      layers: axis(count.max(MAX_LAYERS)).optional(),
      heads: axis(count.max(64)).default(1),
      width: axis(count.max(4096)).default(32),
      keyWidth: axis(count.max(4096)).optional(),
      mlpWidth: axis(z.int().min(0).max(16384)).optional(),
      period: axis(count).optional(),
      locality: axis(z.int().min(0).max(256)).optional(),
      activation: axis(z.enum(['relu', 'gelu'])).default('relu'),
      norm: axis(z.enum(NORMS)).default('none'),
      phiInit: z.tuple([z.number().min(-10).max(10), z.number().min(-10).max(10)]).optional(),
      attention: z.discriminatedUnion('rule', [limitSchema, softmaxSchema]).prefault({}),
    })
    .prefault({}),
  // A hyper-parameter of training is a line here, one in shared/protocol.ts (Pack), one in plan/packs.ts, and its use in the engine.
  train: z.strictObject({
    length: axis(count),
    lengthMode: axis(lengthModeSchema).default('uniform'),
    /** Unless given: every position for tasks that answer at several, else the last. */
    positions: axis(positionsSchema).optional(),
    positionOffset: axis(positionOffsetSchema).default('none'),
    steps: axis(count.max(10_000_000)).default(2000),
    batch: axis(count.max(65536)).default(256),
    learningRate: axis(positive).default(0.003),
    schedule: axis(z.enum(['cosine', 'constant'])).default('cosine'),
    warmup: axis(z.int().min(0)).default(0),
    clip: axis(positive.nullable()).default(1),
    beta1: axis(z.number().min(0).lt(1)).default(0.9),
    beta2: axis(z.number().min(0).lt(1)).default(0.999),
    epsilon: axis(positive).default(1e-8),
    baseWidth: axis(count).default(32),
    /** Unless given: cross-entropy where targets are classes, else mse. */
    loss: axis(lossSchema).optional(),
  }),
  test: z.strictObject({
    length: z.union([count.transform(length => [length]), distinct(count)]),
    /** Lengths that each test length stands for, in equal parts: itself and those below it. One unless given. */
    span: count.optional(),
    sequences: z.int().min(2).max(1_000_000).default(4096),
  }),
  seed: axis(z.int().min(0).max(0xffffffff)).default(0),
  streams: streamsSchema.default('cell'),
  epsilon: z.union([positive.transform(value => [value]), distinct(positive)]).default([0.1]),
  /** Named sets of overrides, by dotted path; yaml.ts applies the one that --size names (the first by default) and takes the key away. */
  sizes: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
});

export type ExperimentFile = z.output<typeof experimentSchema>;

/** The JSON Schema of experiment files, for editors. */
export function experimentJsonSchema(): object {
  return z.toJSONSchema(experimentSchema, { io: 'input', unrepresentable: 'any' });
}
