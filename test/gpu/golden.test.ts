import { describe, expect, test } from 'vitest';
import { layoutOf, unflatten } from '../../src/model/layout.ts';
import { float32Bounds } from '../../src/reference/bound.ts';
import { floatsFromBase64, packTokens } from '../../src/shared/base64.ts';
import { expectWithin } from '../support/bounds.ts';
import { asRequest, useEngine } from '../support/engine.ts';
import { flat, goldens } from '../support/golden.ts';

const engine = useEngine();

describe.each(goldens())('kernels against golden vector $name', ({ name, model, forward, gradient }) => {
  const request = asRequest(model);
  const sequences = forward.map(({ tokens }) => tokens);

  test('read-outs at every position', async () => {
    const { outputs } = await engine.ask('computed', {
      op: 'forward',
      ...request,
      sequences: packTokens(sequences),
      allPositions: true,
      kernel: 'linear',
    });
    const batch = sequences.map(tokens => ({ tokens, target: Array<number>(model.config.outputs).fill(0) }));
    const bounds = float32Bounds(model, batch).outputs;
    forward.forEach((vector, i) => {
      expectWithin(
        `${name} read-outs, T = ${vector.tokens.length}`,
        flat(outputs[i]),
        flat(vector.outputs),
        bounds[i]!,
      );
    });
  });

  test('last position alone gives the same bits', async () => {
    const all = await engine.ask('computed', {
      op: 'forward',
      ...request,
      sequences: packTokens(sequences),
      allPositions: true,
      kernel: 'linear',
    });
    const last = await engine.ask('computed', {
      op: 'forward',
      ...request,
      sequences: packTokens(sequences),
      allPositions: false,
      kernel: 'linear',
    });
    expect(last.outputs.map(rows => rows[0])).toEqual(all.outputs.map(rows => rows.at(-1)));
  });

  test('loss and every gradient', async () => {
    const batch = gradient.sequences.map((tokens, b) => ({ tokens, target: gradient.targets[b]! }));
    const { gradient: bounds } = float32Bounds(model, batch);
    const { sequences: own, targets } = gradient;
    const answer = await engine.ask('differentiated', {
      op: 'gradient',
      ...request,
      loss: 'mse',
      sequences: own,
      targets,
    });
    expect(Math.abs(answer.loss! - gradient.loss) / gradient.loss).toBeLessThan(1e-5);
    const got = unflatten(layoutOf(model.config), floatsFromBase64(answer.gradient));
    for (const [tensor, values] of Object.entries(gradient.gradients)) {
      expectWithin(`${name} grad ${tensor}`, got[tensor]!, flat(values), bounds[tensor]!);
    }
  });
});
