import { z } from 'zod';
import { encodingSchema } from '../model/encodings/registry.ts';
import { MAX_LAYERS, NORMS } from '../shared/model-config.ts';
import { lengthModeSchema, lossSchema, phiInitSchema, positionOffsetSchema } from '../shared/protocol.ts';
import { positionsSchema } from '../shared/task.ts';
import { EXPRESSION } from '../tasks/expression/task.ts';
import { lawSchema } from '../tasks/laws/registry.ts';
import { TASKS } from '../tasks/registry.ts';
import { fileTaskSchema } from './file-task.ts';
import { streamsSchema } from './streams.ts';

/*
 * The experiment file as a person writes it (docs/experiment-file.md). `axis` marks the scalars for which a list
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

/**
 * A key with its meaning, for editors (JSON Schema) and for the table of docs/experiment-file.md. `standard`: in words, a default that
 * depends on other keys.
 */
function said<T extends z.ZodType>(
  schema: T,
  description: string,
  more: { unit?: string; standard?: string } = {},
): T {
  return schema.meta({ description, ...more });
}

const count = z.int().min(1);
const positive = z.number().positive();

const drawnSchemas = TASKS.map(task =>
  z.strictObject({
    kind: said(z.literal(task.kind), task.summary),
    ...Object.fromEntries(
      Object.entries(task.knobs.shape).map(([knob, schema]) => [
        knob,
        said(axis(schema as z.ZodNumber), (schema as z.ZodNumber).description ?? ''),
      ]),
    ),
  }),
);

/** A knob whose name the schema does not know. */
const anyKnob = axis(z.number());

const expression = z.string().min(1).max(10_000);
const expressionSchema = z
  .object({
    kind: said(z.literal(EXPRESSION), 'a target by formula: docs/tasks.md'),
    target: said(
      z.union([expression, z.array(expression).min(1)]),
      'the expression, or a list of them, one an output',
    ),
    vocabulary: said(axis(z.int().min(2).max(256)), 'tokens'),
  })
  .catchall(anyKnob);

const taskSchema = z.discriminatedUnion('kind', [
  ...drawnSchemas,
  expressionSchema,
  fileTaskSchema,
] as unknown as [z.ZodObject<{ kind: z.ZodLiteral<string> }>]);

/** A plug-in, once it is loaded: a hash of its source is added to what was written. */
const plugInSchema = z.object({ kind: z.string(), source: z.string() }).catchall(anyKnob);

const thousandths = z
  .number()
  .min(0.001)
  .max(1000)
  .refine(alpha => Math.abs(alpha * 1000 - Math.round(alpha * 1000)) < 1e-9, 'at most three decimals');

const scale = said(axis(positive).optional(), 'Factor of every content logit.', {
  standard: '√train.baseWidth / keyWidth',
});

const limitSchema = z.strictObject({
  // Never there: what tells softmax from the limit rules. In JSON Schema, what nothing fits.
  rule: z.undefined().optional().meta({ not: {} }),
  precision: said(
    axis(z.enum(['infinite', 'finite'])).default('infinite'),
    'Limit rule: the last τ + 1 scores are scaled by log i (infinite), or all are, and small weights are rounded to 0 (finite).',
  ),
  bits: said(
    axis(z.int().min(1).max(64).nullable()).optional(),
    'Finite precision only: weights up to 2^−bits become 0; null rounds nothing.',
    { unit: 'bits', standard: 'null' },
  ),
  scale,
});

const softmaxSchema = z.strictObject({
  rule: said(z.literal('softmax'), 'Ordinary attention, in place of a limit rule.', {
    standard: 'a limit rule, named by precision',
  }),
  encoding: said(axis(encodingSchema).default('none'), 'How positions are told apart.'),
  logScale: said(
    axis(z.boolean()).default(false),
    'Scalable softmax: scores times σ log i, σ learned, one a head.',
  ),
  ropeBase: said(axis(z.number().gt(1)).optional(), 'Encoding rope only: base of the angles.', {
    standard: '10000',
  }),
  maxLength: said(count.optional(), 'Encoding absolute only: positions in the learned table.', {
    unit: 'tokens',
    standard: 'the longest training or test length',
  }),
  scale,
});

