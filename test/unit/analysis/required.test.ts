import { describe, expect, test } from 'vitest';
import { lengthExponents, requiredLengths } from '../../../src/analysis/required.ts';
import { requiredInterval } from '../../../src/report/words.ts';
import type { CellLine } from '../../../src/results/schema.ts';
import { cellLine, theoryLine } from '../../support/cells.ts';
import { normals } from '../../support/noise.ts';

const LENGTHS = [4, 8, 16, 32, 64];

/** Cells whose log plateau is a power law of N, times noise of the seed: c · (N / omega)^−2. */
function powerLaw(omegas: number[], seeds: number, noise: () => number): CellLine[] {
  return omegas.flatMap(omega =>
    LENGTHS.flatMap(N =>
      Array.from({ length: seeds }, (_, seed) => {
        const loss = (N / omega) ** -2 * Math.exp(noise());
        return cellLine({ 'task.omega': omega, 'train.length': N, seed }, [loss, loss]);
      }),
    ),
  );
}

describe('N*(ε)', () => {
  test('is interpolated in log-log between trained lengths', () => {
    const [row] = requiredLengths(
      powerLaw([1], 3, () => 0),
      [0.01],
    );
    // N^−2 = 0.01 at N = 10.
    expect(row!.length).toBeCloseTo(10, 9);
    expect(row).toMatchObject({ censored: null, shortest: 4, longest: 64 });
    // Whatever the seeds: it is not known where between 8 and 16 the plateau passes ε.
    expect(row!.interval).toEqual([8, 16]);
    expect(requiredInterval(row!)).toBe('8 … 16');
  });

  test('in words: an interval that ends where training did', () => {
    const rows = requiredLengths(
      powerLaw([1], 3, () => 0),
      [1, 1e-6],
    );
    expect(rows.map(({ interval }) => interval)).toEqual([
      [0, 4],
      [64, Infinity],
    ]);
    expect(rows.map(requiredInterval)).toEqual(['≤ 4', '> 64']);
  });

  test('says when the shortest length is enough, or the longest is not, and when one seed gives no interval', () => {
    const cells = powerLaw([1], 1, () => 0);
    const [easy, hard] = requiredLengths(cells, [1, 1e-6]);
    expect(easy).toMatchObject({ length: null, censored: 'below', interval: null });
    expect(hard).toMatchObject({ length: null, censored: 'above', interval: null });
  });

  test('leaves diverged seeds out', () => {
    const cells = powerLaw([1], 2, () => 0);
    const diverged = cells.map(cell =>
      cell.axes.seed === 1 ? { ...cell, divergedAtStep: 5, test: [] } : cell,
    );
    expect(requiredLengths(diverged, [0.01])[0]!.length).toBeCloseTo(10, 9);
  });

  test('the interval covers the true N* in at least 95 % of experiments of three seeds, within 3 standard errors', () => {
    const normal = normals(21);
    const trials = 100;
    let covered = 0;
    for (let i = 0; i < trials; i++) {
      const [row] = requiredLengths(
        powerLaw([1], 3, () => 0.4 * normal()),
        [0.003],
      );
      const [low, high] = row!.interval!;
      const truth = Math.sqrt(1 / 0.003);
      if (low <= truth && truth <= high) covered++;
    }
    expect(covered / trials).toBeGreaterThan(0.95 - 3 * Math.sqrt((0.95 * 0.05) / trials));
  });
});

describe('exponents of N*(ε)', () => {
  test('recover a planted power law, count the values used, and take the bounds’ slopes beside it', () => {
    const bound = (log10N: number | null) => [
      { name: 'theorem-4.2', epsilon: 0.1, log10N, applies: true },
      { name: 'theorem-5.2', epsilon: 0.1, log10N: 1, applies: false },
    ];
    const cells = powerLaw([1, 2, 4, 100], 2, () => 0).map(cell => ({
      ...cell,
      theory: theoryLine({ bounds: bound(3 * Math.log10(Number(cell.axes['task.omega']))) }),
    }));
    const [row, ...others] = lengthExponents(cells, ['task.omega', 'data.alpha'], [0.01]);
    expect(others).toEqual([]);
    expect(row!.measured).toBeCloseTo(1, 9);
    // N* of ω = 1, 2, 4 lies between 8 and 16, 16 and 32, 32 and 64: over two octaves of ω it may grow by one to three.
    expect(row!.interval![0]).toBeCloseTo(0.5, 9);
    expect(row!.interval![1]).toBeCloseTo(1.5, 9);
    expect(row).toMatchObject({ knob: 'task.omega', axes: {}, values: { used: 3, all: 4 } });
    expect(row!.predicted).toHaveLength(1);
    expect(row!.predicted[0]!.name).toBe('theorem-4.2');
    expect(row!.predicted[0]!.exponent).toBeCloseTo(3, 9);
  });

  test('are none when fewer than two values reach ε', () => {
    const cells = powerLaw([1, 1000], 2, () => 0);
    expect(lengthExponents(cells, ['task.omega'], [0.01])[0]).toMatchObject({
      measured: null,
      interval: null,
      values: { used: 1, all: 2 },
    });
  });
});
