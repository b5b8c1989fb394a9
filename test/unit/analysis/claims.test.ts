import { describe, expect, test } from 'vitest';
import { claimsOf } from '../../../src/analysis/claims.ts';
import { plateauClaim } from '../../../src/analysis/plateau-claim.ts';
import { trendClaim } from '../../../src/analysis/trend-claim.ts';
import type { Run } from '../../../src/results/runs.ts';
import { type CellLine, manifestSchema } from '../../../src/results/schema.ts';
import { cellLine } from '../../support/cells.ts';
import { type Grid, gridCells, settingsOf } from '../../support/grids.ts';
import { experimentOf, manifestOf } from '../../support/results.ts';

const lawful: Grid['loss'] = ({ N, omega }) => 0.1 * (omega / N) ** 2;
const flat = () => gridCells({ loss: lawful });
const plateau = (cells: readonly CellLine[]) => plateauClaim(settingsOf(cells))!;
const trend = (cells: readonly CellLine[], path = 'train.length', streams: 'cell' | 'paired' = 'cell') =>
  trendClaim(settingsOf(cells), path, path === 'train.length' ? 'falls' : 'rises', streams)!;

/** Adds a slope of log2 loss an octave to some settings. */
const tilted =
  (slope: (at: { N: number; omega: number }) => number): Grid['loss'] =>
  at =>
    lawful(at) * 2 ** (slope(at) * at.octave);

describe('the plateau claim', () => {
  test('is shown for flat losses; the value is the one that was tested, the interval of two one-sided tests at 5 %', () => {
    const claim = plateau(flat());
    expect(claim).toMatchObject({
      verdict: 'shown',
      lacks: null,
      seeds: 27,
      diverged: 0,
      level: 0.05,
      confidence: 0.9,
    });
    expect(claim.pValue).toBeLessThan(0.05);
    const [low, high] = claim.interval!;
    expect([low > -0.1, high < 0.1]).toEqual([true, true]);
    expect((low + high) / 2).toBeCloseTo(claim.value!, 12);
  });

  test('planted: a slow rise of 0.15 an octave in one setting of nine is refuted, and named', () => {
    const claim = plateau(
      gridCells({ loss: tilted(({ N, omega }) => (N === 8 && omega === 2 ? 0.15 : 0)), slopeNoise: 0.001 }),
    );
    expect(claim.verdict).toBe('refuted');
    expect(claim.value).toBeCloseTo(0.15, 2);
    expect(claim.statistic).toContain('ω = 2, N = 8');
    expect(claim.remarks.join()).toContain('beyond ±0.1: ω = 2, N = 8');
  });

  test('planted: the same rise among noisy seeds is undecided: noise never helps a setting to pass', () => {
    const loss = tilted(({ N, omega }) => (N === 8 && omega === 2 ? 0.15 : 0));
    for (const slopeNoise of [0.05, 0.2, 1])
      expect(plateau(gridCells({ loss, slopeNoise })).verdict).toBe('undecided');
    expect(plateau(gridCells({ loss: lawful, slopeNoise: 0.3 })).verdict).toBe('undecided');
  });

  test('planted: a fall in one setting does not hide a rise in another', () => {
    const loss = tilted(({ N }) => (N === 4 ? 0.3 : N === 8 ? -0.3 : 0));
    const claim = plateau(gridCells({ loss }));
    expect(claim.verdict).toBe('refuted');
    expect(claim.remarks.join()).toMatch(/beyond ±0.1: ω = 1, N = 4; ω = 1, N = 8/);
  });

  test('planted: copies of one seed count once', () => {
    const copies = gridCells({ loss: lawful, seeds: 1 }).flatMap(cell =>
      [0, 1, 2, 3, 4].map(seed => ({ ...cell, cell: `${cell.cell}-${seed}`, axes: { ...cell.axes, seed } })),
    );
    expect(plateau(copies)).toMatchObject({ verdict: 'undecided', lacks: 'needs at least 3 seeds' });
    expect(plateau(copies).remarks).toContain(
      '36 cells have another seed’s losses to the last bit and were left out',
    );
    expect(trend(copies)).toMatchObject({ verdict: 'undecided', lacks: 'needs at least 3 seeds' });
  });

  test('planted: models that learned nothing are flat, and count for nothing', () => {
    const cells = gridCells({ loss: ({ omega }) => (omega === 4 ? 0.9 : 0.01) });
    const claim = plateau(cells);
    expect(claim).toMatchObject({ verdict: 'shown', seeds: 18 });
    expect(claim.remarks.join()).toMatch(/not learned .*ω = 4, N = 4; ω = 4, N = 8; ω = 4, N = 16/);
    expect(plateau(gridCells({ loss: () => 0.9 }))).toMatchObject({
      verdict: 'undecided',
      lacks: 'needs a setting that is learned',
      value: null,
    });
  });

  test('what is learned at short lengths and lost at long ones is no unlearned setting', () => {
    const claim = plateau(gridCells({ loss: ({ octave }) => Math.min(1, 0.02 * 2 ** octave) }));
    expect(claim.verdict).toBe('refuted');
  });

  test('fewer than three seeds, or octaves, or none of them beyond N, give no verdict', () => {
    expect(plateau(gridCells({ loss: lawful, seeds: 2 }))).toMatchObject({
      verdict: 'undecided',
      lacks: 'needs at least 3 seeds',
    });
    expect(plateau(gridCells({ loss: lawful, octaves: 3 })).lacks).toBe(
      'needs test lengths over 3 octaves beyond N',
    );
    expect(plateau(gridCells({ loss: lawful, lengths: [512] })).lacks).toBe(
      'needs test lengths over 3 octaves beyond N',
    );
  });

  test('counts diverged cells, and is no claim without any tail', () => {
    const cells = gridCells({ loss: lawful, seeds: 5 }).map((cell, i) =>
      i < 2 ? { ...cell, divergedAtStep: 3 } : cell,
    );
    expect(plateau(cells)).toMatchObject({ verdict: 'shown', seeds: 43, diverged: 2 });
    expect(plateauClaim(settingsOf(cells.map(cell => ({ ...cell, divergedAtStep: 3 }))))).toBeUndefined();
  });
});

