import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { parseExperiment } from '../../../src/config/experiment.ts';
import { cellsOf } from '../../../src/plan/cells.ts';
import { ENGINE_HASH } from '../../../src/plan/engine-hash.ts';
import { packsOf } from '../../../src/plan/packs.ts';
import { runHash } from '../../../src/plan/plan.ts';
import { streamSeeds } from '../../../src/plan/streams.ts';
import { onDevice } from '../../../src/shared/task.ts';
import { deviceSource } from '../../../src/tasks/device.ts';
import { taskOf } from '../../../src/tasks/registry.ts';
import { BASE, cells } from '../../support/grid-cells.ts';
import fc from '../../support/property.ts';

/** The same with ordinary attention. */
const SOFTMAX = {
  ...BASE,
  model: { layers: 2, width: 16, attention: { rule: 'softmax', encoding: 'absolute' } },
};
const hashOf = (...sets: string[]): string => cells(BASE, ...sets)[0]!.hash;

/** Paths of the scalars and lists of a cell's configuration. */
function leaves(node: unknown, path: string[] = []): string[] {
  if (typeof node !== 'object' || node === null || Array.isArray(node)) return [path.join('.')];
  return Object.entries(node).flatMap(([key, child]) => leaves(child, [...path, key]));
}

/** One change a field. Two paths change together where a task or a task's default decides the field. */
const CHANGES: [path: string, ...sets: string[]][] = [
  ['task.kind', 'task={kind: mod-p, p: 3, k: 1}'],
  ['task.vocabulary', 'task.vocabulary=4'],
  ['task.k', 'task.k=2'],
  ['data.law', 'data.law=uniform-iid'],
  ['data.alpha', 'data.alpha=0.5'],
  ['model.layers', 'task={kind: simple, omega: 1}', 'model.layers=1'],
  ['model.heads', 'model.heads=2'],
  ['model.width', 'model.width=32'],
  ['model.keyWidth', 'model.keyWidth=8'],
  ['model.mlpWidth', 'model.mlpWidth=0'],
  ['model.vocabulary', 'task.vocabulary=5'],
  ['model.period', 'model.period=2'],
  ['model.locality', 'model.locality=3'],
  ['model.outputs', 'task={kind: mod-p, p: 1, k: 0}'],
  ['model.activation', 'model.activation=gelu'],
  ['model.norm', 'model.norm=rms'],
  ['model.phiInit', 'model.phiInit=[0, 0.5]'],
  ['model.attention.precision', 'model.attention={precision: infinite}'],
  ['model.attention.bits', 'model.attention.bits=9'],
  ['model.attention.scale', 'model.attention.scale=0.7'],
  ['train.length', 'train.length=9'],
  ['train.lengthMode', 'train.lengthMode=fixed'],
  ['train.positions', 'train.positions=every'],
  ['train.steps', 'train.steps=11'],
  ['train.batch', 'train.batch=255'],
  ['train.learningRate', 'train.learningRate=0.004'],
  ['train.schedule', 'train.schedule=constant'],
  ['train.warmup', 'train.warmup=1'],
  ['train.clip', 'train.clip=null'],
  ['train.beta1', 'train.beta1=0.8'],
  ['train.beta2', 'train.beta2=0.99'],
  ['train.epsilon', 'train.epsilon=1e-7'],
  ['train.baseWidth', 'train.baseWidth=16'],
  ['train.loss', 'train.loss=cross-entropy'],
  ['test.length', 'test.length=[16, 64]'],
  ['test.sequences', 'test.sequences=4095'],
  ['seed', 'seed=1'],
  ['streams', 'streams=paired'],
];

/** The fields that only softmax has, beside SOFTMAX. */
const SOFTMAX_CHANGES: [path: string, ...sets: string[]][] = [
  ['train.positionOffset', 'train.positionOffset=random'],
  ['model.attention.encoding', 'model.attention.encoding=alibi'],
  ['model.attention.logScale', 'model.attention.logScale=true'],
  ['model.attention.maxLength', 'model.attention.maxLength=33'],
  ['model.attention.ropeBase', 'model.attention={rule: softmax, encoding: rope, ropeBase: 500}'],
  ['model.attention.rule', 'model.attention={precision: infinite}'],
];

