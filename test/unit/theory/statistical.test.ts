import { describe, expect, it, test } from 'vitest';
import { classTables } from '../../../src/model/first-layer.ts';
import { below, uniform, WordStream } from '../../../src/shared/random.ts';
import { outputsOf } from '../../../src/simulation/outputs.ts';
import { distance } from '../../../src/simulation/simulate.ts';
import type { TokenSource } from '../../../src/tasks/laws/registry.ts';
import { outputDiameter } from '../../../src/theory/output-range.ts';
import { reachableStates } from '../../../src/theory/reachable.ts';
import {
  empiricalBernstein,
  sampledErrors,
  statisticalCertificate,
  whyNoStatistical,
} from '../../../src/theory/statistical.ts';
import { BASE, randomModel, randomTokens } from '../../support/models.ts';

const SMALL = { ...BASE, vocabulary: 2, heads: 1, outputs: 2, mlpWidth: 8, locality: 1 };
const source: TokenSource = {
  law: 'dirichlet-markov',
  vocabulary: 2,
  alphaThousandths: 1000,
  order: 1,
  key: 3,
};
const options = { lengths: [16, 32, 64], strings: 200, delta: 0.05, longLength: 200, seed: 1 };

describe('the empirical Bernstein bound covers the mean', () => {
  const repetitions = 1000;
  const planted: [string, (stream: WordStream) => number, number][] = [
    ['of a cube, mean 1/4', stream => uniform(stream) ** 3, 1 / 4],
    ['of a rare 1, mean 1/50', stream => (uniform(stream) < 0.02 ? 1 : 0), 0.02],
    ['of a constant', () => 0.3, 0.3],
  ];
  test.each(planted)('%s', (_, draw, mean) => {
    const [m, delta] = [60, 0.1];
    let [covered, total] = [0, 0];
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const stream = new WordStream(repetition, 1, 2);
      const bound = empiricalBernstein(
        Float64Array.from({ length: m }, () => draw(stream)),
        1,
        delta,
      );
      if (bound >= mean) covered++;
      total += bound;
    }
    expect(covered / repetitions).toBeGreaterThanOrEqual(1 - delta);
    // It says something: 7 ln(2/δ)/(3 (m − 1)) = 0.12 above the mean, and its deviation.
    expect(total / repetitions).toBeLessThan(mean + 0.3);
  });

  it('shrinks with m, and grows with the confidence and the range', () => {
    const values = Array.from({ length: 400 }, (_, i) => (i % 10) / 10);
    expect(empiricalBernstein(values, 1, 0.05)).toBeLessThan(
      empiricalBernstein(values.slice(0, 100), 1, 0.05),
    );
    expect(empiricalBernstein(values, 1, 0.001)).toBeGreaterThan(empiricalBernstein(values, 1, 0.05));
    expect(empiricalBernstein(values, 2, 0.05)).toBeGreaterThan(empiricalBernstein(values, 1, 0.05));
  });
});

describe('certificate C', () => {
  const model = randomModel(SMALL, 1);
  model.tensors['layer.0.phi']!.set([0, 2]);
  model.tensors['layer.1.phi']!.set([0, 0]);

  it('covers the mean error of the law in 1,000 repetitions on a small model, at every length at once', () => {
    // The law: the strings of a large draw, from which each repetition draws afresh.
    const { errors, range } = sampledErrors(model, source, { ...options, strings: 3000, seed: 2 });
    const means = errors.map(own => own.reduce((a, b) => a + b, 0) / own.length);
    let [covered, excess] = [0, 0];
    for (let repetition = 0; repetition < 1000; repetition++) {
      const stream = new WordStream(repetition, 3, 4);
      const chosen = Array.from({ length: 100 }, () => below(stream.next(), 3000));
      const bounds = errors.map(own =>
        empiricalBernstein(
          chosen.map(i => own[i]!),
          range,
          options.delta / errors.length,
        ),
      );
      if (bounds.every((bound, k) => bound >= means[k]!)) covered++;
      excess += (bounds[2]! - means[2]!) / 1000;
    }
    expect(covered).toBeGreaterThanOrEqual(950);
    // 7 R ln(2/δ')/(3 (m − 1)), and little more.
    expect(excess).toBeLessThan((7 * range * Math.log(120)) / (3 * 99) + 0.1);
    // What it covers is the law's mean, not that of the draw alone: a second large draw agrees.
    const again = sampledErrors(model, source, { ...options, strings: 3000, seed: 3 });
    again.errors.forEach((own, k) => {
      expect(own.reduce((a, b) => a + b, 0) / own.length / means[k]!).toBeCloseTo(1, 0);
    });
  });

  it('names the least length whose bound is small enough, falling with the length', () => {
    const { points, length, longLength, gram } = statisticalCertificate(model, source, {
      ...options,
      strings: 400,
    });
    expect(longLength).toBeNull();
    expect(gram).toBe(2);
    expect(points.map(point => point.length)).toEqual([16, 32, 64]);
    expect(points[2]!.meanError).toBeLessThan(points[0]!.meanError);
    expect(length(points[2]!.bound * 1.0001)).toBeLessThanOrEqual(64);
    expect(length(1e-9)).toBeNull();
  });

  it('in finite precision speaks of the T that is given', () => {
    const finite = {
      ...model,
      config: { ...SMALL, attention: { precision: 'finite' as const, bits: 8, scale: 0.35 } },
    };
    const { longLength, points } = statisticalCertificate(finite, source, { ...options, strings: 20 });
    expect(longLength).toBe(200);
    expect(points).toHaveLength(3);
  });

  it('says why there is none', () => {
    expect(whyNoStatistical(randomModel({ ...SMALL, period: 2 }, 1), source)).toMatch(/Δ = 2/);
    expect(
      whyNoStatistical(randomModel({ ...SMALL, vocabulary: 40 }, 1), { ...source, vocabulary: 40 }),
    ).toMatch(/1600 grams/);
    expect(() => statisticalCertificate(randomModel({ ...SMALL, layers: 3 }, 1), source, options)).toThrow(
      /no certificate C/,
    );
  });
});

test.each([
  ['two layers', SMALL],
  ['two layers, GELU, two heads', { ...SMALL, heads: 2, activation: 'gelu' as const }],
  ['no MLP', { ...SMALL, mlpWidth: 0 }],
  ['one layer', { ...SMALL, layers: 1 }],
])('no two strings are further apart than the diameter of what f can say: %s', (_, config) => {
  const model = randomModel(config, 5);
  const diameter = outputDiameter(model, reachableStates(model, classTables(model)));
  const f = outputsOf(model);
  const outputs = Array.from({ length: 60 }, (_, seed) => [...f(randomTokens(1 + 3 * seed, 2, seed))]);
  const most = Math.max(...outputs.flatMap(a => outputs.map(b => distance(a, b))));
  console.info(`largest distance ${most.toFixed(2)}, diameter ${diameter.toFixed(2)}`);
  expect(most).toBeLessThanOrEqual(diameter);
});
