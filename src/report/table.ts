import { csvFormatRows } from 'd3-dsv';
import type { BasicType } from 'hyparquet-writer';
import { Baselines } from '../analysis/baseline.ts';
import { plateauOf } from '../analysis/plateau.ts';
import type { Run } from '../results/runs.ts';
import type { CellResult } from '../results/schema.ts';

type Value = number | bigint | string | boolean | null;

/** A column of the table of all cells. Null: not there, or not finite. */
export interface Column {
  name: string;
  type: BasicType;
  data: Value[];
}

/** What a row is about: a cell of a run at one test length. */
interface Row {
  run: Run;
  /** The plateau as a share of the loss of predicting the mean. */
  share: number | null;
  cell: CellResult;
  test: CellResult['test'][number] | undefined;
}

const FIXED: [name: string, type: BasicType, pick: (row: Row) => Value][] = [
  ['training_loss', 'DOUBLE', ({ cell }) => cell.trainLoss],
  ['training_loss_stderr', 'DOUBLE', ({ cell }) => cell.trainLossStderr],
  ['diverged_at_step', 'INT32', ({ cell }) => cell.divergedAtStep],
  ['plateau', 'DOUBLE', ({ cell }) => (cell.test.length === 0 ? null : plateauOf(cell))],
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
      const share = shareOf(cell, baselines);
      return (cell.test.length === 0 ? [undefined] : cell.test).map(test => ({ run, share, cell, test }));
    });
  });
  const constants = new Map(runs.map(run => [run, constantsOf(run)]));
  const paths = new Set(
    runs.flatMap(run => [
      ...Object.keys(constants.get(run)!),
      ...run.cells.flatMap(({ axes }) => Object.keys(axes)),
    ]),
  );
  const column = (name: string, type: BasicType, pick: (row: Row) => Value): Column => ({
    name,
    type,
    data: rows.map(row => finite(pick(row))),
  });
  return [
    column('experiment', 'STRING', ({ run }) => run.manifest.name),
    column('run', 'STRING', ({ run }) => run.manifest.run),
    column('cell', 'STRING', ({ cell }) => cell.cell),
    ...[...paths].map(path =>
      settingColumn(
        columnName(path),
        // An axis that a cell has no use for is null there.
        rows.map(({ run, cell }) =>
          path in cell.axes ? cell.axes[path]! : (constants.get(run)![path] ?? null),
        ),
      ),
    ),
    ...FIXED.map(([name, type, pick]) => column(name, type, pick)),
  ];
}

/** Rows of a piece of CSV. */
const PIECE = 5000;

/** RFC 4180, a header line, empty where there is no value; in pieces, for the whole may be longer than a string can be. */
export function* toCsv(columns: readonly Column[]): Generator<string> {
  yield `${csvFormatRows([columns.map(({ name }) => text(name))])}\n`;
  const { length } = columns[0]!.data;
  for (let first = 0; first < length; first += PIECE) {
    const rows = Array.from({ length: Math.min(PIECE, length - first) }, (_, r) =>
      columns.map(({ data }) => text(data[first + r]!)),
    );
    yield `${csvFormatRows(rows)}\n`;
  }
}

/** The same table as an Apache Parquet file. */
export async function toParquet(columns: readonly Column[]): Promise<Uint8Array> {
  const { parquetWriteBuffer } = await import('hyparquet-writer');
  return new Uint8Array(
    parquetWriteBuffer({
      columnData: columns.map(({ name, type, data }) => ({ name, type, data, nullable: true })),
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
function settingColumn(name: string, data: Value[]): Column {
  const present = data.filter(value => value !== null);
  const all = (is: (value: Value) => boolean) => present.length > 0 && present.every(is);
  if (all(value => Number.isInteger(value) && Math.abs(value as number) <= MOST_INT32))
    return { name, type: 'INT32', data };
  if (all(value => Number.isSafeInteger(value)))
    return { name, type: 'INT64', data: data.map(value => (value === null ? null : BigInt(value))) };
  if (all(value => typeof value === 'number')) return { name, type: 'DOUBLE', data };
  if (all(value => typeof value === 'boolean')) return { name, type: 'BOOLEAN', data };
  return { name, type: 'STRING', data: data.map(value => (value === null ? null : String(value))) };
}

function shareOf(cell: CellResult, baselines: Baselines): number | null {
  const [plateau, predictMean] = [plateauOf(cell), baselines.plateau(cell.axes)];
  return plateau !== null && predictMean ? plateau / predictMean : null;
}

function finite(value: Value): Value {
  return typeof value === 'number' && !Number.isFinite(value) ? null : value;
}

/** Texts that a spreadsheet would take for a formula. */
const FORMULA = /^[=+\-@\t\r]/;

/** A cell of a CSV file. Texts that would be run where the file is opened get an apostrophe before them; numbers are left as they are. */
function text(value: Value): string {
  if (typeof value === 'string' && FORMULA.test(value) && Number.isNaN(Number(value))) return `'${value}`;
  return value === null ? '' : String(value);
}
