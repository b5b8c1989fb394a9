import { describe, expect, test } from 'vitest';
import { layoutOf, unflatten } from '../../src/model/layout.ts';
import { isLinear } from '../../src/model/paths.ts';
import { float32Bounds } from '../../src/reference/bound.ts';
import { floatsFromBase64, packTokens } from '../../src/shared/base64.ts';
import { expectWithin } from '../support/bounds.ts';
import { asRequest, useEngine } from '../support/engine.ts';
import { deepGoldens, flat, goldens, gradientCases, unlabelled } from '../support/golden.ts';

const engine = useEngine();

/** Ways through the layers. */
const WAYS = ['fastest', 'dense'] as const;

const everyGolden = [...goldens(), ...deepGoldens()].map(golden => ({ name: golden.name, golden }));

describe.each(everyGolden)('kernels against golden vector $name', ({ name, golden }) => {
  const { model, forward } = golden;
  const request = asRequest(model);
  const sequences = forward.map(({ tokens }) => tokens);
  const outputsOf = async (kernel: 'linear' | 'dense', allPositions: boolean) => {
    const asked = {
      op: 'forward',
      ...request,
      sequences: packTokens(sequences),
      allPositions,
      kernel,
    } as const;
    return (await engine.ask('computed', asked)).outputs;
  };
  const kernels = isLinear(model.config) ? (['linear', 'dense'] as const) : (['dense'] as const);

  test.each(kernels)('read-outs at every position and at the last, %s', async kernel => {
    const all = await outputsOf(kernel, true);
    const last = await outputsOf(kernel, false);
    const bounds = float32Bounds(model, unlabelled(sequences)).outputs;
    forward.forEach(({ tokens, outputs }, i) => {
      const label = `${name} ${kernel}, T = ${tokens.length}`;
      expectWithin(label, flat(all[i]), flat(outputs), bounds[i]!);
      expectWithin(`${label}, last`, flat(last[i]), outputs.at(-1)!, bounds[i]!);
    });
  });

  const cases = gradientCases(golden).flatMap(own => WAYS.map(kernel => ({ ...own, kernel })));

  test.each(cases)(
    'loss and every gradient, $set, $kernel',
    async ({ set, kernel, loss, reads, batch, want }) => {
      const weights = batch.map(sequence => sequence.weights as (0 | 1)[] | undefined);
      const answer = await engine.ask('differentiated', {
        ...{ op: 'gradient', ...request, loss, kernel, reads, sequences: want.sequences },
        targets: batch.map(({ targets }) => targets.map(target => Array.from(target))),
        ...(weights.every(own => own !== undefined) ? { readWeights: weights } : {}),
      });
      expect(Math.abs(answer.loss! - want.loss) / want.loss).toBeLessThan(1e-5);
      const { gradient: bounds } = float32Bounds(model, batch, loss);
      const got = unflatten(layoutOf(model.config), floatsFromBase64(answer.gradient));
      for (const [tensor, values] of Object.entries(want.gradients)) {
        expectWithin(`${name} ${kernel} ${set} grad ${tensor}`, got[tensor]!, flat(values), bounds[tensor]!);
      }
    },
  );
});

test.each(goldens())(
  '$name: the last position alone gives the bits it has among all',
  async ({ model, forward }) => {
    const ask = async (allPositions: boolean) => {
      const sequences = packTokens(forward.map(({ tokens }) => tokens));
      const asked = {
        op: 'forward',
        ...asRequest(model),
        sequences,
        allPositions,
        kernel: 'linear',
      } as const;
      return (await engine.ask('computed', asked)).outputs;
    };
    const [all, last] = [await ask(true), await ask(false)];
    expect(last.map(rows => rows[0])).toEqual(all.map(rows => rows.at(-1)));
  },
);
