import { z } from 'zod';
import type { Training } from './training.ts';

const positiveInt = z.int().min(1);
const scale = z.number().positive();

/** Most layers of a model. */
export const MAX_LAYERS = 12;

export const NORMS = ['none', 'rms'] as const;

const softmaxSchema = z
  .strictObject({
    rule: z.literal('softmax'),
    /** One of model/encodings/registry.ts. */
    encoding: z.string(),
    /** Scalable softmax: each head scales its logits by a learned σ_h log i. */
    logScale: z.boolean(),
    scale,
    /** Of `rope`, and of nothing else. */
    ropeBase: z.number().gt(1).optional(),
    /** Rows of `absolute`'s table, and of nothing else. */
    maxLength: positiveInt.optional(),
  })
  .superRefine(({ encoding, ropeBase, maxLength }, context) => {
    const needed = { ropeBase: encoding === 'rope', maxLength: encoding === 'absolute' };
    for (const [key, value] of Object.entries({ ropeBase, maxLength })) {
      const needs = needed[key as keyof typeof needed];
      if (needs === (value !== undefined)) continue;
      context.addIssue({
        code: 'custom',
        path: [key],
        message: needs ? `encoding ${encoding} needs it` : `encoding ${encoding} has none`,
      });
    }
  });

/**
 * Attention rule (docs/theory.md §§1, 10). The limit rules name their precision, `bits: null` being the log-scaled softmax without
 * rounding; ordinary softmax names its encoding.
 */
export const attentionSchema = z.union([
  z.discriminatedUnion('precision', [
    z.strictObject({ precision: z.literal('infinite'), scale }),
    z.strictObject({ precision: z.literal('finite'), bits: z.int().min(1).max(64).nullable(), scale }),
  ]),
  softmaxSchema,
]);

/** Most attention classes (heads · vocabulary · period) of a model: what one shader invocation holds. */
export const MAX_ATTENTION_CLASSES = 1024;

/** Everything that fixes a model's shape: the `__metadata__.lengthwise` of a model file (docs/model-file.md). */
export const modelConfigSchema = z
  .strictObject({
    layers: positiveInt.max(MAX_LAYERS),
    heads: positiveInt,
    width: positiveInt,
    keyWidth: positiveInt,
    mlpWidth: z.int().min(0),
    vocabulary: positiveInt.max(256),
    period: positiveInt,
    locality: z.int().min(0),
    outputs: positiveInt,
    activation: z.enum(['relu', 'gelu']),
    norm: z.enum(NORMS).default('none'),
    attention: attentionSchema,
  })
  .superRefine((config, context) => {
    for (const { path, message } of shapeProblems(config))
      context.addIssue({ code: 'custom', path, message });
  });

export type ModelConfig = z.infer<typeof modelConfigSchema>;
export type Attention = ModelConfig['attention'];
export type SoftmaxAttention = Extract<Attention, { rule: 'softmax' }>;

/** What of a shape does not fit together: the path of a key, and why. */
export function shapeProblems(
  config: Pick<ModelConfig, 'heads' | 'vocabulary' | 'period' | 'locality' | 'keyWidth' | 'attention'>,
): { path: string[]; message: string }[] {
  const { heads, vocabulary, period, locality, keyWidth, attention } = config;
  const problems: { path: string[]; message: string }[] = [];
  const say = (key: string, message: string) => problems.push({ path: [key], message });
  if (isSoftmax(attention)) {
    if (period !== 1) say('period', `${period}: softmax attention has period 1`);
    if (locality !== 0) say('locality', `${locality}: softmax attention has locality 0`);
    if (attention.encoding === 'rope' && keyWidth % 2 === 1)
      say('keyWidth', `${keyWidth} is odd: rope turns pairs of coordinates`);
  } else if (heads * vocabulary * period > MAX_ATTENTION_CLASSES) {
    say(
      'heads',
      `heads · vocabulary · period = ${heads * vocabulary * period} is more than ${MAX_ATTENTION_CLASSES}`,
    );
  }
  return problems;
}

/** Whether a rule is ordinary softmax, and not a limit rule. */
export function isSoftmax(attention: Attention): attention is SoftmaxAttention {
  return 'rule' in attention;
}

/** A model's weights, by the tensor names of docs/model-file.md, row-major. */
export type Tensors<A extends Float32Array | Float64Array = Float32Array> = Record<string, A>;

/** A model: its shape and its float32 weights. */
export interface Model {
  config: ModelConfig;
  tensors: Tensors;
  /** What it was trained on; absent where its file does not say. */
  training?: Training | undefined;
}

/** A model whose weights may be float32 or float64. */
export interface AnyModel {
  config: ModelConfig;
  tensors: Tensors | Tensors<Float64Array>;
}

/** S·Δ, the number of (token, residue) classes of layer 1 (docs/theory.md §2). Class index: `token · Δ + residue`. */
export function classCount(config: ModelConfig): number {
  return config.vocabulary * config.period;
}

/** The class of token `x` at 1-based position `i`. */
export function classOf(config: ModelConfig, x: number, i: number): number {
  return x * config.period + (i % config.period);
}

/** Which positions a head ends up attending to (docs/theory.md §1). */
export type Regime = 'token' | 'balanced' | 'position';