/** The schema of an experiment file. Parsing keeps lists as lists and fills in the defaults that depend on nothing. */
export const experimentSchema = z.strictObject({
  name: said(
    z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'letters, digits, ".", "_" and "-" only')
      .max(80),
    'Names the folder of results.',
  ),
  task: said(taskSchema, 'What is to be learned.'),
  data: z
    .strictObject({
      law: said(axis(lawSchema).optional(), 'Law that tokens are drawn from.', {
        standard: 'dirichlet-markov for k-gram, else dirichlet-iid',
      }),
      alpha: said(axis(thousandths).default(1), 'Parameter of the Dirichlet laws, at most three decimals.'),
    })
    .prefault({}),
  model: z
    .strictObject({
      layers: said(axis(count.max(MAX_LAYERS)).optional(), 'Attention layers.', {
        standard: 'the least that can express the task',
      }),
      heads: said(axis(count.max(64)).default(1), 'Heads of each layer.'),
      width: said(axis(count.max(4096)).default(32), 'Width d of the residual stream.'),
      keyWidth: said(axis(count.max(4096)).optional(), 'Width of keys and queries of a head.', {
        standard: 'width',
      }),
      mlpWidth: said(axis(z.int().min(0).max(16384)).optional(), 'Hidden units of each MLP; 0: no MLP.', {
        standard: '4 · width',
      }),
      period: said(axis(count).optional(), 'Limit rules: period Δ of positions.', {
        unit: 'tokens',
        standard: "the task's",
      }),
      locality: said(
        axis(z.int().min(0).max(256)).optional(),
        'Limit rules: τ; a head can tell the last τ + 1 positions apart.',
        { unit: 'tokens', standard: "the task's" },
      ),
      activation: said(
        axis(z.enum(['relu', 'gelu'])).default('relu'),
        'ψ of the MLPs; gelu is the exact one (erf).',
      ),
      norm: said(axis(z.enum(NORMS)).default('none'), 'Norm before attention, MLP and read-out.'),
      phiInit: said(
        phiInitSchema.optional(),
        'Limit rules: interval that φ is drawn from, uniformly, at the start; offsets: each head of layer 1 starts hard at one offset, layer 2 at 0.',
        { standard: '[0, 1], with one layer [0, 0]' },
      ),
      attention: z.discriminatedUnion('rule', [limitSchema, softmaxSchema]).prefault({}),
    })
    .prefault({}),
  // A hyper-parameter of training is a line here, one in shared/protocol.ts (Pack), one in plan/packs.ts, and its use in the engine.
  train: z.strictObject({
    length: said(axis(count), 'Training length N.', { unit: 'tokens' }),
    lengthMode: said(
      axis(lengthModeSchema).default('uniform'),
      'uniform: each training sequence has a length drawn from 1…N, as the theorems assume; fixed: N.',
    ),
    positions: said(
      axis(positionsSchema).optional(),
      'Positions of a training sequence that carry a target; a number: so many, drawn uniformly.',
      { standard: 'every for tasks that answer at several positions, else last' },
    ),
    positionOffset: said(
      axis(positionOffsetSchema).default('none'),
      'Encoding absolute only: where in its table a training sequence starts.',
    ),
    steps: said(axis(count.max(10_000_000)).default(2000), 'Steps of the optimiser.', { unit: 'steps' }),
    batch: said(axis(count.max(65536)).default(256), 'Fresh sequences a step.', { unit: 'sequences' }),
    learningRate: said(
      axis(positive).default(0.003),
      'Rate of Adam at baseWidth; μP carries it to other widths.',
    ),
    schedule: said(
      axis(z.enum(['cosine', 'constant'])).default('cosine'),
      'The rate after the warm-up: falls to 0 like a cosine, or stays.',
    ),
    warmup: said(axis(z.int().min(0)).default(0), 'Steps over which the rate grows linearly from 0.', {
      unit: 'steps',
    }),
    clip: said(
      axis(positive.nullable()).default(1),
      'Norm of the whole gradient above which it is scaled down; null: never.',
    ),
    beta1: said(axis(z.number().min(0).lt(1)).default(0.9), "Adam's decay of the first moment."),
    beta2: said(axis(z.number().min(0).lt(1)).default(0.999), "Adam's decay of the second moment."),
    epsilon: said(axis(positive).default(1e-8), "Adam's ε, added to the root of the second moment."),
    baseWidth: said(axis(count).default(32), "Width at which μP's factors are 1."),
    loss: said(
      axis(lossSchema).optional(),
      'Training loss: squared error summed over outputs, or cross-entropy (distributions and classes).',
      { standard: 'cross-entropy where targets are classes, else mse' },
    ),
  }),
  test: z.strictObject({
    length: said(
      z.union([count.transform(length => [length]), distinct(count)]),
      'Test lengths T; a list of them is no axis.',
      { unit: 'tokens', standard: 'required; of files those of `task.test`' },
    ),
    span: said(
      count.optional(),
      'Lengths that each test length stands for, in equal parts: itself and those below it.',
      { unit: 'lengths', standard: '1' },
    ),
    sequences: said(z.int().min(2).max(1_000_000).default(4096), 'Fresh sequences at each test length.', {
      unit: 'sequences',
    }),
  }),
  seed: said(
    axis(z.int().min(0).max(0xffffffff)).default(0),
    'Seed of data and initial weights; error bars are over seeds.',
  ),
  streams: said(
    streamsSchema.default('cell'),
    'cell: no two cells share random numbers; paired: cells of one seed share them.',
  ),
  epsilon: said(
    z.union([positive.transform(value => [value]), distinct(positive)]).default([0.1]),
    'Plateau losses ε for which N*(ε) and the bounds are told; a list of them is no axis.',
    { unit: 'loss', standard: '0.1' },
  ),
  /** yaml.ts applies the one that --size names (the first by default) and takes the key away. */
  sizes: said(
    z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
    'Named sets of overrides, by dotted path; --size names one, the first by default.',
    { standard: 'none' },
  ),
});

