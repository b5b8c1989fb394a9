import { describe, expect, test } from 'vitest';
import { parseExperiment } from '../../../src/config/experiment.ts';
import { cellsOf } from '../../../src/plan/cells.ts';
import { InputError } from '../../../src/shared/errors.ts';
import { BASE, cells } from '../../support/grid-cells.ts';

/** The line of a path in the file of IMPOSSIBLE_SOFTMAX. */
const lineOf = (path: string) => ({ model: 4, train: 5, test: 6 })[path.split('.')[0]!];
const escaped = (text: string) => text.replace(/[[\](){}.*+?^$|\\]/g, '\\$&');

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
