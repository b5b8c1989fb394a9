import { describe, expect, it } from 'vitest';
import { complexityRanges, lengthRows, theoryPoints } from '../../../src/analysis/predicted.ts';
import { lengthSummary, theorySummary } from '../../../src/cli/summary.ts';
import type { CellLine } from '../../../src/results/schema.ts';
import { cellLine, theoryLine } from '../../support/cells.ts';

const bound = (epsilon: number, log10N: number | null, name = 'theorem-4.2', applies = true) => ({
  name,
  epsilon,
  log10N,
  applies,
});
const cell = (omega: number, N: number, seed: number, loss: number, log10N: number | null): CellLine =>
  cellLine(
    { 'task.omega': omega, 'train.length': N, seed },
    [loss, loss],
    theoryLine({
      lipschitz: seed + 1,
      bounds: [bound(0.1, log10N), bound(0.01, 99), bound(0.1, 5, 'theorem-4.1', false)],
    }),
  );

describe('predicted beside measured training lengths', () => {
  const cells = [
    cell(2, 4, 0, 0.5, 1),
    cell(2, 8, 0, 0.009, 2),
    cell(2, 8, 1, 0.009, 4),
    cell(2, 16, 0, 0.001, 3),
    cell(2, 16, 1, 0.001, 5),
    cell(2, 16, 2, 0.001, 10),
    cell(8, 16, 0, 0.5, null),
  ];

  it('takes the least N whose plateau is low enough, and bounds at √ε from the longest N', () => {
    expect(lengthRows(cells, [0.01])).toEqual([
      {
        axes: { 'task.omega': 2 },
        epsilon: 0.01,
        measured: 8,
        longestTrained: 16,
        predicted: [{ name: 'theorem-4.2', log10N: 5 }],
      },
      {
        axes: { 'task.omega': 8 },
        epsilon: 0.01,
        measured: null,
        longestTrained: 16,
        predicted: [{ name: 'theorem-4.2', log10N: null }],
      },
    ]);
  });

  it('says between what C(f) lies in each form, over cells that have it', () => {
    const withComplexity = (
      seed: number,
      complexity: { norm: number; range: number | null; empirical: null },
    ) => cellLine({ 'train.length': 4, seed }, [1], theoryLine({ complexity }));
    expect(
      complexityRanges([
        withComplexity(0, { norm: 30, range: 9, empirical: null }),
        withComplexity(1, { norm: 20, range: null, empirical: null }),
        cellLine({ 'train.length': 4, seed: 2 }, [1]),
      ]),
    ).toEqual({ norm: { least: 20, most: 30 }, range: { least: 9, most: 9 }, empirical: null });
  });

  it('shows in the summary, unreached lengths as such', () => {
    const text = lengthSummary(cells, [0.01]);
    expect(text).toMatch(/ω = 2 +│ 0.01 +│ 8 +│ 100,000/);
    expect(text).toMatch(/ω = 8 +│ 0.01 +│ > 16 +│ none/);
    expect(lengthSummary([cellLine({ 'train.length': 4, seed: 0 }, [1])], [0.1])).toBe('');
  });

  it('medians of theory over seeds; diverged cells carry none', () => {
    const diverged = {
      ...cellLine({ 'task.omega': 2, 'train.length': 16, seed: 3 }, [1]),
      theory: null,
      divergedAtStep: 7,
    };
    const points = theoryPoints([...cells, diverged]);
    const point = points.find(({ trainLength, axes }) => trainLength === 16 && axes['task.omega'] === 2)!;
    expect(point).toMatchObject({ lipschitz: 2, seeds: 3 });
    expect(theorySummary([...cells, diverged])).toMatch(/ω = 2, N = 16 .* 1.00e-3/);
    expect(theorySummary([diverged])).toBe('');
  });
});
