import { describe, expect, test } from 'vitest';
import { referenceGradient } from '../../../src/reference/backward.ts';
import { referenceForward } from '../../../src/reference/forward.ts';
import { deepGoldens, flat, goldens, gradientCases, largestError } from '../../support/golden.ts';

/** Absolute; the vectors' outputs and gradients are of order 1 to 100. */
const TOLERANCE = 1e-9;

const everyGolden = [...goldens(), ...deepGoldens()].map(golden => ({ name: golden.name, golden }));

describe.each(everyGolden)('reference against golden vector $name', ({ golden }) => {
  test('read-outs at every position', () => {
    for (const { tokens, outputs } of golden.forward) {
      const got = referenceForward(golden.model, tokens).outputs.flatMap(row => [...row]);
      expect(largestError(got, flat(outputs))).toBeLessThan(TOLERANCE);
    }
  });

  test.each(gradientCases(golden))('loss and every gradient, $set', ({ loss, batch, want }) => {
    const got = referenceGradient(golden.model, batch, loss);
    expect(Math.abs(got.loss - want.loss)).toBeLessThan(TOLERANCE);
    expect(Object.keys(got.gradient).sort()).toEqual(Object.keys(want.gradients).sort());
    for (const [name, values] of Object.entries(want.gradients)) {
      expect(largestError(got.gradient[name]!, flat(values)), name).toBeLessThan(TOLERANCE);
    }
  });
});

test.each(goldens())('attention of the first layer of $name', ({ model, firstLayerAttention }) => {
  const { attention } = referenceForward(model, firstLayerAttention.tokens).layers[0]!;
  const T = firstLayerAttention.tokens.length;
  const dense = attention.flatMap(head =>
    head.flatMap(row => [...row, ...Array<number>(T - row.length).fill(0)]),
  );
  expect(largestError(dense, flat(firstLayerAttention.weights))).toBeLessThan(TOLERANCE);
});
