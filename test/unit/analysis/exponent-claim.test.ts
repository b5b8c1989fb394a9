import { describe, expect, test } from 'vitest';
import { errorExponents } from '../../../src/analysis/error-exponents.ts';
import { exponentClaims } from '../../../src/analysis/exponent-claim.ts';
import { requiredLengths } from '../../../src/analysis/required.ts';
import type { CellLine } from '../../../src/results/schema.ts';
import { cellLine, theoryLine } from '../../support/cells.ts';
import { normals } from '../../support/noise.ts';
import { experimentOf, manifestOf } from '../../support/results.ts';

const FINITE = theoryLine({
  bounds: [{ name: 'theorem-4.1', epsilon: 0.1, log10N: 1, applies: true }],
});
/** Half octaves, so that where N* lies between two of them says little of an exponent. */
const LENGTHS = Array.from({ length: 23 }, (_, i) => 2 ** (1 + i / 2));
const EPSILONS = [1e-1, 1e-2];

interface Planted {
  /** Plateau by training length and knob. */
  loss: (N: number, knob: number) => number;
  path?: string;
  values?: number[];
  seeds?: number;
  noise?: number;
  theory?: typeof FINITE;
  task?: object;
  axes?: Record<string, number>;
  lengths?: number[];
}

function cellsOf({
  loss,
  path = 'task.omega',
  values = [1, 2, 4],
  seeds = 3,
  noise = 0.05,
  theory = FINITE,
  axes = {},
  lengths = LENGTHS,
}: Planted): CellLine[] {
  const normal = normals(7);
  return values.flatMap(value =>
    lengths.flatMap(N =>
      Array.from({ length: seeds }, (_, seed) => {
        const plateau = loss(N, value) * Math.exp(noise * normal());
        return cellLine({ ...axes, [path]: value, 'train.length': N, seed }, [plateau, plateau], theory);
      }),
    ),
  );
}

function claimsOf(cells: CellLine[], task: object = { kind: 'simple' }) {
  const experiment = experimentOf(cells, 'x', { task, epsilon: EPSILONS } as never);
  return exponentClaims({
    cells,
    manifest: manifestOf(cells, { experiment: { ...experiment, task } as never }),
  });
}

const claim = (id: string, planted: Planted) =>
  claimsOf(cellsOf(planted), planted.task).find(own => own.id === id)!;

/** N* grows like knob^a. */
const power = (a: number) => (N: number, knob: number) => (N / (3 * knob ** a)) ** -3;

describe('the exponent of N* in a knob', () => {
  test('is below the theorem’s where it is planted so', () => {
    const found = claim('exponent-omega', { loss: power(1) });
    expect(found).toMatchObject({ verdict: 'shown', threshold: 2, lacks: null, confidence: 0.95 });
    expect(found.value).toBeCloseTo(1, 1);
    expect(found.statement).toContain('L^2');
  });

  test('planted: a slope above the theorem’s is refuted', () => {
    const found = claim('exponent-omega', { loss: power(3) });
    expect(found.verdict).toBe('refuted');
    expect(found.interval![0]).toBeGreaterThan(2);
  });

  test('planted: a slope at the theorem’s is undecided', () => {
    expect(claim('exponent-omega', { loss: power(2) })).toMatchObject({ verdict: 'undecided', lacks: null });
  });

  test('planted: one setting that grows slowly does not hide another that grows fast', () => {
    const cells = [
      ...cellsOf({ loss: power(0.5), axes: { 'model.attention.bits': 4 } }),
      ...cellsOf({ loss: power(3), axes: { 'model.attention.bits': 8 } }),
    ];
    const [found] = claimsOf(cells);
    expect(found).toMatchObject({ id: 'exponent-omega', verdict: 'refuted' });
    expect(found!.remarks.join()).toBe('above the theorem’s exponent: bits = 8');
  });

  test('planted: values that never reach ε, or at once, would bend the law: undecided, not shown', () => {
    // N*(ω = 4) lies beyond what was trained: over the other two the slope is 1.
    const late = claim('exponent-omega', {
      loss: (N, omega) => (omega === 4 ? 1 : power(1)(N, omega)),
    });
    expect(late).toMatchObject({ verdict: 'undecided', value: null });
    expect(late.lacks).toMatch(/every ω has an N\*/);
    const early = claim('exponent-omega', {
      loss: (N, omega) => (omega === 1 ? 1e-9 : power(1)(N, omega)),
    });
    expect(early.verdict).toBe('undecided');
  });

  test('is asked of the knobs that are a factor of Theorem 4.1, of models that it is about', () => {
    const idsOf = (planted: Planted) => claimsOf(cellsOf(planted), planted.task).map(({ id }) => id);
    const [loss, lengths] = [power(1), [2, 8, 32]];
    expect(idsOf({ loss, lengths, path: 'task.p', task: { kind: 'mod-p' } })).toEqual([
      'exponent-p',
      'exponent-error',
    ]);
    expect(idsOf({ loss, lengths, path: 'task.vocabulary', task: { kind: 'expression' } })[0]).toBe(
      'exponent-vocabulary',
    );
    expect(idsOf({ loss, lengths, path: 'model.locality' })[0]).toBe('exponent-locality');
    expect(idsOf({ loss, lengths, path: 'task.omega', task: { kind: 'expression' } })).toEqual([
      'exponent-error',
    ]);
    expect(idsOf({ loss, lengths, theory: theoryLine() })).toEqual([]);
  });

  test('wants three seeds', () => {
    expect(claim('exponent-omega', { loss: power(1), seeds: 2 })).toMatchObject({
      verdict: 'undecided',
      lacks: 'needs at least 3 seeds',
    });
  });
});

