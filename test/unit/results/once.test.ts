import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { modelFileOf, readRuns } from '../../../src/results/runs.ts';
import type { Manifest } from '../../../src/results/schema.ts';
import { modelPath } from '../../../src/results/store.ts';
import { cellLine } from '../../support/cells.ts';
import { emptyFolder } from '../../support/cli.ts';
import { writeRun } from '../../support/results.ts';

const cell = (length: number, seed: number) => cellLine({ 'train.length': length, seed }, [0.1, 0.1]);
const grid = (seeds: number[]) => [4, 8].flatMap(length => seeds.map(seed => cell(length, seed)));

/** Runs of folders `a`, `b`, …: how many cells each counts, by name, and what is said of it. */
async function counted(...runs: { cells: ReturnType<typeof grid>; manifest?: Partial<Manifest> }[]) {
  const root = emptyFolder();
  runs.forEach(({ cells, manifest }, i) => {
    const run = 'abcdefgh'[i]!;
    writeRun(join(root, 'made-up', run), cells, { run, ...manifest });
  });
  const read = await readRuns(root);
  return Object.fromEntries(
    read.runs.map(({ name, cells, manifest, missing }) => [
      name,
      {
        cells: cells.length,
        of: manifest.cells,
        missing: missing.filter(line => line.includes('once')).map(line => line.replaceAll(root, '')),
      },
    ]),
  );
}

test('a narrower grid beside a wider one adds nothing, and that is said', async () => {
  expect(await counted({ cells: grid([0, 1]) }, { cells: grid([0, 1, 2]) })).toEqual({
    'made-up': {
      cells: 6,
      of: 6,
      missing: ['4 of its cells also lie in /made-up/a; each is counted once'],
    },
  });
});

test('grids that overlap are one run, those that do not stay apart', async () => {
  const overlapping = await counted({ cells: grid([0, 1]) }, { cells: grid([1, 2]) });
  expect(overlapping).toMatchObject({ 'made-up': { cells: 6 } });
  const apart = await counted({ cells: grid([0]) }, { cells: grid([1]) });
  expect(apart).toMatchObject({ 'made-up@a': { cells: 2 }, 'made-up@b': { cells: 2 } });
});

test('a model is found in the folder of the run that has it', async () => {
  const root = emptyFolder();
  const made = { a: grid([0, 1]), b: grid([1, 2, 3]) };
  for (const [name, cells] of Object.entries(made)) writeRun(join(root, name), cells);
  const [run, ...more] = (await readRuns(root)).runs;
  expect(more).toEqual([]);
  expect(run!.folder).toBe(join(root, 'b'));
  expect(run!.others).toEqual([join(root, 'a')]);
  const { cell } = made.a[0]!;
  expect(modelFileOf(run!, cell)).toBe(modelPath(join(root, 'b'), cell));
  mkdirSync(join(root, 'a', 'models'));
  writeFileSync(modelPath(join(root, 'a'), cell), 'a model');
  expect(modelFileOf(run!, cell)).toBe(modelPath(join(root, 'a'), cell));
});

test('shards of one grid are one run of all their cells, with what they were merged into, too', async () => {
  const shard = (seed: number) => ({
    cells: grid([seed]),
    manifest: { grid: 'g', engine: 'e', shard: `${seed + 1}/3` },
  });
  expect(await counted(shard(0), shard(1), shard(2))).toMatchObject({ 'made-up': { cells: 6, of: 6 } });
  const merged = { cells: grid([0, 1, 2]), manifest: { grid: 'g', engine: 'e' } };
  expect(await counted(shard(0), merged, shard(1))).toMatchObject({ 'made-up': { cells: 6, of: 6 } });
});

test('a cell that a grid of other axes has, too, counts in the larger', async () => {
  const rated = grid([0, 1]).map(line => ({ ...line, axes: { 'train.learningRate': 0.01, ...line.axes } }));
  expect(await counted({ cells: rated }, { cells: grid([1, 2, 3]) })).toMatchObject({
    'made-up@a': { cells: 2 },
    'made-up@b': { cells: 6 },
  });
});
