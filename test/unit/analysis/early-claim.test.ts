import { describe, expect, test } from 'vitest';
import { earlyClaim } from '../../../src/analysis/early-claim.ts';
import type { CellLine } from '../../../src/results/schema.ts';
import { cellLine, theoryLine } from '../../support/cells.ts';

/** Cells whose attention is predicted to be hardmax at 10^predicted, and is at `measured`; null: at no length that was looked at. */
function cellsOf(
  settings: { bits: number; predicted: number; measured: number | null }[],
  seeds = 3,
): CellLine[] {
  return settings.flatMap(({ bits, predicted, measured }) =>
    Array.from({ length: seeds }, (_, seed) =>
      cellLine(
        { 'model.attention.bits': bits, 'train.length': 8, seed },
        [0.1],
        theoryLine({
          hardmax: {
            bits,
            measured,
            searchedTo: 16384,
            log10Predicted: predicted + seed / 100,
            log10Attainable: predicted,
          },
        }),
      ),
    ),
  );
}

describe('hardmax far before 2^(p/γ)', () => {
  test('is shown where every setting is decades before it', () => {
    const claim = earlyClaim(
      cellsOf([
        { bits: 4, predicted: 5, measured: 100 },
        { bits: 8, predicted: 20, measured: 1000 },
      ]),
    )!;
    expect(claim).toMatchObject({ id: 'hardmax-early', verdict: 'shown', seeds: 6, threshold: 1 });
    expect(claim.value).toBeCloseTo(3.01, 9);
  });

  test('planted: a setting at half a decade is not hidden by one at hundreds, and is named', () => {
    const claim = earlyClaim(
      cellsOf([
        { bits: 4, predicted: 2.5, measured: 100 },
        { bits: 8, predicted: 400, measured: 100 },
      ]),
    )!;
    expect(claim.verdict).toBe('refuted');
    expect(claim.value).toBeCloseTo(0.51, 9);
    expect(claim.remarks.join()).toContain('below 1: bits = 4');
  });

  test('planted: seeds at 17, 198 and 398 decades do not hide by their spread that all are far', () => {
    const cells = [20, 200, 400].flatMap((predicted, seed) =>
      cellsOf([{ bits: 4, predicted, measured: 1000 }]).slice(seed, seed + 1),
    );
    expect(earlyClaim(cells)).toMatchObject({ verdict: 'shown', value: 10, seeds: 3 });
  });

  test('planted: seeds that differ by more than their mean is above 1 are undecided', () => {
    const cells = cellsOf([{ bits: 4, predicted: 4, measured: 100 }]);
    cells[1]!.theory!.hardmax!.measured = 9000;
    expect(earlyClaim(cells)!.verdict).toBe('undecided');
  });

  test('planted: never hardmax is no evidence for it, however far the prediction', () => {
    const claim = earlyClaim(
      cellsOf([
        { bits: 4, predicted: 400, measured: null },
        { bits: 8, predicted: 20, measured: 100 },
      ]),
    )!;
    expect(claim).toMatchObject({
      verdict: 'undecided',
      lacks: 'needs lengths beyond 16384, where attention is not yet hardmax',
    });
    expect(claim.remarks.join()).toMatch(/not hardmax up to 16384 .*: bits = 4, N = 8$/);
  });

  test('planted: never hardmax counts against it where the prediction is within a decade', () => {
    const claim = earlyClaim(cellsOf([{ bits: 4, predicted: 4.5, measured: null }]))!;
    expect(claim).toMatchObject({ verdict: 'refuted', lacks: null });
    expect(claim.value).toBeCloseTo(4.51 - Math.log10(16384), 9);
  });

  test('wants three seeds, and bits', () => {
    expect(earlyClaim(cellsOf([{ bits: 4, predicted: 9, measured: 100 }], 2))).toMatchObject({
      verdict: 'undecided',
      lacks: 'needs at least 3 seeds',
    });
    expect(earlyClaim([cellLine({ seed: 0 }, [0.1], theoryLine())])).toBeUndefined();
  });
});
