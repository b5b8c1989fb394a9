import { describe, expect, test } from 'vitest';
import { filtered } from '../../../src/dashboard/page/query.ts';
import { CellTable } from '../../../src/dashboard/page/table.ts';
import { columnsOf, metricsOf, type Row } from '../../../src/dashboard/server/rows.ts';
import { syntheticCells } from '../../support/synthetic.ts';

const cells = syntheticCells({
  name: 'simple',
  task: { kind: 'simple', omega: [1, 8] },
  axes: { 'task.omega': [1, 8] },
});
const rows = cells.map(
  (cell, i): Row => ({
    cell: cell.cell,
    axes: cell.axes,
    state: i === 0 ? 'waiting' : 'finished',
    metrics: i === 0 ? {} : metricsOf(cell),
    changed: 1,
  }),
);
const head = { id: 'simple/abcd', name: 'simple' } as CellTable['head'];
const table = new CellTable({ head, columns: columnsOf(rows) });
const found = (query: string) => Array.from(filtered(table, query).places, place => cells[place]!);

describe('a filter', () => {
  test('lets through what meets every condition, spaces or none', () => {
    expect(found('')).toEqual(cells);
    const wanted = cells.filter(({ axes }) => axes['task.omega'] === 8 && Number(axes['train.length']) >= 16);
    for (const query of [
      'omega=8 N>=16',
      'ω = 8 N >= 16',
      'task.omega=8 train.length>=16',
      ' N>8  omega!=1 ',
    ])
      expect(found(query), query).toEqual(wanted);
  });

  test('asks for numbers and states', () => {
    const plateaus = found('plateau<1e-3');
    expect(plateaus.length).toBeGreaterThan(3);
    expect(plateaus.length).toBeLessThan(cells.length - 1);
    expect(found('state=waiting')).toEqual([cells[0]]);
    expect(found('run~simple seed=2')).toEqual(cells.filter(({ axes }) => axes.seed === 2));
    expect(found('simple00003')).toEqual([cells[3]]);
  });

  test('says what it does not understand', () => {
    expect(filtered(table, 'omga=8')).toEqual({
      places: new Int32Array(0),
      problem: 'omga: no such axis or number, did you mean omega?',
    });
    expect(filtered(table, 'plateau<small').problem).toBe('plateau<small: small is not a number');
  });
});

test('cells that change are taken in where they stand, new ones after them', () => {
  const grown = new CellTable({ head, columns: columnsOf(rows.slice(0, 5)) });
  grown.take(columnsOf([{ ...rows[0]!, state: 'finished', metrics: { plateau: 0.5 } }, rows[9]!]));
  expect([grown.length, grown.metric('plateau', 0), grown.state(0)]).toEqual([6, 0.5, 'finished']);
  expect(grown.axesOf(5)).toEqual(rows[9]!.axes);
  expect(grown.metric('plateau', 5)).toBe(rows[9]!.metrics.plateau);
});
