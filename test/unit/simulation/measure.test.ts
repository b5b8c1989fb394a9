import { describe, expect, it, test } from 'vitest';
import { linearTimeForward } from '../../../src/reference/linear-time.ts';
import { worstString } from '../../../src/simulation/adversary.ts';
import { attack, runsOf } from '../../../src/simulation/attack.ts';
import { discrepancy, transport } from '../../../src/simulation/discrepancy.ts';
import { measureSimulation } from '../../../src/simulation/empirical.ts';
import { fitErrors } from '../../../src/simulation/fit.ts';
import { type Method, simulate } from '../../../src/simulation/simulate.ts';
import { drawTokens } from '../../../src/tasks/laws/registry.ts';
import { BASE, randomModel, randomTokens } from '../../support/models.ts';

const source = { law: 'dirichlet-iid', vocabulary: 3, alphaThousandths: 1000, order: 0, key: 3 } as const;
const longs = Array.from({ length: 12 }, (_, i) => drawTokens(source, i, 400));
const options = {
  lengths: [16, 32, 64],
  draws: 4,
  rounds: 6,
  seed: 1,
  floor: (largest: number) => 1e-12 * largest,
};
const evaluatorOf = (model: ReturnType<typeof randomModel>) => async (strings: Uint8Array[]) =>
  strings.map(tokens => [...linearTimeForward(model, tokens)]);

describe('simulate', () => {
  const model = randomModel(BASE, 4);
  const run = (method: Method, seed = 1) =>
    simulate(evaluatorOf(model), model.config, longs, { ...options, method, seed });

  it('measures ‖f(x) − f(z)‖, the same each time for one seed', async () => {
    const { points } = await run('markov');
    expect(points.map(({ length, samples }) => [length, samples])).toEqual([
      [16, 12],
      [32, 12],
      [64, 12],
    ]);
    for (const { meanError, maxError, stderr, meanLength, length } of points) {
      expect(meanError).toBeGreaterThan(0);
      expect(maxError).toBeGreaterThanOrEqual(meanError);
      expect(stderr).toBeGreaterThan(0);
      expect(Math.abs(meanLength - length)).toBeLessThan(length);
    }
    expect(await run('markov')).toEqual(await run('markov'));
    expect((await run('markov', 2)).points).not.toEqual(points);
  });

  it('the best of several is no worse than one, and greedy beats both', async () => {
    const [one, best, greedy] = [await run('markov'), await run('best-of'), await run('greedy')];
    one.points.forEach((point, i) => {
      expect(greedy.points[i]!.meanError).toBeLessThan(best.points[i]!.meanError);
      expect(greedy.points[i]!.meanError).toBeLessThan(point.meanError);
      expect(best.points[i]!.meanLength).toBeLessThanOrEqual(point.length);
    });
  });

  it('the sandwich is a sandwich', async () => {
    const target = (tokens: Uint8Array) =>
      [0, 1, 2].map(s => tokens.filter(t => t === s).length / tokens.length);
    const { points } = await simulate(evaluatorOf(model), model.config, longs, {
      ...options,
      method: 'deterministic',
      target,
    });
    for (const { sandwich, meanError } of points) {
      expect(sandwich!.simulation).toBe(meanError);
      const sum = sandwich!.simulation + sandwich!.onShort + sandwich!.target;
      expect(sandwich!.onLong).toBeLessThanOrEqual(sum + 1e-12);
    }
  });

  it('has no fit where short strings simulate exactly', async () => {
    const constant = async (strings: Uint8Array[]) => strings.map(() => [1, 2, 3]);
    const { fit, points } = await simulate(constant, model.config, longs, { ...options, method: 'markov' });
    expect(fit).toBeUndefined();
    expect(points.map(({ meanError }) => meanError)).toEqual([0, 0, 0]);
  });

  test('the standard measurement keeps to its budget of strings', async () => {
    const small = await measureSimulation(randomModel({ ...BASE, layers: 1 }, 1), source);
    expect(small.points[0]!.samples).toBe(64);
    const { points, fit } = await measureSimulation(
      randomModel({ ...BASE, width: 64, mlpWidth: 256, keyWidth: 8 }, 1),
      source,
    );
    expect(points[0]!.samples).toBe(8);
    expect(fit!.log10CAtRate).toBeGreaterThan(-3);
  });
});