describe('trends', () => {
  test('are shown for a planted law, in N and in the knob', () => {
    expect(trend(flat())).toMatchObject({ verdict: 'shown', seeds: 27, value: 1 });
    expect(trend(flat(), 'task.omega')).toMatchObject({ verdict: 'shown', seeds: 27, value: 1 });
    expect(trendClaim(settingsOf(flat()), 'task.omega', 'falls', 'cell')!.verdict).toBe('refuted');
    expect(trendClaim(settingsOf(flat()), 'model.width', 'rises', 'cell')).toBeUndefined();
  });

  test('planted: dependent blocks. Settings that share their random numbers are one block a seed', () => {
    // Noise alone, the same in every ω: three seeds say what they say once, not three times.
    const cells = gridCells({ loss: () => 0.01, omegas: [1], noise: 1, key: 3 }).flatMap(cell =>
      [1, 2, 4].map(omega => ({
        ...cell,
        axes: { ...cell.axes, 'task.omega': omega },
        test: cell.test.map(point => ({ ...point, loss: point.loss! * omega })),
      })),
    );
    const claims = [
      trend(cells, 'train.length', 'paired'),
      trend(cells.filter(({ axes }) => axes['task.omega'] === 1)),
    ];
    expect(claims[0]!.pFloor).toBeCloseTo((1 / 6) ** 3, 12);
    expect(claims[0]!.pValue).toBeCloseTo(claims[1]!.pValue!, 12);
    expect(claims[0]!.verdict).not.toBe('shown');
    // Rows that are equal to the last bit are not independent, whatever the run says of its streams.
    const same = cells.map(cell => ({
      ...cell,
      test: cell.test.map(point => ({ ...point, loss: point.loss! / Number(cell.axes['task.omega']) })),
    }));
    expect(trend(same).pFloor).toBeCloseTo((1 / 6) ** 3, 12);
  });

  test('the floor is told, and where it is above the level, how many seeds it takes', () => {
    const two = gridCells({ loss: lawful, omegas: [1], lengths: [4, 8] });
    expect(trend(two)).toMatchObject({ verdict: 'undecided', pFloor: 0.125, pValue: 0.125 });
    expect(trend(two).lacks).toBe('needs at least 7 seeds: p cannot be below 0.13');
    expect(trend(gridCells({ loss: lawful, omegas: [1], lengths: [4, 8], seeds: 7 })).verdict).toBe('shown');
  });

  test('without a trend it is not shown', () => {
    expect(trend(gridCells({ loss: () => 0.01, noise: 1 })).verdict).toBe('undecided');
  });

  test('planted: one line that goes the other way is not hidden by the rest', () => {
    const loss: Grid['loss'] = ({ N, omega }) => 0.01 * (N / 4) ** (omega === 4 ? 0.5 : -2);
    const claim = trend(gridCells({ loss, omegas: [1, 2, 3, 4], noise: 0.01 }));
    expect(claim.pValue).toBeLessThan(0.01);
    expect(claim.verdict).toBe('refuted');
    expect(claim.remarks.join()).toContain('do not go that way: ω = 4');
  });

  describe('a reversal inside a strong trend', () => {
    const loss: Grid['loss'] = at => lawful(at) * (at.N === 16 && at.omega === 4 ? 40 : 1);
    const lengths = [4, 8, 16, 32, 64];
    const broken = gridCells({ loss, lengths });

    test('refutes it where length is what limits: T = N has far less loss', () => {
      const cells = broken.map(cell => ({
        ...cell,
        test: cell.test.map(point =>
          point.length === cell.axes['train.length'] ? { ...point, loss: point.loss! / 10 } : point,
        ),
      }));
      const claim = trend(cells);
      expect(claim.pValue).toBeLessThan(0.01);
      expect(claim.verdict).toBe('refuted');
      expect(claim.remarks.join()).toMatch(
        /against the trend: ω = 4, N = 16 has .*N = 8 has .*training length limits it/,
      );
    });

    test('is said, and refutes nothing, where the loss on strings of length N is as high: the training loss is of shorter ones', () => {
      const claim = trend(broken);
      expect(claim.verdict).toBe('shown');
      expect(claim.remarks.join()).toMatch(/but training limits it/);
    });

    test('leaves it undecided where T = N was not tested', () => {
      const claim = trend(broken.map(cell => ({ ...cell, test: cell.test.slice(2) })));
      expect(claim.verdict).toBe('undecided');
      expect(claim.remarks.join()).toMatch(/cannot be told: T = N was not tested/);
    });
  });

  test('planted: a knob whose hardest value was not learned shows nothing', () => {
    const claim = trend(
      gridCells({
        loss: ({ omega }) => (omega === 4 ? 0.95 : 0.01 * omega),
        trainLoss: ({ omega }) => (omega === 4 ? 0.9 : 1e-6),
      }),
      'task.omega',
    );
    expect(claim).toMatchObject({
      verdict: 'undecided',
      lacks: 'needs a line of models that have all learned something',
    });
  });

  test('a model that fits short strings and fails on long ones is learned: that is the effect', () => {
    const cells = gridCells({ loss: ({ N, omega }) => (N === 4 ? 0.9 : (0.1 * omega) / N ** 2) });
    expect(trend(cells).verdict).toBe('shown');
  });

  test('are of shares of predicting the mean: what only moves with the yardstick is no rise', () => {
    const cells = gridCells({ loss: ({ omega }) => 0.01 * omega, noise: 0.3 });
    expect(trend(cells, 'task.omega').verdict).toBe('shown');
    const yardstick = { plateau: (axes: CellLine['axes']) => Number(axes['task.omega']), training: () => 1 };
    expect(trendClaim(settingsOf(cells, yardstick), 'task.omega', 'rises', 'cell')!.verdict).not.toBe(
      'shown',
    );
  });

  test('say which rows were left out for want of a plateau', () => {
    const cells = flat().map((cell, i) => (i === 0 ? { ...cell, divergedAtStep: 3 } : cell));
    const claim = trend(cells);
    expect(claim).toMatchObject({ verdict: 'shown', seeds: 24, diverged: 1 });
    expect(claim.remarks).toContain('1 of 9 rows are incomplete or repeat another and were left out');
  });
});

