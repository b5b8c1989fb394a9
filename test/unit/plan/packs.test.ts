import { describe, expect, test } from 'vitest';
import { parseExperiment } from '../../../src/config/experiment.ts';
import { cellsOf } from '../../../src/plan/cells.ts';
import { type PackSeconds, packSeconds } from '../../../src/plan/estimate.ts';
import { memoryWarning, refuseImpossible } from '../../../src/plan/limits.ts';
import { type PlannedPack, packsOf } from '../../../src/plan/packs.ts';
import fc from '../../support/property.ts';

const TEXT = `name: x
task: { kind: mod-p, p: 4, k: [0, 3] }
train: { length: [4, 16], steps: 250 }
test: { length: [16, 32], sequences: 8 }
`;
const cells = (...sets: string[]) => cellsOf(parseExperiment(TEXT, 'x.yaml', sets));
const hashes = (packs: PlannedPack[]) => packs.map(pack => pack.cells.map(cell => cell.hash));
/** What the replicas of a pack share. */
const shared = ({ pack: { replicas: _, ...rest } }: PlannedPack) => JSON.stringify(rest);

describe('what trains together', () => {
  test.each([
    'train.length=[4, 8, 99]',
    'seed=[0, 5]',
    'train.learningRate=[0.1, 0.2]',
    'data.alpha=[0.5, 3]',
  ])('%s: one pack, because a replica has its own', set => {
    const grid = cells(set);
    const packs = packsOf(grid);
    expect(hashes(packs)).toEqual([grid.map(cell => cell.hash)]);
  });

  test.each([
    'task.p=[4, 5]',
    'data.law=[dirichlet-iid, uniform-iid]',
    'model.layers=[1, 2]',
    'model.heads=[1, 2]',
    'model.width=[16, 32]',
    'model.keyWidth=[16, 32]',
    'model.mlpWidth=[0, 8]',
    'model.locality=[0, 2]',
    'model.activation=[relu, gelu]',
    'model.norm=[none, rms]',
    'model.attention={rule: softmax, encoding: [none, alibi]}',
    'model.attention={rule: softmax, logScale: [false, true]}',
    'train.positions=[last, every]',
    'train.positions=[last, 3]',
    'model.attention.precision=[infinite, finite]',
    'model.attention.scale=[0.1, 0.2]',
    'train.lengthMode=[uniform, fixed]',
    'train.steps=[100, 200]',
    'train.batch=[8, 16]',
    'train.schedule=[cosine, constant]',
    'train.warmup=[0, 9]',
    'train.clip=[1, null]',
    'train.beta1=[0.9, 0.8]',
    'train.beta2=[0.9, 0.8]',
    'train.epsilon=[1e-8, 1e-7]',
    'train.baseWidth=[16, 32]',
  ])('%s: two packs, because the dispatches differ', set => {
    const grid = cells(set);
    const packs = packsOf(grid);
    expect(packs).toHaveLength(2);
    expect(new Set(packs.map(shared)).size).toBe(2);
    expect(hashes(packs).flat().sort()).toEqual(grid.map(cell => cell.hash).sort());
  });

  test('a replica is its cell: name, seed, length, rate, α in thousandths and the knobs without the kind', () => {
    const [{ pack, cells: own }] = packsOf(cells('data.alpha=0.125', 'seed=7', 'streams=paired')) as [
      PlannedPack,
    ];
    expect(pack.replicas[3]).toEqual({
      cell: own[3]!.hash,
      seed: 7,
      trainLength: 16,
      learningRate: 0.003,
      alphaThousandths: 125,
      knobs: { p: 4, k: 3 },
      deviceKnobs: [4, 3, 0, 0],
    });
    expect(pack).toMatchObject({
      task: { source: 'device', name: 'mod-p', law: { name: 'dirichlet-iid', order: 0 } },
      logEvery: 2,
      test: { lengths: [16, 32], sequences: 8 },
    });
  });

  test('what of the positions is trained on, and where they start, is the pack’s', () => {
    const sets = [
      'model.attention={rule: softmax, encoding: absolute}',
      'train.positions=3',
      'train.positionOffset=random',
    ];
    const [{ pack }] = packsOf(cells(...sets)) as [PlannedPack];
    expect(pack).toMatchObject({ positions: 3, positionOffset: 'random' });
    expect(pack.model.attention).toMatchObject({ encoding: 'absolute', maxLength: 32 });
    expect(packsOf(cells())[0]!.pack).toMatchObject({ positions: 'last', positionOffset: 'none' });
  });

  test('finite precision without bits is not rounded', () => {
    const [{ pack }] = packsOf(cells('model.attention={precision: finite, scale: 1}')) as [PlannedPack];
    expect(pack.model.attention).toEqual({ precision: 'finite', bits: null, scale: 1 });
  });

  test('a curve has a point a hundredth, and at least one a step', () => {
    for (const [steps, every] of [
      [1, 1],
      [99, 1],
      [100, 1],
      [250, 2],
      [10000, 100],
    ] as const)
      expect(packsOf(cells(`train.steps=${steps}`))[0]!.pack.logEvery).toBe(every);
  });
});