describe('fits of e(n) ≈ Ĉ n^(−β)', () => {
  const lengths = [16, 32, 64, 128];
  const noise = randomTokens(400, 1000, 8).map(x => 0.5 + x / 1000);
  const columns = lengths.map((length, l) => ({
    length,
    sizes: Array<number>(100).fill(length),
    errors: Array.from({ length: 100 }, (_, i) => 3 * length ** -0.5 * noise[l * 100 + i]!),
  }));

  it('recover a planted power law, and their intervals hold it', () => {
    const fit = fitErrors(columns, 0, 1 / 3)!;
    expect(fit.beta).toBeCloseTo(0.5, 1);
    expect(fit.betaInterval[0]).toBeLessThan(0.5);
    expect(fit.betaInterval[1]).toBeGreaterThan(0.5);
    expect(fit.betaInterval[1] - fit.betaInterval[0]).toBeLessThan(0.2);
    expect(fit.log10C).toBeCloseTo(Math.log10(3), 0);
  });

  it('are exact without noise', () => {
    const fit = fitErrors(
      lengths.map(length => ({
        length,
        sizes: [length, length],
        errors: [2 * length ** (-1 / 3), 2 * length ** (-1 / 3)],
      })),
      0,
      1 / 3,
    )!;
    expect(fit.beta).toBeCloseTo(1 / 3, 12);
    expect(fit.log10C).toBeCloseTo(Math.log10(2), 12);
    expect(fit.log10CAtRate).toBeCloseTo(Math.log10(2), 12);
  });

  it('hold β at the rate that is promised: 1 for deterministic strings', () => {
    const planted = lengths.map(length => ({
      length,
      sizes: [length, length],
      errors: [5 / length, 5 / length],
    }));
    const fit = fitErrors(planted, 0, 1)!;
    expect(fit).toMatchObject({
      rate: 1,
      beta: expect.closeTo(1, 12),
      log10CAtRate: expect.closeTo(Math.log10(5), 12),
    });
  });

  it('take random strings for as long as they are, not as was asked for', () => {
    const planted = lengths.map(length => {
      const sizes = [0.5, 1.1, 0.8].map(share => share * length ** 1.2);
      const size = sizes.reduce((a, b) => a + b, 0) / 3;
      return { length, sizes, errors: [size ** -0.5, size ** -0.5, size ** -0.5] };
    });
    expect(fitErrors(planted, 0, 1 / 3)!.beta).toBeCloseTo(0.5, 12);
  });

  it('leave out lengths at the floor of the arithmetic', () => {
    const floored = [
      ...columns,
      { length: 4096, sizes: Array<number>(100).fill(4096), errors: Array<number>(100).fill(1e-9) },
    ];
    expect(fitErrors(floored, 1e-8, 1 / 3)!.lengths).toEqual(lengths);
    expect(fitErrors(floored.slice(-1), 1e-8, 1 / 3)).toBeUndefined();
  });

  it('the bootstrap interval of β covers the truth about as often as it says', () => {
    let covered = 0;
    const trials = 60;
    for (let trial = 0; trial < trials; trial++) {
      const draws = randomTokens(160, 1000, 100 + trial).map(x => -Math.log((x + 1) / 1001));
      const planted = lengths.map((length, l) => ({
        length,
        sizes: Array<number>(40).fill(length),
        errors: Array.from({ length: 40 }, (_, i) => length ** -0.4 * draws[l * 40 + i]!),
      }));
      const [low, high] = fitErrors(planted, 0, 1 / 3)!.betaInterval;
      if (low <= 0.4 && 0.4 <= high) covered++;
    }
    // 95 % intended; 60 trials of a 40-string bootstrap cannot tell 85 % from 100 %.
    expect(covered / trials).toBeGreaterThan(0.85);
  });
});

