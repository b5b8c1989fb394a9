import { z } from 'zod';
import {
  DENSE_VARIANTS,
  type DenseShape,
  type DenseVariant,
  isRounded,
  queriesOf,
} from './attention-variants.ts';
import { isSoftmax } from './model-config.ts';

/** One variant of dense attention as it was found on an adapter, for shapes of one bucket. */
export const trialSchema = z.strictObject({
  variant: z.enum(DENSE_VARIANTS),
  /** First use, and one run afterwards, waiting included. */
  compileMs: z.number().min(0),
  runMs: z.number().min(0),
  /** Largest difference from float64 loops on a small shape; null: not finite, or it did not run. */
  maxError: z.number().min(0).nullable(),
  right: z.boolean(),
});

export type Trial = z.infer<typeof trialSchema>;

/**
 * The variant that costs least over so many uses: compile time + uses · run time. A wrong one never does; undefined when none is
 * right.
 */
export function bestVariant(trials: readonly Trial[], uses: number): DenseVariant | undefined {
  const cost = ({ compileMs, runMs }: Trial) => compileMs + uses * runMs;
  return trials.filter(({ right }) => right).sort((a, b) => cost(a) - cost(b))[0]?.variant;
}

/** Shapes that share a choice: widths, rule, T and number of query rows to a power of 2. */
export function bucketOf(shape: DenseShape): string {
  const { keyWidth, valueWidth, attention, length } = shape;
  const precise = isSoftmax(attention) ? `softmax ${attention.encoding}` : attention.precision;
  const rule = isRounded(shape) ? 'rounded' : precise;
  const octave = (n: number) => 2 ** Math.floor(Math.log2(n));
  return `keys ${keyWidth}, values ${valueWidth}, ${rule}, T ${octave(length)}, rows ${octave(queriesOf(shape))}`;
}
