import { describe, expect, test } from 'vitest';
import { claimsOf, plateauClaim, trendClaim } from '../../../src/analysis/claims.ts';
import type { CellLine, Manifest } from '../../../src/results/schema.ts';
import { cellLine } from '../../support/cells.ts';
import { normals } from '../../support/noise.ts';

const LENGTHS = [4, 8, 16, 32, 64];
const OMEGAS = [1, 2, 4];
const OCTAVES = 7;

type Loss = (at: { N: number; omega: number; octave: number }) => number;

/** A grid of training lengths and ω, three seeds; a loss for each octave of the test length, times noise of the seed. */
function grid(loss: Loss, noise = 0.1, seed = 1): CellLine[] {
  const normal = normals(seed);
  return OMEGAS.flatMap(omega =>
    LENGTHS.flatMap(N =>
      [0, 1, 2].map(s => {
        const own = Math.exp(noise * normal());
        const losses = Array.from({ length: OCTAVES }, (_, octave) => own * loss({ N, omega, octave }));
        return { ...cellLine({ 'task.omega': omega, 'train.length': N, seed: s }, losses), trainLoss: 1e-9 };
      }),
    ),
  );
}

const lawful: Loss = ({ N, omega }) => (omega / N) ** 2;

describe('plateau', () => {
  test('holds for flat losses, with the worst setting named', () => {
    const claim = plateauClaim(grid(lawful))!;
    expect(claim).toMatchObject({ holds: true, seeds: 45, diverged: 0 });
    expect(Math.abs(claim.value)).toBeLessThan(1e-9);
  });

  test('catches a planted rising tail in one setting of fifteen', () => {
    const claim = plateauClaim(
      grid(at => lawful(at) * (at.N === 16 && at.omega === 2 ? 2 ** (at.octave / 2) : 1)),
    )!;
    expect(claim.holds).toBe(false);
    expect(claim.value).toBeCloseTo(0.5, 6);
    expect(claim.statistic).toMatch(/ω = 2, N = 16/);
    expect(claim.remarks.join()).toMatch(/ω = 2, N = 16: slope 0\.50/);
  });

  test('catches losses that all still fall', () => {
    expect(plateauClaim(grid(at => lawful(at) * 2 ** -at.octave))!.holds).toBe(false);
  });

  test('counts diverged cells, and is undecided without any tail', () => {
    const cells = grid(lawful).map((cell, i) => (i < 2 ? { ...cell, divergedAtStep: 3 } : cell));
    expect(plateauClaim(cells)).toMatchObject({ holds: true, seeds: 43, diverged: 2 });
    expect(plateauClaim(cells.map(cell => ({ ...cell, divergedAtStep: 3 })))).toBeUndefined();
  });
});

describe('monotone', () => {
  test('holds for a planted law, in N and in the knob', () => {
    const cells = grid(lawful);
    expect(trendClaim(cells, 'train.length', 'falls')).toMatchObject({ holds: true, seeds: 9, value: 1 });
    expect(trendClaim(cells, 'task.omega', 'rises')).toMatchObject({ holds: true, seeds: 15, value: 1 });
    expect(trendClaim(cells, 'task.omega', 'falls')!.holds).toBe(false);
    expect(trendClaim(cells, 'model.width', 'rises')).toBeUndefined();
  });

  test('does not hold without a trend', () => {
    expect(
      trendClaim(
        grid(() => 1, 1),
        'train.length',
        'falls',
      )!.holds,
    ).toBe(false);
  });

  test('catches one planted reversal inside a strong trend, and names it', () => {
    const cells = grid(at => lawful(at) * (at.N === 32 && at.omega === 4 ? 40 : 1));
    const claim = trendClaim(cells, 'train.length', 'falls')!;
    expect(claim.pValue).toBeLessThan(0.01);
    expect(claim.holds).toBe(false);
    expect(claim.remarks.join()).toMatch(/against the trend: .*ω = 4.*N = 32|ω = 4.*N = 16/);
  });

  test('a reversal that optimisation explains, the training loss being as high, is none', () => {
    const cells = grid(at => lawful(at) * (at.N === 32 && at.omega === 4 ? 40 : 1)).map(cell => ({
      ...cell,
      trainLoss: cell.test[0]!.loss,
    }));
    expect(trendClaim(cells, 'train.length', 'falls')!.holds).toBe(true);
  });

  test('says which blocks were left out for want of a plateau', () => {
    const cells = grid(lawful).map((cell, i) => (i === 0 ? { ...cell, divergedAtStep: 3 } : cell));
    const claim = trendClaim(cells, 'train.length', 'falls')!;
    expect(claim).toMatchObject({ holds: true, seeds: 8, diverged: 1 });
    expect(claim.remarks).toContain('1 of 9 blocks are incomplete and were left out');
  });

  test('a false alarm of a reversal is rare: at most 5 % of noisy flat-step grids', () => {
    // Neighbouring lengths equal in truth: a reversal by a factor 2 must not be read out of noise.
    let alarms = 0;
    const trials = 100;
    for (let i = 0; i < trials; i++) {
      const cells = grid(({ N }) => (N < 16 ? 1 : 0.01), 0.6, 100 + i);
      alarms += trendClaim(cells, 'train.length', 'falls')!.remarks.length;
    }
    expect(alarms / trials).toBeLessThanOrEqual(0.05);
  });
});

describe('hardmax', () => {
  const manifest = (kind: string) => ({ name: 'x', experiment: { task: { kind } } }) as unknown as Manifest;
  const attention = (mass: number, uniformity: number) => ({
    length: 256,
    sequences: 8,
    heads: [{ argmaxMass: mass, residueMass: [1 - mass, mass], uniformity }],
  });
  const run = (mass: number, uniformity: number, kind = 'mod-p') => {
    const cells = [0, 1, 2].map(seed => ({
      ...cellLine({ 'train.length': 64, seed }, [1, 1, 1]),
      attention: attention(mass + seed / 1000, uniformity),
    }));
    return claimsOf({ folder: 'x', name: 'x', missing: [], manifest: manifest(kind), cells });
  };
  const held = (claims: ReturnType<typeof run>) =>
    Object.fromEntries(claims.filter(({ id }) => /hardmax/.test(id)).map(({ id, holds }) => [id, holds]));

  test('holds for attention that lies on one residue class, evenly', () => {
    expect(held(run(0.98, 0.99))).toEqual({ 'x/hardmax-mass': true, 'x/hardmax-uniform': true });
  });

  test('fails for attention that spreads, or is uneven', () => {
    expect(held(run(0.6, 0.99))).toEqual({ 'x/hardmax-mass': false, 'x/hardmax-uniform': true });
    expect(held(run(0.98, 0.5))).toEqual({ 'x/hardmax-mass': true, 'x/hardmax-uniform': false });
  });

  test('is asked of ModPTask only', () => {
    expect(held(run(0.98, 0.99, 'simple'))).toEqual({});
  });
});
