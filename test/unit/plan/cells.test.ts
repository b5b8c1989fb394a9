import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { parseExperiment } from '../../../src/config/experiment.ts';
import { type Cell, cellsOf } from '../../../src/plan/cells.ts';
import { ENGINE_HASH } from '../../../src/plan/engine-hash.ts';
import { packsOf } from '../../../src/plan/packs.ts';
import { runHash } from '../../../src/plan/plan.ts';
import { streamSeeds } from '../../../src/plan/streams.ts';
import { InputError } from '../../../src/shared/errors.ts';
import { onDevice } from '../../../src/shared/task.ts';
import { deviceSource } from '../../../src/tasks/device.ts';
import { taskOf } from '../../../src/tasks/registry.ts';
import fc from '../../support/property.ts';

const BASE = {
  name: 'x',
  task: { kind: 'k-gram', vocabulary: 3, k: 1 },
  model: { layers: 2, width: 16, attention: { precision: 'finite', bits: 8 } },
  train: { length: 8, steps: 10 },
  test: { length: [16, 32] },
  seed: 0,
};
const cells = (content: object, ...sets: string[]): Cell[] =>
  cellsOf(parseExperiment(stringify(content), 'x.yaml', sets));
/** The same with ordinary attention. */
const SOFTMAX = {
  ...BASE,
  model: { layers: 2, width: 16, attention: { rule: 'softmax', encoding: 'absolute' } },
};
const hashOf = (...sets: string[]): string => cells(BASE, ...sets)[0]!.hash;

/** The line of a path in the file of IMPOSSIBLE_SOFTMAX. */
const lineOf = (path: string) => ({ model: 4, train: 5, test: 6 })[path.split('.')[0]!];
const escaped = (text: string) => text.replace(/[[\](){}.*+?^$|\\]/g, '\\$&');

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

/** Each is one line that names the file, the line and the path. */
const IMPOSSIBLE_SOFTMAX: [attention: string, set: string, says: string | null][] = [
  [
    'rule: softmax, encoding: rope',
    'model.keyWidth=7',
    'model.keyWidth: 7 is odd: rope turns pairs of coordinates',
  ],
  ['rule: softmax, encoding: rope', 'model.keyWidth=8', null],
  ['rule: softmax, encoding: alibi', 'model.keyWidth=7', null],
  [
    'rule: softmax, encoding: absolute, maxLength: 20',
    'seed=0',
    'test.length: 32 is longer than model.attention.maxLength = 20',
  ],
  [
    'rule: softmax, encoding: absolute, maxLength: 32',
    'train.length=33',
    'train.length: 33 is longer than model.attention.maxLength = 32',
  ],
  ['rule: softmax', 'model.period=2', 'model.period: 2: softmax attention has period 1'],
  ['rule: softmax', 'model.locality=1', 'model.locality: 1: softmax attention has locality 0'],
  ['encoding: rope', 'seed=0', 'model.attention.encoding: only rule: softmax has it'],
  ['precision: finite, logScale: true', 'seed=0', 'model.attention.logScale: only rule: softmax has it'],
  ['ropeBase: 10', 'seed=0', 'model.attention.ropeBase: only rule: softmax has it'],
  ['maxLength: 64', 'seed=0', 'model.attention.maxLength: only rule: softmax has it'],
  ['rule: softmax, bits: 8', 'seed=0', 'model.attention.bits: rule: softmax has none'],
  ['rule: softmax, precision: finite', 'seed=0', 'model.attention.precision: rule: softmax has none'],
  ['rule: softmax, ropeBase: 10', 'seed=0', 'model.attention.ropeBase: only encoding rope has it'],
  [
    'rule: softmax, encoding: [none, alibi], ropeBase: [10, 100]',
    'seed=0',
    'model.attention.ropeBase: only encoding rope has it',
  ],
  ['rule: softmax, encoding: [none, rope], ropeBase: 10', 'seed=0', null],
  ['rule: softmax, maxLength: 64', 'seed=0', 'model.attention.maxLength: only encoding absolute has it'],
  ['rule: softmx', 'seed=0', 'model.attention.rule: unknown rule "softmx", did you mean softmax?'],
  [
    'rule: softmax, encoding: rop',
    'seed=0',
    'model.attention.encoding: got "rop", expected "none" or "absolute" or "rope" or "alibi": did you mean rope?',
  ],
  [
    'rule: softmax, encodng: rope',
    'seed=0',
    'model.attention.encodng: unknown key, did you mean model.attention.encoding?',
  ],
  [
    'rule: softmax, encoding: [rope, alibbi]',
    'seed=0',
    'model.attention.encoding.1: got "alibbi", expected "none" or "absolute" or "rope" or "alibi": did you mean alibi?',
  ],
  [
    'rule: softmax, encoding: rope, ropeBase: 1',
    'seed=0',
    'model.attention.ropeBase: 1 is too small: must be above 1',
  ],
  [
    'precision: infinte',
    'seed=0',
    'model.attention.precision: got "infinte", expected "infinite" or "finite": did you mean infinite?',
  ],
  ['rule: softmax', 'train.positions=9', 'train.positions: 9 positions are more than train.length = 8'],
  ['rule: softmax', 'train.positions=8', null],
  ['precision: infinite', 'train.positions=9', 'train.positions: 9 positions are more than train.length = 8'],
  ['rule: softmax', 'train.positions=0', 'train.positions: 0 is too small: must be at least 1'],
  [
    'rule: softmax',
    'train.positions=evry',
    'train.positions: got "evry", expected "last" or "every": did you mean every?',
  ],
  [
    'rule: softmax, encoding: rope',
    'train.positionOffset=random',
    'train.positionOffset: random needs encoding absolute, this one is rope',
  ],
  [
    'precision: finite',
    'train.positionOffset=random',
    'train.positionOffset: random needs encoding absolute, this one is periodic',
  ],
  ['rule: softmax, encoding: absolute', 'train.positionOffset=random', null],
  ['rule: softmax', 'model.layers=0', 'model.layers: 0 is too small: must be at least 1'],
  ['rule: softmax', 'model.layers=13', 'model.layers: 13 is too large: must be at most 12'],
  ['rule: softmax', 'model.layers=1', 'model.layers: task k-gram needs 2 layers'],
  ['precision: infinite', 'model.layers=12', null],
  ['rule: softmax', 'model.phiInit=offsets', 'model.phiInit: offsets needs a limit rule, softmax has no φ'],
  [
    'precision: infinite',
    'model.phiInit=ofsets',
    'model.phiInit: got "ofsets", expected offsets or an interval [low, high]',
  ],
  ['rule: softmax', 'model.norm=rsm', 'model.norm: got "rsm", expected "none" or "rms": did you mean rms?'],
];

