import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { loadExperiment, parseExperiment } from '../../../src/config/experiment.ts';
import { cellsOf } from '../../../src/plan/cells.ts';
import { packsOf } from '../../../src/plan/packs.ts';
import { cliHere, emptyFolder } from '../../support/cli.ts';

let folder: string;
beforeEach(() => {
  folder = emptyFolder();
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'));
  mkdirSync(join(folder, 'data'));
  write('train-0', [{ tokens: [0, 1], targets: [1] }]);
  write('train-1', [{ tokens: [1, 0, 1], targets: [0] }]);
  write('test-4', [{ tokens: [0, 1, 0, 1], targets: [1] }]);
});
afterEach(() => vi.unstubAllEnvs());

function write(name: string, lines: object[]): void {
  const text = lines.map(line => `${JSON.stringify(line)}\n`).join('');
  writeFileSync(join(folder, 'data', `${name}.jsonl`), text);
}

const TASK = 'task: { kind: file, train: data/train-*.jsonl, test: { 4: data/test-4.jsonl } }';
const REST = 'train: { length: [2, 3] }';

async function load(task = TASK, rest = REST) {
  const file = join(folder, 'x.yaml');
  writeFileSync(file, `name: x\n${task}\n${rest}\n`);
  return loadExperiment(file);
}

test('what the files hold decides shapes, reads and test lengths', async () => {
  const cells = cellsOf(await load());
  expect(cells.map(({ axes }) => axes)).toEqual([2, 3].map(N => ({ 'train.length': N, seed: 0 })));
  expect(cells[0]!.config).toMatchObject({
    model: { vocabulary: 2, outputs: 2, period: 1, locality: 0 },
    train: { positions: 'last' },
    test: { length: [4] },
  });
  const [{ pack }] = packsOf(cells) as [ReturnType<typeof packsOf>[number]];
  expect(pack.task).toMatchObject({ source: 'host', form: 'classes', points: [{}, { sequences: 1 }] });
});

test('cells are named by the content: not by names of files, and by every line', async () => {
  const hashes = async (task = TASK) => cellsOf(await load(task)).map(({ hash }) => hash);
  const before = await hashes();
  mkdirSync(join(folder, 'moved'));
  write('../moved/a', [{ tokens: [0, 1], targets: [1] }]);
  write('../moved/b', [{ tokens: [1, 0, 1], targets: [0] }]);
  expect(await hashes(TASK.replace('data/train-*', 'moved/?'))).toEqual(before);
  write('train-1', [{ tokens: [1, 0, 1], targets: [1] }]);
  expect(new Set([...before, ...(await hashes())]).size).toBe(4);
});

test.each<[string, string, RegExp]>([
  [
    TASK.replace('train-', 'tarin-'),
    REST,
    /x\.yaml:2: task\.train: no file matches data\/tarin-\*\.jsonl in /,
  ],
  [TASK.replace('test-4', 'test-5'), REST, /data\/test-5\.jsonl: no such file/],
  [TASK.replace('4:', '3:'), REST, /test-4\.jsonl:1: 4 tokens are more than the test length 3/],
  [TASK.replace(/ }$/, ', vocabulary: 1 }'), REST, /train-0\.jsonl:1: token 1 is not in a vocabulary of 1/],
  [TASK.replace(/ }$/, ', outputs: 1 }'), REST, /train-0\.jsonl:1: class 1 is not one of 1 outputs/],
  [
    TASK,
    `${REST}\ntest: { length: 8 }`,
    /x\.yaml:4: test\.length: the test lengths of a file task are those of task\.test: 4/,
  ],
  [
    TASK,
    'train: { length: 2, positions: every }',
    /x\.yaml:3: train\.positions: the files of a file task say which/,
  ],
  [
    TASK,
    'train: { length: 2, lengthMode: fixed }',
    /x\.yaml:3: train\.lengthMode: the sequences of a file task/,
  ],
  [TASK.replace('{ 4: data/test-4.jsonl }', '{}'), REST, /x\.yaml:2: task\.test.*no test lengths/],
  [TASK.replace('4:', 'four:'), REST, /x\.yaml:2: task\.test/],
  [TASK.replace(/ }$/, ', trian: x }'), REST, /x\.yaml:2: task\.trian: unknown key/],
])('%s, %s', async (task, rest, message) => {
  await expect(load(task, rest)).rejects.toThrow(message);
});

test('a training length that no sequence fits into is an error of its line', async () => {
  const experiment = await load(TASK, 'train: { length: [1, 2] }');
  expect(() => cellsOf(experiment)).toThrow(
    /x\.yaml:3: train\.length: no sequence has at most 1 tokens, the shortest has 2/,
  );
});

test('an experiment from text alone has no cells', () => {
  const experiment = parseExperiment(`name: x\n${TASK}\n${REST}\n`, 'x.yaml');
  expect(() => cellsOf(experiment)).toThrow(/has cells once its files are read/);
});

test('a broken line ends every command with one line', async () => {
  await load();
  writeFileSync(
    join(folder, 'data', 'train-1.jsonl'),
    '{"tokens": [1, 0], "targets": [1]}\n{"tokens": [1,\n',
  );
  const { code, stderr } = await cliHere(['plan', 'x.yaml'], { cwd: folder });
  expect([code, stderr.split('\n')[0]]).toEqual([
    2,
    expect.stringMatching(/^error: data\/train-1\.jsonl:2: is no JSON/),
  ]);
});