describe('the exponent of N* in 1/e', () => {
  /** N* = c e^−a: loss N^(−2/a). */
  const law = (a: number) => (N: number) => (N / 2) ** (-2 / a);

  test('is recovered, with its interval and the ε that it rests on', () => {
    const cells = cellsOf({ loss: law(1.5), values: [1] });
    const [found] = errorExponents(cells, requiredLengths(cells, [0.1, 0.01, 0.001, 1e-9]));
    expect(found!.epsilons).toEqual([0.1, 0.01, 0.001]);
    expect(found!.measured).toBeCloseTo(1.5, 1);
    expect(found!.interval![0]).toBeLessThan(1.5);
    expect(found!.interval![1]).toBeGreaterThan(1.5);
  });

  test('bounds’ own exponents stand beside it', () => {
    const bounds = [0.1, 0.01].map(epsilon => ({
      name: 'theorem-4.2',
      epsilon: Math.sqrt(epsilon),
      log10N: -4 * Math.log10(epsilon),
      applies: true,
    }));
    const cells = cellsOf({ loss: law(1), values: [1], theory: theoryLine({ bounds }) });
    const [found] = errorExponents(cells, requiredLengths(cells, [0.1, 0.01]));
    expect(found!.predicted.map(({ name }) => name)).toEqual(['theorem-4.2']);
    expect(found!.predicted[0]!.exponent).toBeCloseTo(8, 9);
  });

  test('Theorem 4.1: shown, refuted and undecided as planted', () => {
    const verdict = (a: number) => claim('exponent-error', { loss: law(a), values: [1] }).verdict;
    expect([1, 2, 3].map(verdict)).toEqual(['shown', 'undecided', 'refuted']);
  });

  test('needs two ε within the lengths that were trained', () => {
    const found = claim('exponent-error', { loss: () => 1, values: [1] });
    expect(found).toMatchObject({ verdict: 'undecided', value: null });
    expect(found.lacks).toMatch(/needs two ε/);
  });
});

describe('Theorem 4.2', () => {
  const theory = theoryLine();
  const path = 'data.alpha';
  const values = [0.5, 1, 2];
  const lengths = Array.from({ length: 60 }, (_, i) => 2 ** (1 + i / 2));
  const at = (exponent: (alpha: number) => number): Planted => ({
    loss: (N, alpha) => (N / 2) ** (-2 / exponent(alpha)),
    path,
    values,
    theory,
    lengths,
  });

  test('allows 4 + 4/α, setting by setting', () => {
    expect(
      claim(
        'exponent-error',
        at(() => 2),
      ),
    ).toMatchObject({ verdict: 'shown', threshold: 6 });
    // 10 is above 6 and 8, and below the 12 of α = 1/2.
    const steep = claim('exponent-error', { ...at(() => 10), lengths: lengths.map(N => N ** 2) });
    expect(steep.verdict).toBe('refuted');
    expect(steep.remarks.join()).toBe('above the theorem’s exponent: α = 1; α = 2');
  });

  test('its exponent falls as α rises: shown, refuted and undecided as planted', () => {
    const falls = claim(
      'exponent-error-falls',
      at(alpha => 2 + 1 / alpha),
    );
    expect(falls).toMatchObject({ verdict: 'shown', threshold: 0 });
    expect(falls.remarks.join()).toMatch(/α = 0.5: \d\.\d\d, Theorem 4\.2 12\.00/);
    expect(
      claim(
        'exponent-error-falls',
        at(alpha => 2 + alpha),
      ).verdict,
    ).toBe('refuted');
    expect(
      claim(
        'exponent-error-falls',
        at(() => 2),
      ).verdict,
    ).toBe('undecided');
  });
});
