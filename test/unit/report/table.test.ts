import { csvParse } from 'd3-dsv';
import { parquetReadObjects } from 'hyparquet';
import { describe, expect, test } from 'vitest';
import { cellTable, toCsv, toParquet } from '../../../src/report/table.ts';
import { syntheticRun } from '../../support/synthetic.ts';

const runs = [
  syntheticRun({
    name: 'quoted, "name"\nof two lines',
    task: { kind: 'simple', omega: [1, 2] },
    axes: { 'task.omega': [1, 2] },
    vary: (cell, i) =>
      i === 1
        ? {
            ...cell,
            divergedAtStep: 40,
            trainLoss: null,
            theory: null,
            test: cell.test.map(({ length }) => ({ length, loss: null, stderr: null })),
          }
        : i === 2
          ? { ...cell, test: [] }
          : cell,
  }),
  syntheticRun({
    name: 'other',
    task: { kind: 'k-gram', vocabulary: 2, k: 1 },
    axes: { 'data.law': ['iid', 'markov'] },
  }),
];
const table = cellTable(runs);
const csvOf = (columns: Parameters<typeof toCsv>[0]) => [...toCsv(columns)].join('');
const rows = runs.flatMap(({ manifest, cells }) =>
  cells.flatMap(cell =>
    (cell.test.length === 0 ? [null] : cell.test).map(point => ({ experiment: manifest.name, cell, point })),
  ),
);

describe('the table of all cells', () => {
  test('CSV has a row for every cell and test length, and reads back as the cells', () => {
    const read = csvParse(csvOf(table));
    expect(read).toHaveLength(rows.length);
    rows.forEach(({ experiment, cell, point }, i) => {
      const row = read[i]!;
      expect(row.experiment).toBe(experiment);
      expect(row.cell).toBe(cell.cell);
      expect(row.train_length).toBe(String(cell.axes['train.length']));
      expect(row.task_omega).toBe(String(cell.axes['task.omega'] ?? ''));
      expect(row.data_law).toBe(cell.axes['data.law'] ?? '');
      expect(row.test_length).toBe(point ? String(point.length) : '');
      expect(row.test_loss === '' ? null : Number(row.test_loss)).toBe(point?.loss ?? null);
      expect(row.diverged_at_step).toBe(cell.divergedAtStep === null ? '' : '40');
    });
  });

  test('whole numbers stay whole, constants are columns, and names are of one style', async () => {
    const run = syntheticRun({
      name: 'one',
      task: { kind: 'mod-p', p: [3, 5], k: 1 },
      axes: { 'task.p': [3, 5] },
    });
    const big = 2 ** 32 - 1;
    const columns = cellTable([
      { ...run, cells: run.cells.map(cell => ({ ...cell, axes: { ...cell.axes, seed: big } })) },
    ]);
    const column = (name: string) => columns.find(each => each.name === name)!;
    expect(column('task_p')).toMatchObject({ type: 'INT32' });
    expect(
      column('task_k')
        .data.slice()
        .every(value => value === 1),
    ).toBe(true);
    expect(column('task_kind').data.slice()[0]).toBe('mod-p');
    for (const { name } of columns) expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
    expect(new Set(columns.map(({ name }) => name)).size).toBe(columns.length);
    const bytes = (await toParquet(columns)).slice();
    const [first] = await parquetReadObjects({ file: bytes.buffer as ArrayBuffer });
    expect(first).toMatchObject({ task_p: 3, task_k: 1, seed: BigInt(big) });
    expect(csvParse(csvOf(columns))[0]).toMatchObject({ task_p: '3', seed: String(big) });
  });

  test('CSV: texts that a spreadsheet would run are defused, numbers are left as they are', () => {
    const data = ['=1+1', '+a', '-cmd', '@SUM(A1)', '\t=1', '\r=1', '-1.5', 'plain', null];
    const csv = csvOf([
      { name: '=axis', type: 'STRING', data },
      { name: 'loss', type: 'DOUBLE', data: data.map(() => -0.5) },
    ]);
    const read = csvParse(csv);
    expect(read.columns).toEqual(["'=axis", 'loss']);
    expect(read.map(row => row["'=axis"])).toEqual([
      "'=1+1",
      "'+a",
      "'-cmd",
      "'@SUM(A1)",
      "'\t=1",
      "'\r=1",
      '-1.5',
      'plain',
      '',
    ]);
    expect(read.every(({ loss }) => loss === '-0.5')).toBe(true);
  });

  test('Parquet read back by another library equals the CSV', async () => {
    const bytes = await toParquet(table);
    const objects = await parquetReadObjects({ file: bytes.slice().buffer as ArrayBuffer });
    const csv = csvParse(csvOf(table));
    expect(objects).toHaveLength(csv.length);
    objects.forEach((object, i) => {
      const text = Object.entries(object).map(([name, value]) => [
        name,
        value === null || value === undefined ? '' : String(value),
      ]);
      expect(Object.fromEntries(text)).toEqual({ ...csv[i] });
    });
    expect(typeof objects[0]!.test_loss).toBe('number');
  });

  test('no runs, no rows, but a header and a readable file', async () => {
    const empty = cellTable([{ ...runs[0]!, cells: [] }]);
    expect(csvOf(empty).trim().split('\n')).toHaveLength(1);
    expect(
      await parquetReadObjects({ file: (await toParquet(empty)).slice().buffer as ArrayBuffer }),
    ).toEqual([]);
  });
});
