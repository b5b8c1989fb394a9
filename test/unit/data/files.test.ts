import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openDataSet, readDataSet } from '../../../src/data/data-set.ts';
import { FileSource } from '../../../src/data/file-source.ts';
import { filesOf } from '../../../src/data/glob.ts';
import { type LabelledSequence, unpackRecord } from '../../../src/shared/records.ts';
import { emptyFolder } from '../../support/cli.ts';

let folder: string;
beforeEach(() => {
  folder = emptyFolder();
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'));
});
afterEach(() => vi.unstubAllEnvs());

/** Writes lines, of JSON unless they are texts already, to a file. */
function write(name: string, lines: unknown[], end = '\n'): string {
  const path = join(folder, name);
  const text = lines.map(line => (typeof line === 'string' ? line : JSON.stringify(line))).join(end);
  writeFileSync(path, `${text}${end}`);
  return path;
}

const GOOD = { tokens: [0, 1, 1], targets: [1] };
const read = (train: string[], tests: { length: number; files: string[] }[] = []) =>
  readDataSet({ train, tests });

describe('what is wrong with a file is said with its line', () => {
  test.each<[unknown, RegExp]>([
    ['{"tokens": [0, 1], "targets"', /:2: is no JSON/],
    [[1, 2], /:2: is no object/],
    [{ tokens: [0, 1] }, /:2: has no targets/],
    [{ tokens: [], targets: [1] }, /:2: tokens is an empty list/],
    [{ tokens: [0, 256], targets: [1] }, /:2: token 2 is 256: tokens are whole numbers from 0 to 255/],
    [{ tokens: [0, '1'], targets: [1] }, /:2: token 2 is "1"/],
    [{ tokens: [0, 1], targets: [0.5] }, /:2: target 1 is 0.5: classes are whole numbers/],
    [
      { tokens: [0, 1], targets: [[0.5]] },
      /:2: target 1 is \[0.5\]: a list, where the targets before were classes/,
    ],
    [{ tokens: [0, 1], targets: [1, 0, 1] }, /:2: has 3 targets for 2 tokens/],
    [
      { tokens: [0, 1], targets: [1], positions: [3] },
      /:2: position 1 is 3: the sequence has positions 1 to 2/,
    ],
    [{ tokens: [0, 1], targets: [1, 1], positions: [2, 1] }, /:2: positions must rise: 2 before 1/],
    [{ tokens: [0, 1], targets: [1, 1], positions: [2] }, /:2: has 1 positions for 2 targets/],
    [{ tokens: [0, 1], target: [1] }, /:2: unknown key "target"/],
  ])('%j', async (line, message) => {
    await expect(read([write('bad.jsonl', [GOOD, line, GOOD])])).rejects.toThrow(message);
    expect(readdirSync(join(folder, 'cache', 'lengthwise', 'data'))).toEqual([]);
  });

  test('vectors of another width', async () => {
    const file = write('bad.jsonl', [
      { tokens: [0], targets: [[1, 2]] },
      { tokens: [0], targets: [[1, 2, 3]] },
    ]);
    await expect(read([file])).rejects.toThrow(/:2: target 1 has 3 outputs, where the first target has 2/);
  });

  test('an empty file, one of blank lines, none', async () => {
    const empty = join(folder, 'empty.jsonl');
    writeFileSync(empty, '');
    await expect(read([empty])).rejects.toThrow(/empty.jsonl: is empty/);
    await expect(read([write('blank.jsonl', ['', ' '])])).rejects.toThrow(/blank.jsonl: has no sequences/);
    await expect(read([join(folder, 'none.jsonl')])).rejects.toThrow(/none.jsonl: no such file/);
    await expect(read([write('no.parquet', ['PAR'])])).rejects.toThrow(/no.parquet: is no Parquet file/);
  });

  test('a file that changes while it is read', async () => {
    const file = write('train.jsonl', [GOOD]);
    let changed = false;
    const files = {
      train: {
        *[Symbol.iterator]() {
          yield file;
        },
        length: 1,
        *entries() {
          // Between the hash and the parse.
          utimesSync(file, 1, 1);
          changed = true;
          yield [0, file];
        },
      } as unknown as string[],
      tests: [],
    };
    await expect(readDataSet(files)).rejects.toThrow(/train.jsonl: changed while it was read/);
    expect(changed).toBe(true);
  });
});

test('what is known of the files: lengths, classes, positions, and where the largest stand', async () => {
  const train = [
    write('train-0.jsonl', [GOOD, '', { tokens: [2], targets: [0] }], '\r\n'),
    write('train-1.jsonl', [{ tokens: [0, 0, 0, 5], targets: [3] }]),
  ];
  const test = write('test.jsonl', [{ tokens: [1, 1], targets: [1, 0] }]);
  const { summary, content } = await read(train, [{ length: 4, files: [test] }]);
  expect(summary).toMatchObject({
    ...{ form: 'classes', width: 1 },
    train: {
      ...{ sequences: 3, targets: 3, mostTargets: 1, last: true, every: false },
      lengths: [
        [1, 1],
        [3, 1],
        [4, 1],
      ],
      longest: { value: 4, file: 1, number: 1 },
      largestToken: { value: 5, file: 1, number: 1 },
      largestClass: { value: 3, file: 1, number: 1 },
    },
    tests: [{ length: 4, sequences: 1, last: false, every: true }],
  });
  // The same content elsewhere is the same data set, and is not read again; another line is another one.
  const moved = write('elsewhere.jsonl', [{ tokens: [0, 0, 0, 5], targets: [3] }]);
  expect((await read([train[0]!, moved], [{ length: 4, files: [test] }])).content).toBe(content);
  expect((await read([train[0]!, test], [{ length: 4, files: [test] }])).content).not.toBe(content);
});

