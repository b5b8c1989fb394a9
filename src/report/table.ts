import { csvFormatValue } from 'd3-dsv';
import type { BasicType, ColumnSource } from 'hyparquet-writer';
import { Baselines } from '../analysis/baseline.ts';
import { plateauOf } from '../analysis/plateau.ts';
import type { Run } from '../results/runs.ts';
import type { CellResult } from '../results/schema.ts';

type Value = number | bigint | string | boolean | null;

/** The values of a column, made when they are asked for: a table of 10^5 cells has fifty million. Arrays are such. */
export interface Values {
  readonly length: number;
  slice(from?: number, to?: number): Value[];
}

/** A column of the table of all cells. Null: not there, or not finite. */
export interface Column {
  name: string;
  type: BasicType;
  data: Values;
}

/** The values that `pick` takes of some rows. */
function picked(rows: readonly Row[], pick: (row: Row) => Value): Values {
  return {
    length: rows.length,
    slice: (from, to) => rows.slice(from, to).map(row => finite(pick(row))),
  };
}

/** One value in every row. */
function repeated(value: Value, length: number): Values {
  return {
    length,
    slice: (from = 0, to = length) => Array<Value>(Math.max(0, Math.min(to, length) - from)).fill(value),
  };
}

/** What a row is about: a cell of a run at one test length. */
interface Row {
  run: Run;
  plateau: number | null;
  /** The plateau as a share of the loss of predicting the mean. */
  share: number | null;
  cell: CellResult;
  test: CellResult['test'][number] | undefined;
}

const FIXED: [name: string, type: BasicType, pick: (row: Row) => Value][] = [
  ['training_loss', 'DOUBLE', ({ cell }) => cell.trainLoss],
  ['training_loss_stderr', 'DOUBLE', ({ cell }) => cell.trainLossStderr],
  ['diverged_at_step', 'INT32', ({ cell }) => cell.divergedAtStep],
  ['plateau', 'DOUBLE', ({ plateau }) => plateau],
  ['plateau_share', 'DOUBLE', ({ share }) => share],
  ['test_length', 'INT32', ({ test }) => test?.length ?? null],
  ['test_loss', 'DOUBLE', ({ test }) => test?.loss ?? null],
  ['test_loss_stderr', 'DOUBLE', ({ test }) => test?.stderr ?? null],
  ['test_accuracy', 'DOUBLE', ({ test }) => test?.accuracy ?? null],
  ['test_exact_match', 'DOUBLE', ({ test }) => test?.exactMatch ?? null],
  ['log10_complexity_norm', 'DOUBLE', ({ cell }) => cell.theory?.complexity.norm ?? null],
  ['log10_complexity_range', 'DOUBLE', ({ cell }) => cell.theory?.complexity.range ?? null],
  ['log10_complexity_empirical', 'DOUBLE', ({ cell }) => cell.theory?.complexity.empirical ?? null],
  ['logit_margin', 'DOUBLE', ({ cell }) => cell.theory?.logitMargin ?? null],
  ['effective_margin', 'DOUBLE', ({ cell }) => cell.theory?.effectiveMargin ?? null],
  ['positional_margin', 'DOUBLE', ({ cell }) => cell.theory?.positionalMargin ?? null],
  ['lipschitz', 'DOUBLE', ({ cell }) => cell.theory?.lipschitz ?? null],
  ['steps', 'INT32', ({ cell }) => cell.steps],
  ['seconds', 'DOUBLE', ({ cell }) => cell.seconds],
  ['adapter', 'STRING', ({ cell }) => cell.adapter],
];

/**
 * The table of all cells: one row a cell and test length, in the order of the runs. A cell that was never tested has one row without a
 * length. Every setting that the experiments write or have by default is a column, axis or not, named by its path in snake case.
 */
export function cellTable(runs: readonly Run[]): Column[] {
  const rows: Row[] = runs.flatMap(run => {
    const baselines = Baselines.ofRun(run);
    return run.cells.flatMap(cell => {
      const plateau = cell.test.length === 0 ? null : plateauOf(cell);
      const predictMean = baselines.plateau(cell.axes);
      const share = plateau !== null && predictMean ? plateau / predictMean : null;
      return (cell.test.length === 0 ? [undefined] : cell.test).map(test => ({
        run,
        plateau,
        share,
        cell,
        test,
      }));
    });
  });
  const constants = new Map(runs.map(run => [run, constantsOf(run)]));
  const settings = valuesOf(runs, constants);
  const column = (name: string, type: BasicType, pick: (row: Row) => Value): Column => ({
    name,
    type,
    data: picked(rows, pick),
  });
  return [
    column('experiment', 'STRING', ({ run }) => run.manifest.name),
    column('run', 'STRING', ({ run }) => run.manifest.run),
    column('cell', 'STRING', ({ cell }) => cell.cell),
    ...[...settings].map(([path, values]) => {
      const { type, as } = narrowest(values);
      const name = columnName(path);
      const [only] = values;
      if (values.size === 1) return { name, type, data: repeated(finite(as(only!)), rows.length) };
      return column(name, type, ({ run, cell }) => as(settingOf(cell, constants.get(run)!, path)));
    }),
    ...FIXED.map(([name, type, pick]) => column(name, type, pick)),
  ];
}