describe('the name of a cell', () => {
  test.each(SOFTMAX_CHANGES)('changes with %s under softmax', (_, ...sets) => {
    const [cell] = cells(SOFTMAX, ...sets);
    expect(cell!.hash).not.toBe(cells(SOFTMAX)[0]!.hash);
  });

  test.each(CHANGES)('changes with %s', (_, ...sets) => {
    expect(hashOf(...sets)).not.toBe(hashOf());
    expect(hashOf(...sets)).toBe(hashOf(...sets));
  });

  test('changes with the WGSL that draws and labels, but for its comments; random streams do not', () => {
    const experiment = parseExperiment(stringify(BASE), 'x.yaml');
    const [here] = cellsOf(experiment);
    const { wgsl } = onDevice(packsOf([here!])[0]!.pack.task);
    expect(deviceSource({ ...taskOf('k-gram'), wgsl: `// said\n${wgsl}` }, 'dirichlet-markov')).toBe(
      deviceSource(taskOf('k-gram'), 'dirichlet-markov'),
    );
    const [other] = cellsOf(experiment, { engine: ENGINE_HASH, sources: { 'dirichlet-markov': 'abc' } });
    expect(other!.config.source).toBe('abc');
    expect(other!.hash).not.toBe(here!.hash);
    const seedOf = streamSeeds();
    expect(seedOf(other!.config)).toBe(seedOf(here!.config));
  });

  test('every field that decides a result is in that table, and no two changes meet', () => {
    // It takes softmax to change where positions start.
    const paths = [...CHANGES.map(([path]) => path), 'source', 'train.positionOffset'];
    expect(paths.sort()).toEqual(leaves(cells(BASE)[0]!.config).sort());
    const rope = cells(SOFTMAX, 'model.attention.encoding=rope')[0]!.config;
    const all = new Set([...leaves(cells(SOFTMAX)[0]!.config), ...leaves(rope)]);
    const softmax = SOFTMAX_CHANGES.map(([path]) => path);
    expect([...all].filter(path => !paths.includes(path)).sort()).toEqual(
      softmax.filter(path => path !== 'train.positionOffset').sort(),
    );
    const hashes = CHANGES.map(([, ...sets]) => hashOf(...sets));
    expect(new Set(hashes).size).toBe(CHANGES.length);
  });

  test.each([
    'name=another',
    'epsilon=[0.5, 0.25]',
    'train.batch=256',
    'data={alpha: 1}',
    'model.phiInit=[0, 1]',
    'model.locality=1',
    'train.positions=last',
    'model.norm=none',
  ])('stays with %s: no result depends on it, or it is the default', set => {
    expect(hashOf(set)).toBe(hashOf());
  });

  test('each way for φ to start is a cell of its own', () => {
    const starts = ['[0, 1]', '[0, 0.5]', 'offsets'].map(start => hashOf(`model.phiInit=${start}`));
    expect(new Set(starts).size).toBe(3);
  });

  test('the order of keys in the file never matters', () => {
    const orders = fc.tuple(
      fc.shuffledSubarray(Object.entries(BASE), { minLength: Object.keys(BASE).length }),
      fc.shuffledSubarray(Object.entries(BASE.model), { minLength: Object.keys(BASE.model).length }),
      fc.shuffledSubarray(Object.entries(BASE.task), { minLength: Object.keys(BASE.task).length }),
    );
    fc.assert(
      fc.property(orders, ([file, model, task]) => {
        const shuffled = Object.fromEntries(
          file.map(([key, value]) => {
            if (key === 'model') return [key, Object.fromEntries(model)];
            return [key, key === 'task' ? Object.fromEntries(task) : value];
          }),
        );
        expect(cells(shuffled)[0]!.hash).toBe(hashOf());
      }),
      { numRuns: 50 },
    );
  });

  test('seeds and learning rates give names of their own', () => {
    const [seeds, rates] = [fc.uniqueArray(fc.nat(), { minLength: 2, maxLength: 9 }), [0.1, 0.01, 0.001]];
    fc.assert(
      fc.property(seeds, list => {
        const grid = cells(
          BASE,
          `seed=${JSON.stringify(list)}`,
          `train.learningRate=${JSON.stringify(rates)}`,
        );
        expect(grid).toHaveLength(list.length * rates.length);
        expect(new Set(grid.map(cell => cell.hash)).size).toBe(grid.length);
      }),
      { numRuns: 20 },
    );
  });
});