describe('claims of runs', () => {
  const runOf = (name: string, cells: CellLine[]): Run => ({
    folder: name,
    name,
    missing: [],
    manifest: manifestOf(cells, { name }),
    cells,
  });

  test('a cell that two figures hold is evidence once, in the larger of them', () => {
    const cells = flat();
    const some = cells.filter(({ axes }) => axes['train.length'] === 16);
    const large = runOf('large', cells);
    const claims = claimsOf([runOf('small', some), large]);
    expect([...new Set(claims.map(({ id }) => id.split('/')[0]))]).toEqual(['large']);
    const own = some.map((cell, i) => (i % 3 === 0 ? { ...cell, cell: `other ${i}` } : cell));
    const [first] = claimsOf([runOf('small', own), large]);
    expect(first).toMatchObject({
      id: 'small/plateau',
      verdict: 'undecided',
      lacks: 'needs at least 3 seeds',
    });
    expect(first!.remarks[0]).toBe('6 of its 9 cells are cells of large too, and count there');
  });

  test('of runs from before there was a choice: settings of a seed share their random numbers', () => {
    const run = runOf('old', flat());
    const { streams: _, ...experiment } = run.manifest.experiment;
    const manifest = manifestSchema.parse({ ...run.manifest, experiment });
    const floors = [run, { ...run, manifest }].map(
      own => claimsOf([own]).find(({ id }) => id === 'old/monotone-N')!.pFloor!,
    );
    // Nine blocks of three lengths, or three.
    expect(floors.map(floor => Math.round(-Math.log(floor) / Math.log(6)))).toEqual([9, 3]);
  });

  test('need a yardstick: where the experiment is not one of this version, nothing is shown', () => {
    const cells = flat();
    const run = runOf('old', cells);
    expect(claimsOf([run]).map(({ verdict }) => verdict)).toEqual(['shown', 'shown', 'shown']);
    const experiment = experimentOf(cells, 'old', { strange: 1 });
    for (const { verdict, lacks } of claimsOf([{ ...run, manifest: { ...run.manifest, experiment } }])) {
      expect(verdict).toBe('undecided');
      expect(lacks).toMatch(/predicting the mean, which is not known/);
    }
  });
});