/** A setting of a cell: an axis of it, or what its run has for all. An axis that a cell has no use for is null there. */
function settingOf({ axes }: CellResult, constants: Record<string, Value>, path: string): Value {
  return path in axes ? axes[path]! : (constants[path] ?? null);
}

/** Every value that a setting has in some runs, by its path: as an axis, or for a whole run. */
function valuesOf(
  runs: readonly Run[],
  constants: ReadonlyMap<Run, Record<string, Value>>,
): Map<string, Set<Value>> {
  const axes = new Map(runs.map(run => [run, new Set(run.cells.flatMap(cell => Object.keys(cell.axes)))]));
  const paths = new Set(runs.flatMap(run => [...Object.keys(constants.get(run)!), ...axes.get(run)!]));
  const seen = (run: Run, path: string): Value[] =>
    axes.get(run)!.has(path)
      ? run.cells.map(cell => settingOf(cell, constants.get(run)!, path))
      : [constants.get(run)![path] ?? null];
  return new Map([...paths].map(path => [path, new Set(runs.flatMap(run => seen(run, path)))]));
}

/** Rows of a piece of CSV. */
const PIECE = 5000;

/** RFC 4180, a header line, empty where there is no value; in pieces, for the whole may be longer than a string can be. */
export function* toCsv(columns: readonly Column[]): Generator<string> {
  const line = (texts: readonly string[]) => `${texts.join(',')}\n`;
  yield line(columns.map(({ name }) => text(name)));
  const { length } = columns[0]!.data;
  for (let first = 0; first < length; first += PIECE) {
    const piece = columns.map(({ data }) => textsOf(data.slice(first, first + PIECE)));
    yield piece[0]!.map((_, r) => line(piece.map(texts => texts[r]!))).join('');
  }
}

/** Texts of values of which many are alike, one after another: each is made once. */
function textsOf(values: readonly Value[]): string[] {
  let [last, lastText]: [Value | undefined, string] = [undefined, ''];
  return values.map(value => {
    if (value !== last) [last, lastText] = [value, text(value)];
    return lastText;
  });
}

/** The same table as an Apache Parquet file. */
export async function toParquet(columns: readonly Column[]): Promise<Uint8Array> {
  const { parquetWriteBuffer } = await import('hyparquet-writer');
  return new Uint8Array(
    parquetWriteBuffer({
      // It takes slices of the data and nothing else.
      columnData: columns.map(({ name, type, data }) => ({
        ...{ name, type, nullable: true },
        data: data as unknown as ColumnSource['data'],
      })),
    }),
  );
}

/** Settings that are no columns: the name is one already, and the others belong to no row. */
const NO_COLUMNS = ['name', 'epsilon', 'sizes'];

/** What an experiment says of all of its cells, by path. */
function constantsOf({ manifest }: Run): Record<string, Value> {
  const scalars = (node: unknown, path: string): [string, Value][] => {
    if (Array.isArray(node) || node === undefined || NO_COLUMNS.includes(path)) return [];
    if (typeof node === 'object' && node !== null)
      return Object.entries(node).flatMap(([key, child]) => scalars(child, path ? `${path}.${key}` : key));
    return [[path, node as Value]];
  };
  return Object.fromEntries(scalars(manifest.experiment, ''));
}

/** A path of an experiment file as the name of a column: `train.learningRate` is train_learning_rate. */
function columnName(path: string): string {
  return path.replaceAll('.', '_').replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`);
}

const MOST_INT32 = 2 ** 31 - 1;

/** A setting is a column of the narrowest type that holds all of its values; mixed ones are written as text. */
function narrowest(values: ReadonlySet<Value>): { type: BasicType; as: (value: Value) => Value } {
  const present = [...values].filter(value => value !== null);
  const all = (is: (value: Value) => boolean) => present.length > 0 && present.every(is);
  const itself = (value: Value) => value;
  if (all(value => Number.isInteger(value) && Math.abs(value as number) <= MOST_INT32))
    return { type: 'INT32', as: itself };
  if (all(value => Number.isSafeInteger(value)))
    return { type: 'INT64', as: value => (value === null ? null : BigInt(value)) };
  if (all(value => typeof value === 'number')) return { type: 'DOUBLE', as: itself };
  if (all(value => typeof value === 'boolean')) return { type: 'BOOLEAN', as: itself };
  return { type: 'STRING', as: value => (value === null ? null : String(value)) };
}

function finite(value: Value): Value {
  return typeof value === 'number' && !Number.isFinite(value) ? null : value;
}

/** Texts that a spreadsheet would take for a formula. */
const FORMULA = /^[=+\-@\t\r]/;

/** A cell of a CSV file. Texts that would be run where the file is opened get an apostrophe before them; numbers are left as they are. */
function text(value: Value): string {
  if (value === null) return '';
  if (typeof value !== 'string') return String(value);
  const safe = FORMULA.test(value) && Number.isNaN(Number(value)) ? `'${value}` : value;
  return csvFormatValue(safe);
}
