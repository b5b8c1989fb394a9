import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { CellLine } from '../../../src/results/schema.ts';
import { readCells, Store } from '../../../src/results/store.ts';
import { emptyFolder } from '../../support/cli.ts';

const line = (cell: string): CellLine => ({
  cell,
  axes: { 'train.length': 4, seed: 0 },
  trainLoss: 0.1,
  trainLossStderr: 0.01,
  divergedAtStep: null,
  test: [{ length: 16, loss: 0.2, stderr: null }],
  steps: 10,
  seconds: 1,
  adapter: 'test',
});
const finished = (cell: string) => ({ line: line(cell), model: new Uint8Array([1, 2, 3]) });

async function open(folder: string, fresh = false) {
  const torn: string[] = [];
  const store = await Store.open(folder, { fresh, onTorn: message => torn.push(message) });
  return { store, torn };
}

describe('store', () => {
  test('what was added is there again, with its model', async () => {
    const folder = emptyFolder();
    const first = await open(folder);
    await first.store.add([finished('aa')], [{ cell: 'aa', step: 1, loss: null }]);
    await first.store.add([finished('bb')], []);
    await first.store.close();
    expect((await open(folder)).store.cells).toEqual([line('aa'), line('bb')]);
    expect(readFileSync(join(folder, 'models', 'bb.safetensors'))).toEqual(Buffer.from([1, 2, 3]));
    expect(readFileSync(join(folder, 'curves.jsonl'), 'utf8')).toBe('{"cell":"aa","step":1,"loss":null}\n');
  });

  test.each(['{"cell":"bb","axes"', '{"cell":"bb"}\n', '\u0000\u0000'])(
    'a torn tail %j is dropped, with a word',
    async tail => {
      const folder = emptyFolder();
      const first = await open(folder);
      await first.store.add([finished('aa')], []);
      await first.store.close();
      appendFileSync(join(folder, 'cells.jsonl'), tail);
      const { store, torn } = await open(folder);
      expect(torn).toHaveLength(1);
      expect(torn[0]).toMatch(/torn last line/);
      await store.add([finished('cc')], []);
      await store.close();
      expect((await readCells(folder)).cells.map(cell => cell.cell)).toEqual(['aa', 'cc']);
    },
  );

  test('a damaged line in the middle is an error that names it, and the file is left alone', async () => {
    const folder = emptyFolder();
    const first = await open(folder);
    await first.store.add([finished('aa'), finished('bb')], []);
    await first.store.close();
    const path = join(folder, 'cells.jsonl');
    const damaged = readFileSync(path, 'utf8').replace('"steps":10', '"steps":"x"');
    writeFileSync(path, damaged);
    await expect(open(folder)).rejects.toThrow(/cells\.jsonl:1: not a line that lengthwise wrote/);
    expect(readFileSync(path, 'utf8')).toBe(damaged);
    // The lock was given back.
    expect(existsSync(join(folder, '.lock'))).toBe(false);
  });

  test('a second process is kept out; the lock of a dead one is taken over', async () => {
    const folder = emptyFolder();
    const { store } = await open(folder);
    await expect(open(folder)).rejects.toThrow(/is working on this run/);
    await store.close();
    writeFileSync(join(folder, '.lock'), '999999999');
    await (await open(folder)).store.close();
  });

  test('--fresh starts over', async () => {
    const folder = emptyFolder();
    const first = await open(folder);
    await first.store.add([finished('aa')], []);
    await first.store.close();
    const { store } = await open(folder, true);
    expect(store.cells).toEqual([]);
    expect(existsSync(join(folder, 'models', 'aa.safetensors'))).toBe(false);
  });
});
