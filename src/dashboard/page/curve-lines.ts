import { useEffect, useState } from 'preact/hooks';
import { categorical } from '../../report/theme.ts';
import { type Curves, noCurves } from '../data.ts';
import type { Line } from './chart.tsx';
import type { Store } from './store.ts';
import type { CellTable } from './table.ts';
import { axesText } from './words.ts';

/** A cell that is drawn. */
export interface Shown {
  table: CellTable;
  place: number;
  cell: string;
  label: string;
}

export function shownOf(table: CellTable, place: number): Shown {
  const cell = table.columns.cells[place]!;
  return { table, place, cell, label: axesText(table.axesOf(place)) || cell };
}

/** Curves of cells, and what comes to them; those of others before the first answer. */
export function useCurves(store: Store, shown: readonly Shown[]): Map<string, Curves> {
  const { version } = store;
  const names = shown.map(({ table, cell }) => `${table.head.id} ${cell}`).join();
  const [curves, setCurves] = useState(new Map<string, Curves>());
  useEffect(() => {
    let isLate = false;
    void readCurves(store, shown).then(found => isLate || setCurves(found));
    return () => {
      isLate = true;
    };
  }, [names, version]);
  return curves;
}

async function readCurves(store: Store, shown: readonly Shown[]): Promise<Map<string, Curves>> {
  const runs = [...new Set(shown.map(({ table }) => table.head.id))];
  const found = await Promise.all(
    runs.map(run =>
      store.curvesOf(
        run,
        shown.filter(({ table }) => table.head.id === run).map(({ cell }) => cell),
      ),
    ),
  );
  return new Map(found.flatMap(curves => [...curves]));
}

const DASHES = [undefined, [8, 4], [2, 4], [10, 4, 2, 4]];

const look = (i: number): Pick<Line, 'colour' | 'dash'> => {
  const dash = DASHES[Math.floor(i / 8) % DASHES.length];
  return { colour: categorical(i), ...(dash ? { dash } : {}) };
};

/** Training losses by step. @param weight of what was before, in smoothing; 0: none */
export function trainingLines(shown: readonly Shown[], curves: Map<string, Curves>, weight: number): Line[] {
  return shown.map(({ cell, label }, i) => {
    const { steps, losses } = curves.get(cell) ?? noCurves();
    return { label, ...look(i), x: steps, y: weight > 0 ? smoothed(losses, weight) : losses };
  });
}

/** An exponential mean of logarithms. */
function smoothed(losses: readonly (number | null)[], weight: number): (number | null)[] {
  let mean: number | null = null;
  return losses.map(loss => {
    if (loss === null || loss <= 0) return loss;
    mean = mean === null ? Math.log(loss) : weight * mean + (1 - weight) * Math.log(loss);
    return Math.exp(mean);
  });
}

/** Losses by test length, of what is evaluated. */
export function testLines(shown: readonly Shown[], curves: Map<string, Curves>): Line[] {
  return shown.flatMap(({ cell, label }, i) => {
    const tests = curves.get(cell)?.tests ?? [];
    if (tests.length === 0) return [];
    const x = tests.map(({ length }) => length);
    const y = tests.map(({ loss }) => loss);
    return [{ label, ...look(i), x, y, stderr: tests.map(({ stderr }) => stderr) }];
  });
}
