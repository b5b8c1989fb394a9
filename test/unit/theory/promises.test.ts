import { expect, test } from 'vitest';
import { promisesText } from '../../../src/cli/promises-text.ts';
import { snapped } from '../../../src/model/snap.ts';
import type { TokenSource } from '../../../src/tasks/laws/registry.ts';
import { twoLayerBounds } from '../../../src/theory/promises.ts';
import { BASE, randomModel } from '../../support/models.ts';

const config = { ...BASE, vocabulary: 2, heads: 1, outputs: 2, mlpWidth: 8, locality: 1 };
const source: TokenSource = {
  law: 'dirichlet-markov',
  vocabulary: 2,
  alphaThousandths: 1000,
  order: 1,
  key: 3,
};
const epsilons = [1, 0.1];
const wide = randomModel(config, 1, [0, 0.5]);
const narrow = randomModel(config, 1, [0, 0.5]);
narrow.tensors['layer.0.phi']!.set([0, 2]);
const drawn = { lengths: [16, 64], strings: 300, delta: 0.05, longLength: 100, seed: 0 };

test('each certificate says what it promises, at every ε', () => {
  const bounds = twoLayerBounds(snapped(narrow, { prune: true }).model, source, { epsilons, drawn });
  expect(bounds.map(({ name, epsilon }) => `${name} ${epsilon}`)).toEqual(
    ['A', 'B', 'B-law', 'B-drawn', 'C'].flatMap(name => epsilons.map(epsilon => `${name} ${epsilon}`)),
  );
  const at = (name: string, epsilon: number) =>
    bounds.find(bound => bound.name === name && bound.epsilon === epsilon)!;
  expect(at('A', 0.1).log10N).toBeGreaterThan(at('B', 0.1).log10N!);
  expect(at('B', 0.1).log10N).toBeGreaterThan(at('B', 1).log10N!);
  expect(at('B-law', 0.1).log10N).toBeLessThanOrEqual(at('B', 0.1).log10N!);
  expect(at('B-law', 1).promise).toMatch(/over the law \(dirichlet-markov, α = 1\)/);
  expect(at('A', 1).promise).toMatch(/every string/);
  expect(at('B', 1).promise).toMatch(/on average over the last tokens/);
  expect(at('C', 1).promise).toMatch(/with probability 0.95 over the 300 strings drawn/);
  expect(at('A', 1).note).toMatch(/layer 1 is exact/);
  const text = promisesText(bounds, true);
  expect(text).toMatch(/A: for every string x/);
  expect(text).not.toMatch(/null|undefined|NaN/);
});

test('the slack of a model that is not snapped is told and costs length', () => {
  const exact = twoLayerBounds(snapped(narrow, { prune: true }).model, source, { epsilons, drawn: null });
  const loose = twoLayerBounds(narrow, source, { epsilons, drawn: null });
  expect(loose[0]!.note).toMatch(/not exact, and its slack is counted/);
  expect(loose[3]!.log10N).toBeGreaterThan(exact[3]!.log10N!);
});

test('a model without certificates says why; one layer has its own', () => {
  const bounds = twoLayerBounds(wide, source, { epsilons, drawn: null });
  expect(bounds.every(({ log10N }) => log10N === null)).toBe(true);
  expect(bounds[0]!.note).toMatch(/sees more than its last tokens/);
  expect(bounds.at(-1)!.note).toMatch(/no strings were drawn/);
  expect(twoLayerBounds(randomModel({ ...config, layers: 1 }, 1), source, { epsilons, drawn: null })).toEqual(
    [],
  );
});
