import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { initialise } from '../../src/model/initialise.ts';
import { layoutOf, unflatten } from '../../src/model/layout.ts';
import { referenceGradient } from '../../src/reference/backward.ts';
import { referenceTrain } from '../../src/reference/train.ts';
import type { Pack } from '../../src/shared/protocol.ts';
import { openJaxPage } from '../support/jax.ts';
import { BASE } from '../support/models.ts';
import { pack, replica, taskWith } from '../support/packs.ts';

let page: Awaited<ReturnType<typeof openJaxPage>>;
beforeAll(async () => {
  page = await openJaxPage();
});
afterAll(() => page?.close());

/** SimpleTask in one layer and the in-context k-gram in two, small; Δ, τ and H above what they need. */
const PACKS: [string, Pack][] = [
  ['one layer', pack({ lengthMode: 'fixed', batch: 8, replicas: [replica({ trainLength: 12 })] })],
  [
    'two layers',
    pack({
      model: { ...BASE, period: 2, locality: 2 },
      task: taskWith({ vocabulary: 3, k: 2 }, 'dirichlet-markov'),
      phiInit: [0, 1],
      lengthMode: 'fixed',
      batch: 4,
      replicas: [replica({ trainLength: 10, knobs: { vocabulary: 3, k: 2 } })],
    }),
  ],
];

describe.each(PACKS)('training in jax-js on WebGPU: %s', (_, settings) => {
  test.each(['every', 'last'] as const)(
    'loss and every gradient of the first batch, %s query: as the float64 reference',
    async queries => {
      const { model: config, batch, replicas } = settings;
      const { tokens, targets, loss, gradient } = await page.call('firstBatch', settings, queries);
      const [T, O] = [replicas[0]!.trainLength, config.outputs];
      expect([tokens.length, targets.length]).toEqual([batch * T, batch * O]);
      const flat = initialise(config, { ...settings, seed: replicas[0]!.seed });
      const want = referenceGradient(
        { config, tensors: unflatten(layoutOf(config), flat) },
        Array.from({ length: batch }, (_, b) => ({
          tokens: tokens.slice(b * T, (b + 1) * T),
          reads: [T],
          targets: [targets.slice(b * O, (b + 1) * O)],
        })),
      );
      expect(Math.abs(loss / want.loss - 1)).toBeLessThan(1e-5);
      expect(Object.keys(gradient).sort()).toEqual(Object.keys(want.gradient).sort());
      for (const [name, values] of Object.entries(want.gradient)) {
        const scale = values.reduce((most, x) => Math.max(most, Math.abs(x)), 1e-6);
        const error = values.reduce((most, x, i) => Math.max(most, Math.abs(x - gradient[name]![i]!)), 0);
        expect(error / scale, name).toBeLessThan(1e-4);
      }
    },
  );

  test('losses of the first steps are those of float64 training on the same sequences', async () => {
    const losses = await page.call('losses', settings, 4);
    const want = referenceTrain(settings, 0, 4).losses;
    losses.forEach((loss, step) => {
      expect(Math.abs(loss / want[step]! - 1), `step ${step}`).toBeLessThan(1e-3);
    });
  });
});

test('refuses what it has not', async () => {
  await expect(page.call('losses', pack(), 1)).rejects.toThrow(/fixed length/);
});