describe('the grid', () => {
  test('the last axis varies fastest, values in the order of the file', () => {
    const grid = cells(BASE, 'seed=[7, 3]', 'train.length=[16, 4]', 'task.k=[2, 1]');
    expect(grid.map(({ axes }) => Object.values(axes))).toEqual([
      [2, 16, 7],
      [2, 16, 3],
      [2, 4, 7],
      [2, 4, 3],
      [1, 16, 7],
      [1, 16, 3],
      [1, 4, 7],
      [1, 4, 3],
    ]);
    expect(Object.keys(grid[0]!.axes)).toEqual(['task.k', 'train.length', 'seed']);
  });

  test('each cell has the values of its axes, defaults from its own task', () => {
    for (const { axes, config } of cells(BASE, 'task.k=[1, 2]', 'model.width=[16, 32]')) {
      expect(config.task.k).toBe(axes['task.k']);
      expect(config.model.locality).toBe(axes['task.k']);
      expect(config.model.width).toBe(axes['model.width']);
      expect(config.model.keyWidth).toBe(axes['model.width']);
      expect(config.model.mlpWidth).toBe(4 * Number(axes['model.width']));
      expect(config.model.attention.scale).toBe(Math.sqrt(32) / Number(axes['model.width']));
    }
  });

  test('a run is named by its cells, in whatever order the file lists them', () => {
    const run = (...sets: string[]) => runHash(cells(BASE, ...sets));
    expect(run('seed=[0, 1]')).toBe(run('seed=[1, 0]'));
    expect(run('seed=[0, 1]')).not.toBe(run('seed=[0, 2]'));
    expect(run('seed=[0, 1]')).not.toBe(run('seed=0'));
  });
});

describe('softmax attention', () => {
  const attentions = (...sets: string[]) =>
    cells(SOFTMAX, ...sets).map(({ config }) => config.model.attention);

  test('has period 1 and τ = 0 whatever the task asks of a limit rule', () => {
    expect(cells(BASE)[0]!.config.model).toMatchObject({ period: 1, locality: 1 });
    expect(cells(SOFTMAX)[0]!.config.model).toMatchObject({ period: 1, locality: 0 });
    const modP = 'task={kind: mod-p, p: 5, k: 1}';
    expect(cells(BASE, modP)[0]!.config.model.period).toBe(5);
    expect(cells(SOFTMAX, modP)[0]!.config.model.period).toBe(1);
  });

  test('has no position, no logScale and the scale of μP unless told otherwise', () => {
    const scale = Math.sqrt(32) / 16;
    expect(cells(BASE, 'model.attention={rule: softmax}')[0]!.config.model.attention).toEqual({
      rule: 'softmax',
      encoding: 'none',
      logScale: false,
      scale,
    });
  });

  test('absolute: as many rows as the longest sequence of the cell needs', () => {
    const rows = (...sets: string[]) =>
      attentions(...sets).map(attention => 'maxLength' in attention && attention.maxLength);
    expect(rows()).toEqual([32]);
    expect(rows('train.length=[8, 40]')).toEqual([32, 40]);
    expect(rows('model.attention.maxLength=99', 'train.length=[8, 40]')).toEqual([99, 99]);
  });

  test('encodings as an axis: each cell has the values of its own and no others', () => {
    const scale = Math.sqrt(32) / 16;
    const rest = { rule: 'softmax', logScale: false, scale };
    expect(attentions('model.attention.encoding=[none, absolute, rope, alibi]')).toEqual([
      { ...rest, encoding: 'none' },
      { ...rest, encoding: 'absolute', maxLength: 32 },
      { ...rest, encoding: 'rope', ropeBase: 10000 },
      { ...rest, encoding: 'alibi' },
    ]);
  });

  test('an axis of one encoding makes no more cells of another, and is null in their names', () => {
    const grid = cells(
      SOFTMAX,
      'model.attention.encoding=[none, rope]',
      'model.attention.ropeBase=[10, 100]',
    );
    expect(
      grid.map(({ axes }) => [axes['model.attention.encoding'], axes['model.attention.ropeBase']]),
    ).toEqual([
      ['none', null],
      ['rope', 10],
      ['rope', 100],
    ]);
  });

  test('a list of rules of one depth each: layers, norms, positions and logScale make a grid', () => {
    const grid = cells(
      SOFTMAX,
      'model.layers=[2, 12]',
      'model.norm=[none, rms]',
      'model.attention.logScale=[false, true]',
      'train.positions=[last, 4, every]',
    );
    expect(grid).toHaveLength(24);
    expect(new Set(grid.map(cell => cell.hash)).size).toBe(24);
  });
});