describe('where packs are cut', () => {
  test('any grid, any budget: every cell once, in order, parts equal to within one, at most 64 replicas', () => {
    const grids = fc.record({
      seeds: fc.integer({ min: 1, max: 60 }),
      share: fc.double({ min: 0.01, max: 2, noNaN: true }),
    });
    fc.assert(
      fc.property(grids, ({ seeds, share }) => {
        const grid = cells(`seed=${JSON.stringify([...Array(seeds).keys()])}`);
        const [{ bytes }] = packsOf(grid.slice(0, 1)) as [PlannedPack];
        const budget = share * 64 * bytes;
        const packs = packsOf(grid, { budgetBytes: budget });
        const sizes = packs.map(({ pack }) => pack.replicas.length);
        expect(hashes(packs).flat()).toEqual(grid.map(cell => cell.hash));
        expect(Math.max(...sizes)).toBeLessThanOrEqual(64);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(Math.max(1, packs.length - 1));
        for (const pack of packs) {
          expect(pack.pack.replicas.map(replica => replica.cell)).toEqual(pack.cells.map(cell => cell.hash));
          expect(pack.bytes <= budget || pack.cells.length === 1).toBe(true);
        }
        expect(new Set(packs.map(shared)).size).toBe(1);
      }),
      { numRuns: 40 },
    );
  });

  test('64 replicas are one pack, 65 are 33 and 32', () => {
    const sizes = (count: number) => {
      const grid = cells('task.k=0', 'train.length=4', `seed=${JSON.stringify([...Array(count).keys()])}`);
      return packsOf(grid).map(({ pack }) => pack.replicas.length);
    };
    expect(sizes(64)).toEqual([64]);
    expect(sizes(65)).toEqual([33, 32]);
    expect(sizes(129)).toEqual([43, 43, 43]);
  });

  test('a cell that alone is over the budget still has its pack', () => {
    expect(packsOf(cells(), { budgetBytes: 1 }).map(({ pack }) => pack.replicas.length)).toEqual([
      1, 1, 1, 1,
    ]);
  });

  test('cells that go on at different steps train apart, those at the same step together, wherever they were', () => {
    const grid = cells('seed=[0, 1]');
    const steps = new Map(grid.map((cell, i) => [cell.hash, [0, 90, 0, 90, 120, 0, 0, 90][i]!]));
    const packs = packsOf(grid, { stepOf: hash => steps.get(hash)! });
    expect(packs.map(pack => pack.cells.map(cell => grid.indexOf(cell)))).toEqual([
      [0, 2, 5, 6],
      [1, 3, 7],
      [4],
    ]);
  });

  test('no cells, no packs', () => {
    expect(packsOf([])).toEqual([]);
  });

  test('memory grows with batch, width and, in two layers, with length', () => {
    const bytes = (...sets: string[]) =>
      packsOf(cells('task.k=0', 'train.length=64', ...sets)).reduce((sum, pack) => sum + pack.bytes, 0);
    expect(bytes('train.batch=512')).toBeGreaterThan(bytes());
    expect(bytes('model.width=64')).toBeGreaterThan(bytes());
    expect(bytes('model.layers=2', 'train.length=128')).toBeGreaterThan(1.5 * bytes('model.layers=2'));
  });
});

describe('time estimate', () => {
  const estimate = (...sets: string[]) => {
    const all = packsOf(cells(...sets)).map(({ pack }) => packSeconds(pack));
    const total = (part: keyof PackSeconds) => all.reduce((sum, seconds) => sum + seconds[part], 0);
    return { train: total('train'), test: total('test'), theory: total('theory') };
  };

  test('is proportional to steps and to cells', () => {
    const once = estimate();
    expect(once.train).toBeGreaterThan(0);
    expect(once.test).toBeGreaterThan(0);
    expect(once.theory).toBeGreaterThan(0);
    const twice = estimate('train.steps=500');
    expect(twice.train).toBeCloseTo(2 * once.train, 10);
    expect(twice.test).toBeCloseTo(once.test, 10);
    const thrice = estimate('seed=[0, 1, 2]');
    for (const part of ['train', 'test', 'theory'] as const)
      expect(thrice[part]).toBeCloseTo(3 * once[part], 10);
  });

  test.each(['model.width=256', 'model.heads=4', 'model.layers=2', 'model.mlpWidth=1024'])(
    'is longer with %s',
    set => {
      const [small, large] = [estimate(), estimate(set)];
      for (const part of ['train', 'test', 'theory'] as const)
        expect(large[part]).toBeGreaterThan(small[part]);
    },
  );
});

describe('device memory', () => {
  test('that no adapter has is refused, much of it warned of', () => {
    const packs = (...sets: string[]) => packsOf(cells('task.k=0', ...sets));
    expect(() => refuseImpossible(packs())).not.toThrow();
    expect(memoryWarning(packs())).toBeUndefined();
    const large = packs('model.layers=2', 'train.length=20000', 'train.batch=256');
    expect(() => refuseImpossible(large)).not.toThrow();
    expect(memoryWarning(large)).toMatch(
      /MiB of device memory in training \(256 sequences of up to 20000 tokens a step\): many/,
    );
    expect(() =>
      refuseImpossible(packs('model.layers=2', 'train.length=1000000', 'train.batch=4096')),
    ).toThrow(/takes [\d,]+ MiB of device memory in training .*, more than any adapter has/);
  });
});
