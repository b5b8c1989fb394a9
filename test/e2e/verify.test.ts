import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { CellLine } from '../../src/results/schema.ts';
import { expectComplaint } from '../support/bad-input.ts';
import { cellLine } from '../support/cells.ts';
import { cli, cliHere, emptyFolder } from '../support/cli.ts';
import { writeRun } from '../support/results.ts';

/** What docs/results.md says `verify --json` prints. */
const contract = z.object({
  claims: z.array(
    z.object({
      id: z.string(),
      statement: z.string(),
      statistic: z.string(),
      value: z.number().nullable(),
      interval: z.tuple([z.number().nullable(), z.number().nullable()]).nullable(),
      threshold: z.number(),
      verdict: z.enum(['shown', 'refuted', 'undecided']),
      holds: z.boolean(),
      seeds: z.int(),
      pValue: z.number().nullable(),
      pFloor: z.number().nullable(),
    }),
  ),
});

/** A grid that obeys the paper, times `factor`; seeds differ a little. */
function cells(factor = 1, seeds = [0, 1, 2], tail = 1): CellLine[] {
  return [1, 2].flatMap(omega =>
    [4, 8, 16, 32].flatMap(N =>
      seeds.map(seed => {
        const loss = factor * (omega / N) ** 2 * (1 + seed / 20);
        return cellLine(
          { 'task.omega': omega, 'train.length': N, seed },
          Array.from({ length: 7 }, (_, octave) => loss * tail ** octave),
        );
      }),
    ),
  );
}
const verify = (...args: string[]) => cliHere(['verify', ...args]);
const run = (content: CellLine[], changes = {}) => writeRun(join(emptyFolder(), 'run'), content, changes);

describe('lengthwise verify', () => {
  test('says which claims are shown, as a table and by the contract’s JSON', async () => {
    const folder = run(cells());
    const text = await cli(['verify', folder]);
    expect(text.code).toBe(0);
    expect(text.stdout).toMatch(/made-up\/monotone-N +│ shown/);
    expect(text.stdout).toMatch(/N\*\(ε\)/);
    expect(text.stdout).toMatch(/3 claims: 3 shown/);
    const { code, stdout } = await verify(folder, '--json');
    expect(code).toBe(0);
    const { claims } = contract.parse(JSON.parse(stdout));
    expect(claims.map(({ id, verdict, holds }) => [id, verdict, holds])).toEqual([
      ['made-up/plateau', 'shown', true],
      ['made-up/monotone-N', 'shown', true],
      ['made-up/monotone-omega', 'shown', true],
    ]);
  });

  test('exit code 1, the claim named, when one is refuted', async () => {
    const { code, stdout, stderr } = await cli(['verify', run(cells(1, [0, 1, 2], 2))]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/made-up\/plateau +│ refuted/);
    expect(stderr).toMatch(/not shown: made-up\/plateau \(refuted\)/);
  });

  test('several runs below one folder are decided one by one', async () => {
    const root = emptyFolder();
    writeRun(join(root, 'a', '1'), cells(), { name: 'a' });
    const others = cells().map(line => ({ ...line, cell: `${line.cell}x` }));
    writeRun(join(root, 'b', '2'), others, { name: 'b' });
    const { claims } = JSON.parse((await verify(root, '--json')).stdout);
    expect(claims.map(({ id }: { id: string }) => id.split('/')[0])).toEqual(['a', 'a', 'a', 'b', 'b', 'b']);
  });

  test('runs of one name are told apart by their hash', async () => {
    const root = emptyFolder();
    writeRun(join(root, 'a', '1'), cells(), { name: 'a', run: '11111111' });
    const other = cells().map(line => ({ ...line, cell: `${line.cell}x` }));
    writeRun(join(root, 'a', '2'), other, { name: 'a', run: '22222222' });
    const { claims } = JSON.parse((await verify(root, '--json')).stdout);
    const names = claims.map(({ id }: { id: string }) => id.split('/')[0]);
    expect([...new Set(names)]).toEqual(['a@11111111', 'a@22222222']);
  });

  test('a torn tail and unfinished cells are said, and the rest is decided', async () => {
    const folder = run(cells(), { cells: 30 });
    appendFileSync(join(folder, 'cells.jsonl'), '{"cell":"torn');
    const { code, stderr } = await verify(folder);
    expect(code).toBe(0);
    expect(stderr).toMatch(/made-up: the last line of cells.jsonl is torn \(13 bytes\) and was not read/);
    expect(stderr).toMatch(/made-up: 6 of 30 cells are not finished/);
  });

  test('diverged cells are counted, not dropped silently', async () => {
    const diverged = cells(1, [0, 1, 2, 3]).map((cell, i) =>
      i === 0 ? { ...cell, divergedAtStep: 7 } : cell,
    );
    const { stdout, stderr } = await verify(run(diverged));
    expect(stderr).toMatch(/1 of 32 cells diverged/);
    expect(stdout).toMatch(/31 \(1 without\)/);
  });

  test('a thousand cells of twelve lengths, and it says how long they took', async () => {
    const many = Array.from({ length: 10 }, (_, omega) =>
      [4, 8, 16, 32, 64].flatMap(N =>
        Array.from({ length: 20 }, (_, seed) =>
          cellLine(
            { 'task.omega': omega + 1, 'train.length': N, seed },
            Array(12).fill(0.02 * ((omega + 1) / N) ** 2 * (1 + seed / 50)),
          ),
        ),
      ),
    ).flat();
    const began = performance.now();
    const { code, stdout } = await verify(run(many), '--json');
    expect(JSON.parse(stdout).claims).toHaveLength(3);
    expect(code).toBe(0);
    console.info(`verify on ${many.length} cells: ${((performance.now() - began) / 1000).toFixed(1)} s`);
  });
});

