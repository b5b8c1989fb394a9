import { z } from 'zod';

const positiveInt = z.int().min(1);

/** Attention rule (theory.md §1). `bits: null` is the log-scaled softmax without rounding. */
export const attentionSchema = z.discriminatedUnion('precision', [
  z.strictObject({ precision: z.literal('infinite'), scale: z.number().positive() }),
  z.strictObject({
    precision: z.literal('finite'),
    bits: z.int().min(1).max(64).nullable(),
    scale: z.number().positive(),
  }),
]);

/** Most attention classes (heads · vocabulary · period) of a model: what one shader invocation holds. */
export const MAX_ATTENTION_CLASSES = 1024;

/** Everything that fixes a limit transformer's shape: the `__metadata__.lengthwise` of a model file (interfaces.md). */
export const modelConfigSchema = z
  .strictObject({
    layers: z.union([z.literal(1), z.literal(2)]),
    heads: positiveInt,
    width: positiveInt,
    keyWidth: positiveInt,
    mlpWidth: z.int().min(0),
    vocabulary: positiveInt.max(256),
    period: positiveInt,
    locality: z.int().min(0),
    outputs: positiveInt,
    activation: z.enum(['relu', 'gelu']),
    attention: attentionSchema,
  })
  .refine(({ heads, vocabulary, period }) => heads * vocabulary * period <= MAX_ATTENTION_CLASSES, {
    message: `heads · vocabulary · period must be at most ${MAX_ATTENTION_CLASSES}`,
  });

export type ModelConfig = z.infer<typeof modelConfigSchema>;

/** A limit transformer's weights, by the tensor names of interfaces.md, row-major. */
export type Tensors<A extends Float32Array | Float64Array = Float32Array> = Record<string, A>;

/** A model: its shape and its float32 weights. */
export interface Model {
  config: ModelConfig;
  tensors: Tensors;
}

/** A model whose weights may be float32 or float64. */
export interface AnyModel {
  config: ModelConfig;
  tensors: Tensors | Tensors<Float64Array>;
}

/** S·Δ, the number of (token, residue) classes of layer 1 (theory.md §2). Class index: `token · Δ + residue`. */
export function classCount(config: ModelConfig): number {
  return config.vocabulary * config.period;
}

/** The class of token `x` at 1-based position `i`. */
export function classOf(config: ModelConfig, x: number, i: number): number {
  return x * config.period + (i % config.period);
}

/** Which positions a head ends up attending to (theory.md §1). */
export type Regime = 'token' | 'balanced' | 'position';