describe('an impossible cell', () => {
  test.each(IMPOSSIBLE_SOFTMAX)('attention { %s }, %s: %s', (attention, set, says) => {
    const text = `name: x
task: { kind: k-gram, vocabulary: 3, k: 1 }
model:
  attention: { ${attention} }
train: { length: 8, steps: 10 }
test: { length: [16, 32] }
`;
    const plan = () => cellsOf(parseExperiment(text, 'x.yaml', [set]));
    if (says === null) expect(plan().length).toBeGreaterThan(0);
    else {
      const path = says.split(':')[0]!;
      const place = path.startsWith(set.split('=')[0]!) ? `--set ${path}` : `x.yaml:${lineOf(path)}`;
      expect(plan).toThrow(InputError);
      expect(plan).toThrow(new RegExp(`^${escaped(`${place}: ${says}`)}$`));
    }
  });

  test('is an InputError even when the rest of the grid is possible, and is named once', () => {
    const plan = () => cells(BASE, 'train.length=[8, 2, 9]', 'task.k=[1, 2]', 'seed=[0, 1]');
    expect(plan).toThrow(InputError);
    expect(plan).toThrow(
      /^--set train\.length: train\.length: 2 is too short: this task looks back k = 2[^\n]*$/,
    );
  });

  test('is not one with as many classes as an invocation can hold', () => {
    expect(cells(BASE, 'task.vocabulary=4', 'model.period=256')).toHaveLength(1);
    expect(() => cells(BASE, 'task.vocabulary=4', 'model.period=257')).toThrow(/= 1028 is more than 1024/);
  });

  test.each([
    ['model.layers=1', /model\.layers: task k-gram needs 2 layers/],
    ['model.layers=[1, 2]', null],
    ['model.locality=0', /model\.locality: task k-gram needs at least 1/],
    ['model.locality=8', /model\.locality: 8 must be below every training length \(8 is one\)/],
    ['model.attention.precision=infinite', /model\.attention\.bits: only finite precision has bits/],
    ['model.attention.precision=[finite, infinite]', /model\.attention\.bits: only finite/],
    ['train.warmup=10', /train\.warmup: 10 must be below train\.steps = 10/],
    ['model.heads=[1, 64]', null],
    ['model.period=342', /heads · vocabulary · period = 1026 is more than 1024/],
    ['model.period=341', null],
    ['train.length=4294965', /train\.length: 4294965 is longer than a sequence can be \(4294964\)/],
    ['test.length=4294965', /test\.length: 4294965 is longer/],
    ['test.length=4294964', null],
    ['model.phiInit=[1, 0.5]', /model\.phiInit: \[1, 0\.5\] is not an interval/],
    ['model.phiInit=[1, 1]', null],
    ['model.phiInit=offsets', null],
    ['task.vocabulary=256', /task\.vocabulary: 256 is too large/],
    ['task={kind: mod-p, p: 4, k: 4}', /task: k = 4 is not a residue mod p = 4/],
    ['task={kind: mod-p, p: 4, k: [0, 3]}', null],
  ])('%s', (set, says) => {
    if (says) expect(() => cells(BASE, set)).toThrow(says);
    else expect(cells(BASE, set).length).toBeGreaterThan(0);
  });
});
