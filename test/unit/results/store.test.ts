import { execFile } from 'node:child_process';
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { sealed } from '../../../src/results/seal.ts';
import { readCells, Store } from '../../../src/results/store.ts';
import type { Disk } from '../../../src/shared/whole-file.ts';
import { emptyFolder } from '../../support/cli.ts';
import { fullDisk } from '../../support/disk.ts';
import { buildProgram } from '../../support/program.ts';
import { bareCell, curveOf, THEORY } from '../../support/stored.ts';

const bare = (cell: string) => bareCell(cell).line;
const line = (cell: string) => ({ ...bare(cell), ...THEORY });
const finished = (cell: string) => bareCell(cell, THEORY);
const cellsIn = (folder: string) => readFileSync(join(folder, 'cells.jsonl'), 'utf8');

async function open(folder: string, { fresh = false, disk }: { fresh?: boolean; disk?: Disk } = {}) {
  const torn: string[] = [];
  const store = await Store.open(folder, {
    fresh,
    onTorn: message => torn.push(message),
    ...(disk ? { disk } : {}),
  });
  return { store, torn };
}

/** A folder in which some cells are finished. */
async function folderOf(...cells: string[]): Promise<string> {
  const folder = emptyFolder();
  const { store } = await open(folder);
  for (const cell of cells) await store.add(finished(cell), curveOf(cell));
  await store.close();
  return folder;
}

/** Every file of a run and what is in it, its lock left out. */
function contentOf(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    names
      .filter(entry => entry.isFile() && entry.name !== '.lock')
      .map(({ parentPath, name }) => join(parentPath, name))
      .map(path => [path.slice(folder.length), readFileSync(path, 'latin1')]),
  );
}

describe('store', () => {
  test('what was added is there again, with its model and its curve', async () => {
    const folder = await folderOf('aa', 'bb');
    const { store } = await open(folder);
    expect(store.cells).toEqual([line('aa'), line('bb')]);
    await store.close();
    expect(readFileSync(join(folder, 'models', 'bb.safetensors'))).toEqual(Buffer.from([1, 2, 3]));
    expect(readFileSync(join(folder, 'curves.jsonl'), 'utf8')).toBe(
      [...curveOf('aa'), ...curveOf('bb')].map(sealed).join(''),
    );
  });

  test('a cell waits for its theory: it is safe, counted once, and finished when theory is there', async () => {
    const folder = emptyFolder();
    const first = await open(folder);
    for (const cell of ['aa', 'bb', 'cc']) await first.store.add(bareCell(cell), []);
    await first.store.addTheory('aa', THEORY);
    await first.store.failTheory('bb', 'no such margin');
    await first.store.close();
    const all = [line('aa'), { ...bare('bb'), theoryError: 'no such margin' }, bare('cc')];
    expect((await readCells(folder)).cells).toEqual(all);
    const { store } = await open(folder);
    expect(store.cells).toEqual(all);
    expect(store.waiting.map(({ cell }) => cell)).toEqual(['bb', 'cc']);
    for (const cell of ['cc', 'bb']) await store.addTheory(cell, THEORY);
    await store.close();
    expect(existsSync(join(folder, 'trained.jsonl'))).toBe(false);
    expect((await readCells(folder)).cells).toEqual(['aa', 'cc', 'bb'].map(line));
  });

  test.each(['{"cell":"bb","axes"', '\u0000\u0000'])('a torn tail %j is dropped, with a word', async tail => {
    const folder = await folderOf('aa');
    appendFileSync(join(folder, 'cells.jsonl'), tail);
    const { store, torn } = await open(folder);
    expect(torn).toEqual([expect.stringMatching(/dropped a torn last line of \d+ bytes/)]);
    await store.add(finished('cc'), []);
    await store.close();
    expect((await readCells(folder)).cells.map(cell => cell.cell)).toEqual(['aa', 'cc']);
  });

  test.each([
    ['older', sealed({ cell: 'bb', loss: 1 })],
    ['newer', sealed({ ...line('bb'), test: { 16: 0.2 } })],
  ])('a last line of an %s schema is refused, and the file is left alone', async (_, last) => {
    const folder = await folderOf('aa');
    appendFileSync(join(folder, 'cells.jsonl'), last);
    const before = contentOf(folder);
    await expect(open(folder)).rejects.toThrow(/cells\.jsonl:2: not a line that lengthwise wrote/);
    expect(contentOf(folder)).toEqual(before);
    // The lock was given back.
    expect(existsSync(join(folder, '.lock'))).toBe(false);
  });

  test('a line that was changed is refused by its number, though the index knew it', async () => {
    const folder = await folderOf('aa', 'bb');
    const damaged = cellsIn(folder).replace('"steps":10', '"steps":11');
    writeFileSync(join(folder, 'cells.jsonl'), damaged);
    await expect(open(folder)).rejects.toThrow(/cells\.jsonl:1: .*checksum/);
    await expect(readCells(folder)).rejects.toThrow(/cells\.jsonl:1: .*checksum/);
    expect(cellsIn(folder)).toBe(damaged);
  });

  test('the index is made anew when it lags behind, lies, is damaged or gone', async () => {
    const folder = await folderOf('aa', 'bb', 'cc');
    const index = join(folder, 'cells.index');
    const whole = readFileSync(index, 'utf8');
    const [shape, ...rows] = whole.split('\n');
    const others = [
      rows[0],
      shape,
      '',
      `${shape}\n${rows[1]}`,
      `${shape}\n${rows[1]}\n${rows[0]}\n${rows[2]}\n`,
    ];
    const older = whole.replace('"format":2', '"format":1');
    for (const text of ['', whole.slice(0, -9), `${whole}${rows[0]}\n`, 'x\n', older, ...others]) {
      writeFileSync(index, text!);
      expect((await readCells(folder)).cells).toEqual(['aa', 'bb', 'cc'].map(line));
      const { store } = await open(folder);
      expect(store.cells).toEqual(['aa', 'bb', 'cc'].map(line));
      await store.close();
      expect(readFileSync(index, 'utf8')).toBe(whole);
    }
    rmSync(index);
    await (await open(folder)).store.close();
    expect(readFileSync(index, 'utf8')).toBe(whole);
  });

  test('a second process is kept out', async () => {
    const folder = emptyFolder();
    const { store } = await open(folder);
    await expect(open(folder)).rejects.toThrow(/is working on this run/);
    await store.close();
    await (await open(folder)).store.close();
  });

  test('--fresh starts over, and only what is a run', async () => {
    const folder = await folderOf('aa');
    writeFileSync(join(folder, 'profile.json'), '{}');
    const { store } = await open(folder, { fresh: true });
    expect(store.cells).toEqual([]);
    await store.close();
    expect(contentOf(folder)).toEqual({ '/cells.jsonl': '', '/cells.index': '', '/curves.jsonl': '' });
    const other = emptyFolder();
    writeFileSync(join(other, 'thesis.txt'), 'x');
    await expect(open(other, { fresh: true })).rejects.toThrow(/not a lengthwise run/);
    expect(readdirSync(other)).toEqual(['thesis.txt']);
  });
});