describe('hardmax', () => {
  const attention = (mass: number, uniformity: number) => ({
    length: 256,
    sequences: 8,
    heads: [{ argmaxMass: mass, residueMass: [1 - mass, mass], uniformity }],
  });
  const verdicts = (mass: number, uniformity: number, { kind = 'mod-p', k = 1, seeds = 3 } = {}) => {
    const cells = Array.from({ length: seeds }, (_, seed) => ({
      ...cellLine({ 'train.length': 64, seed }, [0.01 + seed / 1e4]),
      attention: attention(mass + seed / 1000, uniformity + seed / 1000),
    }));
    const task = kind === 'mod-p' ? { kind, p: 2, k } : { kind, omega: 1 };
    const manifest = manifestOf(cells, { experiment: experimentOf(cells, 'x', { task } as never) });
    return claimsOf([{ folder: 'x', name: 'x', missing: [], manifest, cells }]).flatMap(({ id, verdict }) =>
      /hardmax/.test(id) ? [[id, verdict]] : [],
    );
  };

  test('is shown for attention that lies on the answer’s residue class, evenly', () => {
    expect(verdicts(0.98, 0.99)).toEqual([
      ['x/hardmax-mass', 'shown'],
      ['x/hardmax-uniform', 'shown'],
    ]);
  });

  test('is refuted for attention that spreads, is uneven, or lies on another class', () => {
    expect(verdicts(0.6, 0.99)[0]).toEqual(['x/hardmax-mass', 'refuted']);
    expect(verdicts(0.98, 0.5)[1]).toEqual(['x/hardmax-uniform', 'refuted']);
    expect(verdicts(0.98, 0.99, { k: 0 })[0]).toEqual(['x/hardmax-mass', 'refuted']);
  });

  test('wants three seeds, and is asked of ModPTask only', () => {
    expect(verdicts(0.98, 0.99, { seeds: 2 })[0]).toEqual(['x/hardmax-mass', 'undecided']);
    expect(verdicts(0.98, 0.99, { kind: 'simple' })).toEqual([]);
  });
});

describe('claims about classes are about error rates', () => {
  const SEQUENCES = 512;
  /** Cells whose losses say nothing, and which are wrong in so many of 512 sequences. */
  const wrong = (errors: (at: { N: number; omega: number; T: number; seed: number }) => number) =>
    gridCells({ loss: () => 5 }).map(cell => ({
      ...cell,
      test: cell.test.map(({ length, loss, stderr }) => {
        const at = { N: cell.axes['train.length'], omega: cell.axes['task.omega'], seed: cell.axes.seed };
        const count = errors({ ...(at as { N: number; omega: number; seed: number }), T: length });
        const exactMatch = 1 - count / SEQUENCES;
        return { length, loss, stderr, accuracy: exactMatch, exactMatch, sequences: SEQUENCES };
      }),
    }));
  const unknown = { plateau: () => undefined, training: () => undefined };
  const settings = (cells: readonly CellLine[]) => settingsOf(cells, unknown);

  test('the plateau is shown where they are flat, and refuted where they grow', () => {
    const claim = plateauClaim(settings(wrong(({ N, seed }) => 128 / N + seed)))!;
    expect(claim).toMatchObject({
      verdict: 'shown',
      lacks: null,
      statement: 'the error rate stops changing over the last octaves of the test length',
    });
    expect(claim.statistic).toMatch(/^slope of log₂ error rate an octave of T/);
    const grows = plateauClaim(settings(wrong(({ T, seed }) => Math.min(512, T / 4 + seed))))!;
    expect(grows.verdict).toBe('refuted');
    const guesses = plateauClaim(settings(wrong(({ omega, seed }) => (omega === 4 ? 300 : 10) + seed)))!;
    expect(guesses.remarks.join()).toContain(
      'not learned (at every test length above an error rate of 0.5): ω = 4',
    );
  });

  test('the trend counts seeds that are equally often right, and says error rates', () => {
    const claim = trendClaim(settings(wrong(({ N }) => 128 / N)), 'train.length', 'falls', 'cell')!;
    expect(claim).toMatchObject({ verdict: 'shown', seeds: 27 });
    expect(claim.statistic).toContain('Page’s trend of plateaus of error rates');
    const back = trendClaim(
      settings(wrong(({ N, seed }) => N ** 2 / 2 + seed)),
      'train.length',
      'falls',
      'cell',
    )!;
    expect(back.verdict).toBe('refuted');
    expect(back.remarks.join()).toMatch(/N = 16 has an error rate of 2\.5e-1/);
  });
});
