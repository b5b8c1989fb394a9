import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseExperiment } from '../../../src/config/experiment.ts';
import { readRuns } from '../../../src/results/runs.ts';
import { sealed } from '../../../src/results/seal.ts';
import { InputError } from '../../../src/shared/errors.ts';
import { mergeRuns } from '../../../src/sweep/merge.ts';
import { runSweep } from '../../../src/sweep/sweep.ts';
import { emptyFolder } from '../../support/cli.ts';
import { fakeSession } from '../../support/fake-session.ts';

const EXPERIMENT = parseExperiment(
  `name: tiny
task: { kind: simple, omega: 2 }
model: { width: 4, mlpWidth: 4 }
train: { length: [4, 8], steps: 10, batch: 2 }
test: { length: [8, 32], sequences: 2 }
seed: [0, 1]
`,
  'tiny.yaml',
);
const quiet = () => {};
const run = (out: string, shard?: { index: number; count: number }) =>
  runSweep(
    EXPERIMENT,
    {
      ...{ out, fresh: false, workers: 1, adapter: 'auto', shard },
      maker: { command: 'test', version: '0' },
      theory: undefined,
      open: async () => fakeSession(),
    },
    { say: quiet, planned: quiet, begun: quiet, progress: quiet, theory: quiet },
  );

const whole = emptyFolder();
const shards = [1, 2, 3].map(() => emptyFolder());
let folder: string;
beforeAll(async () => {
  ({ folder } = await run(whole));
  for (const [i, out] of shards.entries()) await run(out, { index: i + 1, count: 3 });
});
const cellsOf = async (at: string) => {
  const { runs } = await readRuns(at);
  return runs
    .flatMap(({ cells }) => cells.map(({ from: _, seconds: __, ...cell }) => cell))
    .sort((a, b) => (a.cell < b.cell ? -1 : 1));
};
const files = (at: string) =>
  readdirSync(join(at, 'models'))
    .sort()
    .map(name => [name, readFileSync(join(at, 'models', name), 'hex')]);

describe('merging', () => {
  test('shards gives the run of the whole grid, every cell once; again, it adds nothing', async () => {
    const out = emptyFolder();
    const [merged] = await mergeRuns([...shards, shards[0]!], out, quiet);
    expect(merged).toMatchObject({ name: 'tiny', cells: 4, of: 4, added: 4, conflicts: [] });
    expect(merged!.folder.slice(out.length)).toBe(folder.slice(whole.length));
    expect(await cellsOf(out)).toEqual(await cellsOf(whole));
    expect(files(merged!.folder)).toEqual(files(folder));
    const curves = (at: string) =>
      readFileSync(join(at, 'curves.jsonl'), 'utf8').trimEnd().split('\n').sort();
    expect(curves(merged!.folder)).toEqual(curves(folder));
    expect(JSON.parse(readFileSync(join(merged!.folder, 'manifest.json'), 'utf8'))).not.toHaveProperty(
      'shard',
    );
    expect(await mergeRuns([whole, ...shards], out, quiet)).toMatchObject([
      { added: 0, cells: 4, conflicts: [] },
    ]);
  });

  test('some of the shards says how many cells there are of how many', async () => {
    const [merged] = await mergeRuns(shards.slice(1), emptyFolder(), quiet);
    expect(merged!.of).toBe(4);
    expect(merged!.cells).toBeLessThan(4);
  });

  test('a cell with other numbers elsewhere is reported, and the first stays', async () => {
    const other = emptyFolder();
    const { folder: there } = await run(other);
    const path = join(there, 'trained.jsonl');
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    const { crc: _, ...changed } = JSON.parse(lines[0]!);
    writeFileSync(
      path,
      sealed({ ...changed, trainLoss: 0.123 }) +
        lines
          .slice(1)
          .map(line => `${line}\n`)
          .join(''),
    );
    const out = emptyFolder();
    const [merged] = await mergeRuns([whole, other], out, quiet);
    expect(merged!.conflicts).toMatchObject([
      { cell: changed.cell, kept: { folder }, other: { folder: there } },
    ]);
    expect(await cellsOf(out)).toEqual(await cellsOf(whole));
  });

  test('what is no run is an error', async () => {
    await expect(mergeRuns([emptyFolder()], emptyFolder(), quiet)).rejects.toThrow(InputError);
  });
});