describe('discrepancy', () => {
  const points = (...values: number[]) => values.map(x => Float64Array.of(x));
  const plane = (...values: [number, number][]) => values.map(point => Float64Array.from(point));

  it('of two samples on the line is the area between their distribution functions, in any order', () => {
    expect(transport(points(0, 1), points(1, 0))).toBe(0);
    expect(transport(points(0), points(1))).toBe(1);
    expect(transport(points(0, 0, 1), points(1, 0, 1))).toBeCloseTo(1 / 3, 12);
    expect(transport(points(0.2), points(0.1, 0.5))).toBeCloseTo(0.05 + 0.15, 12);
  });

  it('is joint: laws whose marginals agree are told apart', () => {
    // Each entry is 0 or 1 half the time, together here and apart there: every point moves by 1 in one entry.
    expect(transport(plane([0, 0], [1, 1]), plane([0, 1], [1, 0]))).toBeCloseTo(1, 12);
    expect(transport(plane([0, 0], [1, 1]), plane([1, 1], [0, 0]))).toBe(0);
  });

  it('is never below what a Lipschitz function of the histogram moves by', () => {
    const config = { ...BASE, locality: 0 };
    const [long, short] = [drawTokens(source, 6, 900), drawTokens(source, 7, 60)];
    const found = discrepancy(long, short, config);
    for (const weights of [
      [1, -1, 0],
      [1, 1, -1],
      [0, 1, 1],
    ]) {
      // |g| ≤ 1, Lipschitz constant 1 in ‖μ‖₁, and other for each token.
      const meanOf = (tokens: Uint8Array) => {
        const counts = [0, 0, 0];
        let sum = 0;
        tokens.forEach((token, i) => {
          counts[token]!++;
          sum += weights.reduce((dot, w, c) => dot + (w * counts[c]!) / (i + 1), 0) * (token === 0 ? 1 : -1);
        });
        return sum / tokens.length;
      };
      expect(Math.abs(meanOf(long) - meanOf(short))).toBeLessThanOrEqual(found + 1e-12);
    }
  });

  it('is 0 for equal strings, at most 2 + 2, and falls as the short string grows', () => {
    const config = { ...BASE, locality: 1 };
    const long = drawTokens(source, 5, 3000);
    expect(discrepancy(long, long, config)).toBe(0);
    const [coarse, fine] = [
      discrepancy(long, long.slice(-20), config),
      discrepancy(long, long.slice(-2000), config),
    ];
    expect(fine).toBeLessThan(coarse);
    expect(coarse).toBeLessThanOrEqual(4);
    expect(discrepancy([0, 0, 0, 0], [1, 1, 1, 1], config)).toBeCloseTo(2, 12);
  });
});

describe('the adversary', () => {
  const search = { length: 60, restarts: 6, rounds: 60, tries: 4, seed: 1 };

  it('finds a needle that random strings do not', async () => {
    // Only strings of ones followed by zeros score high.
    const score = async (strings: Uint8Array[]) =>
      strings.map(tokens => tokens.reduce((sum, token, i) => sum + (token === (i < 30 ? 1 : 0) ? 1 : 0), 0));
    const worst = await worstString(score, { ...BASE, vocabulary: 2 }, search);
    expect(worst.score).toBeGreaterThan(52);
    expect((await score([worst.tokens]))[0]).toBe(worst.score);
    expect(worst.evaluations).toBe(6 + 60 * 24);
  });

  it('calls a broken certificate broken, and a true one not', async () => {
    const model = randomModel({ ...BASE, layers: 1, locality: 0 }, 3, [0, 0]);
    const run = (certified: (n: number) => number) =>
      attack(evaluatorOf(model), model.config, {
        ...search,
        rounds: 10,
        certified,
        exact: tokens => linearTimeForward(model, tokens),
        target: tokens => [tokens.length, 0, 0],
        source,
        testLengths: [40],
        lengths: [8, 50],
      });
    const broken = await run(() => 1e-6);
    expect(broken.simulation).toHaveLength(1);
    expect(broken.simulation[0]).toMatchObject({ testLength: 40, length: 8, broken: true });
    expect((await run(() => 1e6)).simulation[0]!.broken).toBe(false);
    const [target] = broken.target;
    expect(target!.worstError).toBeGreaterThanOrEqual(target!.randomMean);
    expect(target!.worstError).toBeGreaterThan(30);
  });

  it('does not take float32 rounding for a break: float64 has the last word', async () => {
    const model = randomModel({ ...BASE, layers: 1, locality: 0 }, 3, [0, 0]);
    let calls = 0;
    const rounded = async (strings: Uint8Array[]) => strings.map(() => [1 + 1e-7 * (calls++ % 2)]);
    const { simulation } = await attack(rounded, model.config, {
      ...search,
      rounds: 3,
      certified: length => (length < 16 ? Infinity : 0),
      exact: () => [1],
      target: undefined,
      source,
      testLengths: [40],
      lengths: [8, 16, 20],
    });
    // Nothing is certified at n = 8.
    expect(simulation.map(({ length }) => length)).toEqual([16, 20]);
    for (const found of simulation) expect(found).toMatchObject({ worstError: 0, share: 0, broken: false });
  });

  it('shows strings as runs', () => {
    expect(runsOf([0, 0, 0, 1, 0, 0])).toBe('0×3 1 0×2');
    expect(runsOf(Array.from({ length: 30 }, (_, i) => i % 2))).toMatch(/… \(30 runs\)$/);
  });
});
