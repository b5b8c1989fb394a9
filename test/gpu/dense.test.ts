import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { float32Bounds } from '../../src/reference/bound.ts';
import { packTokens } from '../../src/shared/base64.ts';
import { expectWithin } from '../support/bounds.ts';
import { asRequest, useEngine } from '../support/engine.ts';
import { flat, goldens } from '../support/golden.ts';
import { randomModel, randomTokens } from '../support/models.ts';
import { shapes } from '../support/shapes.ts';

const engine = useEngine();

describe.each(goldens())('forward --kernel dense against golden vector $name', ({ name, model, forward }) => {
  test('read-outs at every position', async () => {
    const sequences = forward.map(({ tokens }) => tokens);
    const request = {
      op: 'forward',
      ...asRequest(model),
      sequences: packTokens(sequences),
      allPositions: true,
      kernel: 'dense',
    } as const;
    const { outputs } = await engine.ask('computed', request);
    const batch = sequences.map(tokens => ({ tokens, target: Array<number>(model.config.outputs).fill(0) }));
    const bounds = float32Bounds(model, batch).outputs;
    forward.forEach((vector, i) => {
      expectWithin(
        `${name} dense, T = ${vector.tokens.length}`,
        flat(outputs[i]),
        flat(vector.outputs),
        bounds[i]!,
      );
    });
  });
});

test('linear and dense agree (property over layers, H, Δ, τ, S, T, widths, ψ, precision)', async () => {
  await fc.assert(
    fc.asyncProperty(
      shapes(),
      fc.integer({ min: 1, max: 150 }),
      fc.integer({ min: 0, max: 999 }),
      async (config, T, seed) => {
        const request = asRequest(randomModel(config, seed));
        const sequences = [randomTokens(T, config.vocabulary, seed)];
        const ask = (kernel: 'linear' | 'dense') =>
          engine.ask('computed', {
            op: 'forward',
            ...request,
            sequences: packTokens(sequences),
            allPositions: false,
            kernel,
          });
        const linear = flat((await ask('linear')).outputs);
        const dense = flat((await ask('dense')).outputs);
        const scale = Math.max(1, ...dense.map(Math.abs));
        linear.forEach((value, o) => {
          expect(Math.abs(value - dense[o]!) / scale).toBeLessThan(2e-5);
        });
      },
    ),
    // Nearly every run compiles its own kernels.
    { numRuns: 10 },
  );
});
