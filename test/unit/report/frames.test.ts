import { describe, expect, test } from 'vitest';
import { lossPoints, plateauFrames, primaryKnob, settingsOf, spreadsOf } from '../../../src/report/frames.ts';
import { cellLine } from '../../support/cells.ts';

describe('spreadsOf', () => {
  test('geometric means; the variance is pooled over groups', () => {
    const [a, b] = spreadsOf([
      [1, Math.E ** 2],
      [Math.E ** 4, Math.E ** 6],
    ]);
    // Logs 0, 2 and 4, 6: means 1 and 5, pooled variance 2 on 2 degrees of freedom, t 0.975 = 4.302653, half-width t · √(2/2).
    expect(a!.mean).toBeCloseTo(Math.E, 12);
    expect(b!.mean).toBeCloseTo(Math.E ** 5, 9);
    expect(Math.log(a!.interval![0])).toBeCloseTo(1 - 4.30265273, 6);
    expect(Math.log(b!.interval![1])).toBeCloseTo(5 + 4.30265273, 6);
  });

  test('a single seed has an interval where others tell its spread, and none where nobody does', () => {
    expect(spreadsOf([[2], [1, 4]])[0]!.interval).not.toBeNull();
    expect(spreadsOf([[2], [3]]).map(({ interval }) => interval)).toEqual([null, null]);
  });

  test('null, 0 and what is not finite is counted, not averaged', () => {
    const [spread] = spreadsOf([[null, 0, Infinity, 4, 4]]);
    expect(spread).toMatchObject({ lost: 3, seeds: [4, 4] });
    expect(spread!.mean).toBeCloseTo(4, 12);
    expect(spreadsOf([[null]])[0]).toEqual({ mean: null, interval: null, seeds: [], lost: 1 });
  });
});

describe('frames of cells', () => {
  const cells = [
    ...[8, 4].flatMap(N =>
      [0, 1].map(seed => cellLine({ 'task.k': 2, 'train.length': N, seed }, [0.4 / N, 0.2 / N, 0.2 / N])),
    ),
    {
      ...cellLine({ 'task.k': 2, 'train.length': 8, seed: 2 }, [null, null, null]),
      divergedAtStep: 7,
      trainLoss: null,
    },
    { ...cellLine({ 'task.k': 3, 'train.length': 8, seed: 0 }, []), test: [] },
  ];

  test('losses are sorted by N, then T; a diverged seed is lost', () => {
    const points = lossPoints(settingsOf(cells)[0]!.cells);
    expect(points.map(({ trainLength, testLength }) => [trainLength, testLength])).toEqual([
      [4, 16],
      [4, 32],
      [4, 64],
      [8, 16],
      [8, 32],
      [8, 64],
    ]);
    expect(points[0]!.loss.mean).toBeCloseTo(0.1, 12);
    expect(points[3]!.loss).toMatchObject({ lost: 1, seeds: [0.05, 0.05] });
  });

  test('plateaus beside training losses; a cell that was never tested has none', () => {
    const frames = plateauFrames(cells);
    expect(frames.map(({ axes, trainLength }) => [axes['task.k'], trainLength])).toEqual([
      [2, 4],
      [2, 8],
      [3, 8],
    ]);
    // 16, 32, 64 do not span three octaves: all of them are the tail.
    expect(frames[0]!.plateau.mean).toBeCloseTo((0.1 * 0.05 * 0.05) ** (1 / 3), 12);
    expect(frames[0]!.trainLoss.mean).toBeCloseTo(0.5, 12);
    expect(frames[2]!.plateau).toMatchObject({ mean: null, lost: 1 });
  });

  test('the task’s own knob is the first choice, then any axis that varies', () => {
    expect(primaryKnob(cells, ['vocabulary', 'k'])).toBe('task.k');
    const widths = [16, 32].map(width =>
      cellLine({ 'task.k': 2, 'model.width': width, 'train.length': 4, seed: 0 }, [1]),
    );
    expect(primaryKnob(widths, ['k'])).toBe('model.width');
    expect(primaryKnob(widths.slice(1), ['k'])).toBeUndefined();
  });
});