/** The same for a task that is a plug-in. */
const plugInExperimentSchema = experimentSchema.extend({ task: plugInSchema });

/** Parses an experiment, as it is written or as a manifest keeps it. */
export function parseContent(value: unknown): z.ZodSafeParseResult<ExperimentFile> {
  const isPlugIn = z.object({ task: z.object({ source: z.string() }) }).safeParse(value).success;
  return (isPlugIn ? plugInExperimentSchema : experimentSchema).safeParse(value) as never;
}

export type ExperimentFile = z.output<typeof experimentSchema>;

/** The JSON Schema of experiment files, for editors. */
export function experimentJsonSchema(): object {
  return z.toJSONSchema(experimentSchema, {
    ...{ io: 'input', unrepresentable: 'any' },
    override({ zodSchema, jsonSchema }) {
      // What lengthwise fills in is nobody's to write.
      if (zodSchema === fileTaskSchema) delete jsonSchema.properties?.found;
      // A file task names its test lengths beside their files: only others need them, and the part that they are in.
      if (zodSchema === experimentSchema.shape.test) jsonSchema.required = [];
      if (zodSchema === experimentSchema) {
        jsonSchema.required = jsonSchema.required!.filter(key => key !== 'test');
        jsonSchema.if = {
          properties: { task: { properties: { kind: { const: fileTaskSchema.shape.kind.value } } } },
        };
        jsonSchema.else = { required: ['test'], properties: { test: { required: ['length'] } } };
      }
    },
  });
}
