import { expect, test } from 'vitest';
import type { TokenSource } from '../../../src/tasks/laws/registry.ts';
import { taskOf } from '../../../src/tasks/registry.ts';
import { exactLoss } from '../../../src/theory/exact-loss.ts';
import { lossAtInfinity } from '../../../src/theory/limit-loss.ts';
import { populationLoss } from '../../../src/theory/population.ts';
import { BASE, randomModel } from '../../support/models.ts';

const IID: TokenSource = { law: 'dirichlet-iid', vocabulary: 2, alphaThousandths: 1000, order: 0, key: 3 };
const modP = taskOf('mod-p');
const ONE = { ...BASE, layers: 1, vocabulary: 2, outputs: 1, locality: 0, period: 2 };

test('one layer: exact where the sum is short, the mean over the residues of the last position, and T = ∞', () => {
  const model = randomModel(ONE, 1);
  const knobs = { p: 2, k: 1 };
  const { exact, infinity } = populationLoss(model, {
    source: IID,
    task: modP,
    knobs,
    lengths: [8, 100_000],
  });
  const at = (T: number) => exactLoss(model, IID, chain => modP.limit!(chain, knobs), T).loss;
  expect(exact).toEqual([{ length: 8, loss: (at(8) + at(9)) / 2 }]);
  expect(infinity!.loss).toBeGreaterThan(0);
  expect(infinity!.margin).toBeGreaterThan(0);
});

test('a model whose residues are not the task’s has no exact loss: f* would read other frequencies', () => {
  const measured = { source: IID, task: modP, knobs: { p: 3, k: 1 }, lengths: [8] };
  expect(populationLoss(randomModel(ONE, 1), measured).exact).toEqual([]);
});

test('two layers: T = ∞ alone; finite precision: nothing', () => {
  const kGram = taskOf('k-gram');
  const source: TokenSource = { ...IID, law: 'dirichlet-markov', order: 1 };
  const measured = { source, task: kGram, knobs: { vocabulary: 2, k: 1 }, lengths: [8] };
  const model = randomModel({ ...BASE, vocabulary: 2, outputs: 2, locality: 1 }, 2);
  const { exact, infinity } = populationLoss(model, measured);
  expect(exact).toEqual([]);
  const target = (chain: Parameters<NonNullable<typeof kGram.limit>>[0]) =>
    kGram.limit!(chain, measured.knobs);
  expect(infinity).toMatchObject(lossAtInfinity(model, source, target, { laws: 256, order: 1 }));
  const finite = randomModel(
    { ...model.config, attention: { precision: 'finite', bits: null, scale: 0.3 } },
    2,
  );
  expect(populationLoss(finite, measured)).toEqual({ exact: [], infinity: null });
});
