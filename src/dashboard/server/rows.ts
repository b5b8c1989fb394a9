import { plateauOf, tailLengths } from '../../analysis/plateau.ts';
import type { Axes } from '../../results/axes.ts';
import type { CellResult } from '../../results/schema.ts';
import { type Columns, METRICS, type Metric, noColumns, type State, stateCode } from '../data.ts';

/** A cell as the page sees it. */
export interface Row {
  cell: string;
  axes: Axes;
  state: State;
  metrics: Partial<Record<Metric, number | null>>;
  /** Version of the data at which it last changed. */
  changed: number;
}

/** Digits that are sent. */
const DIGITS = 6;

/** Numbers of a trained cell. */
export function metricsOf(cell: CellResult): Row['metrics'] {
  const { theory } = cell;
  const metrics: Row['metrics'] = {
    plateau: cell.test.length === 0 ? null : plateauOf(cell),
    plateauError: plateauError(cell),
    trainLoss: cell.trainLoss,
    norm: theory?.complexity.norm ?? null,
    range: theory?.complexity.range ?? null,
    empirical: theory?.complexity.empirical ?? null,
    logitMargin: theory?.logitMargin ?? null,
    effectiveMargin: theory?.effectiveMargin ?? null,
    positionalMargin: theory?.positionalMargin ?? null,
    accuracy: accuracyOf(cell),
    steps: cell.steps,
    seconds: cell.seconds,
  };
  return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, rounded(value)]));
}

/** Of the logarithm of a geometric mean of losses with standard errors of their own. */
function plateauError(cell: CellResult): number | null {
  const [first] = tailLengths(cell);
  const tail = cell.test.filter(({ length }) => first !== undefined && length >= first);
  if (tail.length === 0 || tail.some(({ loss, stderr }) => !loss || stderr === null)) return null;
  const squares = tail.reduce((sum, { loss, stderr }) => sum + (stderr! / loss!) ** 2, 0);
  return Math.sqrt(squares) / tail.length;
}

/** At the longest test length, of tasks that have one. */
function accuracyOf({ test }: CellResult): number | null {
  const last = test.at(-1) as { accuracy?: number | null } | undefined;
  return last?.accuracy ?? null;
}

function rounded(value: number | null | undefined): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? Number(value.toPrecision(DIGITS)) : null;
}

/** Rows as columns. */
export function columnsOf(rows: Iterable<Row>): Columns {
  const columns = noColumns();
  const places = new Map<string, Map<unknown, number>>();
  let count = 0;
  for (const { cell, axes, state, metrics } of rows) {
    columns.cells.push(cell);
    columns.states.push(stateCode(state));
    for (const [path, value] of Object.entries(axes)) {
      columns.axes[path] ??= { values: [null], codes: Array<number>(count).fill(0) };
      const { values, codes } = columns.axes[path];
      const known = places.get(path) ?? new Map<unknown, number>([[null, 0]]);
      places.set(path, known);
      if (!known.has(value)) known.set(value, values.push(value) - 1);
      codes.push(known.get(value)!);
    }
    count++;
    for (const coded of Object.values(columns.axes)) if (coded.codes.length < count) coded.codes.push(0);
    for (const name of METRICS) columns.metrics[name].push(metrics[name] ?? null);
  }
  return columns;
}
