import fc from 'fast-check';
import { GPU } from 'gpu.js';
import { describe, expect, test } from 'vitest';
import { gpujsForward, longestFor, paddedLength } from '../../../src/gpujs/forward.ts';
import { float32Bounds } from '../../../src/reference/bound.ts';
import { referenceForward } from '../../../src/reference/forward.ts';
import type { ModelConfig } from '../../../src/shared/model-config.ts';
import { expectWithin } from '../../support/bounds.ts';
import { flat, goldens } from '../../support/golden.ts';
import { BASE, randomModel, randomTokens } from '../../support/models.ts';

const gpu = new GPU({ mode: 'cpu' });

describe.each(goldens())('gpu.js on the CPU against golden vector $name', ({ name, model, forward }) => {
  test('read-outs at every position', async () => {
    const sequences = forward.map(({ tokens }) => tokens);
    const outputs = await gpujsForward(gpu, model, sequences, true);
    const batch = sequences.map(tokens => ({ tokens, target: Array<number>(model.config.outputs).fill(0) }));
    const bounds = float32Bounds(model, batch).outputs;
    forward.forEach((vector, i) => {
      expectWithin(`${name} gpu.js, T = ${vector.tokens.length}`, flat(outputs[i]), flat(vector.outputs), bounds[i]!);
    });
  });
});
