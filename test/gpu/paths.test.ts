import { expect, test } from 'vitest';
import { layoutOf, unflatten } from '../../src/model/layout.ts';
import { type LabelledSequence, referenceGradient } from '../../src/reference/backward.ts';
import { referenceForward } from '../../src/reference/forward.ts';
import { floatsFromBase64, packTokens } from '../../src/shared/base64.ts';
import type { ModelConfig } from '../../src/shared/model-config.ts';
import { pcg4d } from '../../src/shared/random.ts';
import { asRequest, useEngine } from '../support/engine.ts';
import { flat } from '../support/golden.ts';
import { randomModel, randomTokens } from '../support/models.ts';
import fc from '../support/property.ts';
import { anyShapes } from '../support/shapes.ts';

const engine = useEngine();

/**
 * All paths that can compute a model agree with float64, forward and backward, over rule × encoding × depth × norm × positions. Relative
 * to the largest element; the derived bound is for the golden models, this is for shapes nobody thought of.
 */
const TOLERANCE = 5e-4;

/** Reads of each sequence: the last, every one, or a rising list of its own. */
type Reads = 'last' | 'every' | number[][];

function batchOf(reads: Reads, sequences: number[][], outputs: number): LabelledSequence[] {
  return sequences.map((tokens, b) => {
    const every = tokens.map((_, i) => i + 1);
    const own = reads === 'last' ? [tokens.length] : reads === 'every' ? every : reads[b]!;
    const targets = own.map(position =>
      Array.from({ length: outputs }, (_, o) => pcg4d(position, b, o, 7)[0] / 2 ** 32),
    );
    return { tokens, reads: own, targets };
  });
}

const largest = (values: ArrayLike<number>) =>
  Array.from(values).reduce((most, x) => Math.max(most, Math.abs(x)), 0);

/** Greatest error, in units of the largest entry or of `least`. */
function worst(got: ArrayLike<number | null>, want: ArrayLike<number>, least = 0.05): number {
  const scale = Math.max(largest(want), least);
  return Array.from(want).reduce(
    (most, x, i) => Math.max(most, Math.abs((got[i] ?? Number.NaN) - x) / scale),
    0,
  );
}

const ONE_TOKEN: ModelConfig = {
  layers: 3,
  heads: 1,
  width: 5,
  keyWidth: 3,
  mlpWidth: 0,
  vocabulary: 1,
  period: 1,
  locality: 0,
  outputs: 3,
  activation: 'relu',
  norm: 'none',
  attention: { precision: 'infinite', scale: 0.5 },
};

test('read-outs and gradients of any model on every path are those of float64', async () => {
  await fc.assert(
    fc.asyncProperty(
      anyShapes(),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 3 }),
      fc.constantFrom<'last' | 'every' | 'some'>('last', 'every', 'some'),
      fc.nat(999),
      async (config, lengths, which, seed) => {
        const model = randomModel(config, seed);
        const sequences = lengths.map((T, b) => randomTokens(T, config.vocabulary, seed + b));
        const reads: Reads =
          which === 'some'
            ? sequences.map(tokens =>
                tokens.map((_, i) => i + 1).filter(i => i % 3 === 1 || i === tokens.length),
              )
            : which;
        const batch = batchOf(reads, sequences, config.outputs);
        const want = referenceGradient(model, batch);
        for (const kernel of ['fastest', 'dense'] as const) {
          const answer = await engine.ask('differentiated', {
            ...{ op: 'gradient', ...asRequest(model), loss: 'mse', kernel, reads, sequences },
            targets: batch.map(({ targets }) => targets.map(target => Array.from(target))),
          });
          expect(Math.abs(answer.loss! / want.loss - 1), `${kernel} loss`).toBeLessThan(TOLERANCE);
          const got = unflatten(layoutOf(config), floatsFromBase64(answer.gradient));
          // A gradient that cancels is as wrong as its terms are large, and these show in the gradients of other tensors.
          const terms = Math.max(...Object.values(want.gradient).map(largest)) / 8;
          for (const [name, values] of Object.entries(want.gradient))
            expect(worst(got[name]!, values, Math.max(0.05, terms)), `${kernel} ${name}`).toBeLessThan(
              TOLERANCE,
            );
        }
        const { outputs } = await engine.ask('computed', {
          ...{ op: 'forward', ...asRequest(model), sequences: packTokens(sequences) },
          ...{ allPositions: true, kernel: 'dense' },
        });
        sequences.forEach((tokens, b) => {
          const rows = referenceForward(model, tokens).outputs.map(row => [...row]);
          expect(worst(flat(outputs[b]), flat(rows))).toBeLessThan(TOLERANCE);
        });
      },
    ),
    // Nearly every run compiles its own kernels. The example: one token, so that the gradients of queries and keys cancel to nothing.
    { numRuns: 12, examples: [[ONE_TOKEN, [2], 'last', 650]] },
  );
});