test('stars and question marks find files, in order', async () => {
  mkdirSync(join(folder, 'data'));
  for (const name of [
    'data/b-10.jsonl',
    'data/b-2.jsonl',
    'data/a.jsonl',
    'data/.b-3.jsonl',
    'data/b+1.jsonl',
  ])
    write(name, [GOOD]);
  expect(await filesOf('data/b-*.jsonl', folder)).toEqual(['data/b-10.jsonl', 'data/b-2.jsonl']);
  expect(await filesOf('d*/?.jsonl', folder)).toEqual(['data/a.jsonl']);
  expect(await filesOf(`${folder}/data/b+*`, '/')).toEqual([`${folder}/data/b+1.jsonl`]);
  expect(await filesOf('data/c*.jsonl', folder)).toEqual([]);
  expect(await filesOf('data/c.jsonl', folder)).toEqual(['data/c.jsonl']);
});

describe('the stream of a replica', () => {
  /** Sequence i has length 1 + i % 8 and names itself by its tokens. */
  const SEQUENCES = 100;
  const lines = Array.from({ length: SEQUENCES }, (_, i) => ({
    tokens: [...Array(i % 8).fill(0), i],
    targets: [i % 3],
  }));
  const replicas = [
    { seed: 1, trainLength: 8 },
    { seed: 2, trainLength: 8 },
    { seed: 1, trainLength: 3 },
  ];
  const pack = { batch: 6, replicas };

  async function source(): Promise<FileSource> {
    const test = write('test.jsonl', lines.slice(0, 10));
    const { content } = await read([write('train.jsonl', lines)], [{ length: 8, files: [test] }]);
    return new FileSource(await openDataSet(content));
  }

  /** What each replica is fed in steps first … first + count − 1: [replica][sequence], as the last tokens name them. */
  async function fed(from: FileSource, first: number, count: number, room: number): Promise<number[][]> {
    const names: number[][] = replicas.map(() => []);
    let complete = false;
    let all: Uint32Array | undefined;
    for (let step = first; step < first + count; ) {
      const wanted = { point: null, first: step, count: first + count - step, room, complete };
      const portion = await from.portion(pack, wanted);
      all = portion.records ?? all;
      complete = portion.complete ?? complete;
      for (let i = 0; i < portion.starts.length; i++) {
        const sequence = unpackRecord(all!.subarray(portion.starts[i]!), 'classes', 1);
        names[Math.floor(i / pack.batch) % replicas.length]!.push(nameOf(sequence));
      }
      step += portion.count;
    }
    return names;
  }
  const nameOf = ({ tokens, targets }: LabelledSequence) => {
    const name = tokens[tokens.length - 1]!;
    expect([tokens.length, targets]).toEqual([(name % 8) + 1, [name % 3]]);
    return name;
  };

  test('has every sequence of at most its length once an epoch, seeds and epochs in orders of their own', async () => {
    const from = await source();
    const names = await fed(from, 0, 50, 2 ** 20);
    const epochs = (r: number, size: number) => [0, 1].map(e => names[r]!.slice(e * size, (e + 1) * size));
    const sorted = (list: number[]) => [...list].sort((a, b) => a - b);
    const everyone = lines.map((_, i) => i);
    for (const epoch of [...epochs(0, SEQUENCES), ...epochs(1, SEQUENCES)])
      expect(sorted(epoch)).toEqual(everyone);
    expect(epochs(0, SEQUENCES)[0]).not.toEqual(epochs(0, SEQUENCES)[1]);
    expect(epochs(0, SEQUENCES)[0]).not.toEqual(epochs(1, SEQUENCES)[0]);
    const short = everyone.filter(i => i % 8 < 3);
    for (const epoch of epochs(2, short.length)) expect(sorted(epoch)).toEqual(short);
    await from.close();
  });

  test('goes on anywhere, and is the same in portions of any size', async () => {
    const from = await source();
    const whole = await fed(from, 0, 40, 2 ** 20);
    // Room for a few records only: gathered step by step.
    expect(await fed(from, 0, 40, 60)).toEqual(whole);
    expect(await fed(from, 23, 17, 2 ** 20)).toEqual(whole.map(names => names.slice(23 * pack.batch)));
    await from.close();
  });

  test('tests are every sequence once, the same for every replica', async () => {
    const from = await source();
    const { starts, records } = await from.portion(pack, {
      point: 1,
      first: 0,
      count: 10,
      room: 999,
      complete: false,
    });
    const names = [...starts].map(start => nameOf(unpackRecord(records!.subarray(start), 'classes', 1)));
    expect(names.slice(0, 10).sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(names.slice(10, 20)).toEqual(names.slice(0, 10));
    expect(names.length).toBe(30);
    await from.close();
  });

  test('a training loss is of the training sequences, in an order of its own', async () => {
    const from = await source();
    const ask = { point: 0, first: 0, count: 200, room: 2 ** 20, complete: false };
    const { starts, records } = await from.portion(pack, ask);
    const names = [...starts].map(start => nameOf(unpackRecord(records!.subarray(start), 'classes', 1)));
    expect(new Set(names.slice(0, 100)).size).toBe(100);
    expect(names.slice(100, 200)).toEqual(names.slice(0, 100));
    expect(names.slice(0, 48)).not.toEqual((await fed(from, 0, 8, 2 ** 20))[0]);
    await from.close();
  });
});
