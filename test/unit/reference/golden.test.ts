import { describe, expect, test } from 'vitest';
import { referenceGradient } from '../../../src/reference/backward.ts';
import { referenceForward } from '../../../src/reference/forward.ts';
import { flat, goldens, largestError } from '../../support/golden.ts';

/** Absolute; the vectors' outputs and gradients are of order 1 to 100. */
const TOLERANCE = 1e-9;

describe.each(goldens())(
  'reference against golden vector $name',
  ({ model, forward, firstLayerAttention, gradient }) => {
    test('read-outs at every position', () => {
      for (const { tokens, outputs } of forward) {
        const got = referenceForward(model, tokens).outputs.flatMap(row => [...row]);
        expect(largestError(got, flat(outputs))).toBeLessThan(TOLERANCE);
      }
    });

    test('attention of the first layer', () => {
      const { attention } = referenceForward(model, firstLayerAttention.tokens).layers[0]!;
      const T = firstLayerAttention.tokens.length;
      const dense = attention.flatMap(head =>
        head.flatMap(row => [...row, ...Array<number>(T - row.length).fill(0)]),
      );
      expect(largestError(dense, flat(firstLayerAttention.weights))).toBeLessThan(TOLERANCE);
    });

    test('loss and every gradient', () => {
      const batch = gradient.sequences.map((tokens, b) => ({ tokens, target: gradient.targets[b]! }));
      const got = referenceGradient(model, batch);
      expect(Math.abs(got.loss - gradient.loss)).toBeLessThan(TOLERANCE);
      expect(Object.keys(got.gradient).sort()).toEqual(Object.keys(gradient.gradients).sort());
      for (const [name, values] of Object.entries(gradient.gradients)) {
        expect(largestError(got.gradient[name]!, flat(values)), name).toBeLessThan(TOLERANCE);
      }
    });
  },
);
