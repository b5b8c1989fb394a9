import { expect, test } from 'vitest';
import { answerText, remarksText } from '../../../src/cli/answer.ts';
import { cellLine } from '../../support/cells.ts';

const yardstick = { plateau: () => 0.6, training: () => 0.5 };

test('the least training length whose plateau is small enough, a line a setting', () => {
  const cells = [
    cellLine({ 'task.omega': 2, 'train.length': 4 }, [0.05]),
    cellLine({ 'task.omega': 2, 'train.length': 8 }, [0.01]),
    cellLine({ 'task.omega': 8, 'train.length': 4 }, [0.5]),
    cellLine({ 'task.omega': 8, 'train.length': 8 }, [0.2]),
  ];
  const text = answerText(cells, [0.1, 0.02]);
  expect(text).toContain('The least N of 4, 8');
  expect(text).toContain('\n  ω = 2: 4, the shortest trained, for a plateau ≤ 0.1\n');
  expect(text).toContain('\n  ω = 2: 8, for a plateau ≤ 0.02\n');
  expect(text).toContain('\n  ω = 8: more than 8, the longest trained, for a plateau ≤ 0.1\n');
});

test('of many settings a few are named', () => {
  const cells = Array.from({ length: 40 }, (_, omega) =>
    cellLine({ 'task.omega': omega, 'train.length': 4 }, [0.05]),
  );
  expect(answerText(cells, [0.1]).split('\n').length).toBeLessThan(20);
  expect(answerText(cells, [0.1])).toMatch(/… and 28 more$/);
});

test('a training loss far above that of predicting the mean gets a remark, and what to do', () => {
  const wild = [4, 8, 16, 32].map(N => ({ ...cellLine({ 'train.length': N }, [1e4]), trainLoss: 5e3 }));
  const [remark] = remarksText(wild, yardstick);
  expect(remark).toMatch(/N = 4; N = 8; N = 16 and 1 more: its\s+loss ended at up to 1\.0e\+4 times/);
  expect(remark).toContain('Lower train.learningRate');
  const fine = { ...cellLine({ 'train.length': 4 }, [0.4]), trainLoss: 0.01 };
  expect(remarksText([fine], yardstick)).toEqual([]);
  const unknown = { plateau: () => undefined, training: () => undefined };
  expect(remarksText(wild, unknown)).toEqual([expect.stringMatching(/^Limited by training/)]);
});

test('a plateau that training may limit, and not its length, is named', () => {
  const cells = [4, 8].map(N => ({
    ...cellLine({ 'train.length': N }, [0.1]),
    trainLoss: N === 4 ? 0.009 : 0.011,
  }));
  const [remark, ...more] = remarksText(cells, yardstick);
  expect(remark).toMatch(
    /^Limited by training, whose loss is above 0\.1 of the plateau: N = 8\. More train\.steps/,
  );
  expect(more).toEqual([]);
});