describe('verify --baseline', () => {
  test('passes on equal results, fails on worse ones, and takes its own JSON for a baseline', async () => {
    const [good, worse] = [run(cells()), run(cells(1.8))];
    expect((await verify(good, '--baseline', good)).code).toBe(0);
    const failed = await verify(worse, '--baseline', good);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(/not shown: .*baseline \(refuted\)/);
    expect(failed.stdout).toMatch(/1\.80 times the baseline’s/);
    const json = join(emptyFolder(), 'baseline.json');
    writeFileSync(json, (await verify(good, '--json')).stdout);
    expect((await verify(worse, '--baseline', json)).code).toBe(1);
    expect((await verify(good, '--baseline', json)).code).toBe(0);
    // Better is no failure, and neither is what lies within the seeds' spread.
    expect((await verify(run(cells(0.5)), '--baseline', good)).code).toBe(0);
    expect((await verify(run(cells(1.01)), '--baseline', good)).code).toBe(0);
  });

  test('a plateau that is gone is worse', async () => {
    const lost = cells().map(cell =>
      cell.axes['train.length'] === 4 ? { ...cell, divergedAtStep: 1 } : cell,
    );
    const { code, stdout } = await verify(run(lost), '--baseline', run(cells()));
    expect(code).toBe(1);
    expect(stdout).toMatch(/has no plateau any more/);
  });
});

describe('bad input', () => {
  const empty = emptyFolder();
  const file = join(empty, 'file');
  writeFileSync(file, '');
  test.each([
    ['no such folder', ['nowhere'], /nowhere: no such folder/],
    ['a file', [file], /file: not a folder/],
    ['a folder without runs', [empty], /no run in it \(no manifest\.json\)/],
    ['a missing argument', [], /missing required argument/],
  ])('%s', async (_, args, says) => {
    expectComplaint(await verify(...args), says);
  });

  test('a manifest that is none', async () => {
    const folder = join(emptyFolder(), 'x');
    mkdirSync(folder);
    writeFileSync(join(folder, 'manifest.json'), '{"name": 1}');
    expectComplaint(await verify(folder), /manifest\.json: not a manifest of lengthwise/);
    writeFileSync(join(folder, 'manifest.json'), '{');
    expectComplaint(await verify(folder), /manifest\.json: not a manifest of lengthwise/);
  });

  test('a damaged line in the middle of cells.jsonl', async () => {
    const folder = run(cells());
    const lines = readFileSync(join(folder, 'cells.jsonl'), 'utf8').split('\n');
    lines[3] = '{"cell": 1}';
    writeFileSync(join(folder, 'cells.jsonl'), lines.join('\n'));
    expectComplaint(await verify(folder), /cells\.jsonl:4/);
  });

  test('a run without cells', async () => {
    expectComplaint(await verify(run([], { cells: 4 })), /no cell is finished/);
  });

  test('baselines that are none, or of another experiment', async () => {
    const folder = run(cells());
    expectComplaint(await verify(folder, '--baseline', 'nowhere.json'), /nowhere\.json/);
    expectComplaint(await verify(folder, '--baseline', file), /is no baseline/);
    const other = run(cells(), { name: 'other' });
    expectComplaint(await verify(folder, '--baseline', other), /no setting with a plateau in common/);
  });
});