describe('saving a cell', () => {
  let saver: string;
  beforeAll(async () => {
    saver = await buildProgram('saver');
  });

  test('killed before or after any system call: going on equals an undisturbed run', async () => {
    const undisturbed = emptyFolder();
    await promisify(execFile)(process.execPath, [saver, undisturbed, 'undisturbed']);
    const expected = contentOf(undisturbed);
    let died = 0;
    for (let place = 0; ; place++) {
      const folder = emptyFolder();
      const signal = await promisify(execFile)(process.execPath, [saver, folder, String(place)]).then(
        () => null,
        error => error.signal as string,
      );
      if (signal === null) break;
      expect(signal).toBe('SIGKILL');
      died++;
      const { store } = await open(folder);
      expect(store.has('aa')).toBe(true);
      if (!store.has('bb')) await store.add(bareCell('bb'), curveOf('bb'));
      for (const { cell } of store.waiting) await store.addTheory(cell, THEORY);
      await store.close();
      expect(contentOf(folder)).toEqual(expected);
    }
    // A model has 8 calls, a curve and two lines have 2 each; before and after each.
    expect(died).toBe(2 * (8 + 3 * 2));
  });

  test.each([/cells\.jsonl/, /curves\.jsonl/, /bb\.safetensors/])(
    'with no room left in %s, at any byte, keeps every cell before it, and nothing of its own counts',
    async name => {
      const folder = await folderOf('aa');
      const before = contentOf(folder);
      const needs = name.test('cells.jsonl') ? sealed(line('bb')) : curveOf('bb').map(sealed).join('');
      const bytes = name.test('bb.safetensors') ? 3 : Buffer.byteLength(needs);
      for (let room = 0; room < bytes; room++) {
        const { store } = await open(folder, { disk: fullDisk(name, room) });
        await expect(store.add(finished('bb'), curveOf('bb'))).rejects.toThrow(
          /could not be written \(ENOSPC/,
        );
        await store.close();
        expect((await readCells(folder)).cells.map(({ cell }) => cell)).toEqual(['aa']);
      }
      // A model without a line may stay, and what else was begun is gone with the next start.
      await (await open(folder)).store.close();
      rmSync(join(folder, 'models', 'bb.safetensors'), { force: true });
      expect(contentOf(folder)).toEqual(before);
    },
  );

  test('where files may grow no further (RLIMIT_FSIZE) stops with one error; what was acknowledged is there', async () => {
    const folder = emptyFolder();
    const { stdout } = await promisify(execFile)('bash', [
      '-c',
      `ulimit -f 8; exec "${process.execPath}" "${saver}" "${folder}" many`,
    ]);
    const { saved, says } = JSON.parse(stdout) as { saved: number; says: string };
    expect(saved).toBeGreaterThan(10);
    expect(says).toMatch(/could not be written \(EFBIG/);
    const { store, torn } = await open(folder);
    expect(torn).toEqual([]);
    expect(store.cells.map(({ cell }) => cell)).toEqual(Array.from({ length: saved }, (_, i) => `cell${i}`));
    await store.add(finished('next'), curveOf('next'));
    await store.close();
  });
});
