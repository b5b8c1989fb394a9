import { useMemo } from 'preact/hooks';
import { type Square, sweepMap } from '../../report/figures/sweep-map.ts';
import { symbolOf } from '../../results/axes.ts';
import { METRICS, type Metric, STATES, type State } from '../data.ts';
import type { Place } from './address.ts';
import { canvas, FigureView, type Rows } from './figure.tsx';
import type { Looked } from './looked.ts';
import { Progress } from './progress.tsx';
import type { Store } from './store.ts';
import { type Chosen, runNames, variedPaths } from './table.ts';
import { METRIC_WORDS, metricText, STATE_MARKS, scalarText } from './words.ts';

const LENGTH = 'train.length';
/** States by what a square shows of several without a number: what needs an eye first. */
const LOUD: State[] = ['failed', 'running', 'interrupted', 'diverged', 'waiting', 'finished'];

/** The sweep as it fills in. */
export function SweepView({ looked, place, store }: { looked: Looked; place: Place; store: Store }) {
  const { chosen } = looked;
  const metric = metricOf(place);
  const knob = place.get('knob');
  const words = METRIC_WORDS[metric];
  const squares = useMemo(() => squaresOf(chosen, metric, knob, place), [looked, metric, knob]);
  const figure = useMemo(
    () =>
      sweepMap(canvas, `sweep-${metric}`, squares, {
        columns: 'training length N',
        shade: words,
      }),
    [squares],
  );
  return (
    <>
      <Progress looked={looked} queue={store.queue} link={store.link} />
      <FigureView
        figure={figure}
        rows={() => rowsOf(squares, metric)}
        empty="No cell is here: nothing is planned yet, or the filter excludes all."
        large
      />
    </>
  );
}

/** What the map of a sweep shows. */
export function SweepControls({ looked, place }: { looked: Looked; place: Place }) {
  const knobs = knobsOf(looked.chosen);
  const own = [...new Set(looked.chosen.map(chosen => symbolOf(knobOf(chosen))))];
  const automatic = own.length === 1 ? `${own[0]} (its knob)` : 'the knob of each run';
  const has = (name: Metric) =>
    looked.chosen.some(({ table }) => table.columns.metrics[name].some(value => value !== null));
  return (
    <>
      <label>
        Colour
        <select value={metricOf(place)} onChange={event => place.set({ metric: event.currentTarget.value })}>
          {METRICS.filter(name => name !== 'plateauError' && (name !== 'accuracy' || has(name))).map(name => (
            <option key={name} value={name}>
              {METRIC_WORDS[name].name}
            </option>
          ))}
        </select>
      </label>
      <label>
        Rows
        <select value={place.get('knob')} onChange={event => place.set({ knob: event.currentTarget.value })}>
          <option value="">{automatic}</option>
          {[...knobs, 'seed'].map(path => (
            <option key={path} value={path}>
              {symbolOf(path)}
            </option>
          ))}
        </select>
      </label>
    </>
  );
}

function metricOf(place: Place): Metric {
  return METRICS.find(name => name === place.get('metric')) ?? 'plateau';
}

/** Axes for rows: the tasks' own knobs first, then whatever varies. */
function knobsOf(chosen: readonly Chosen[]): string[] {
  const varied = variedPaths(chosen).filter(path => path !== LENGTH && path !== 'seed');
  const own = chosen.flatMap(({ table }) => table.head.knobs).filter(path => varied.includes(path));
  return [...new Set([...own, ...varied])];
}

/** The axis that a run's rows are, where nobody has chosen one. */
function knobOf(chosen: Chosen): string {
  return knobsOf([chosen])[0] ?? 'seed';
}

/** Cells of one square, added up. */
interface Sum {
  panel: string;
  column: number | string;
  row: number | string;
  knob: string;
  states: number[];
  total: number;
  count: number;
}

function squaresOf(chosen: readonly Chosen[], metric: Metric, wanted: string, place: Place): Square[] {
  const { isLog } = METRIC_WORDS[metric];
  const squares: Square[] = [];
  const names = runNames(chosen.map(({ table }) => table));
  for (const one of chosen) {
    const { table, places } = one;
    const knob = wanted || knobOf(one);
    const varied = variedPaths([one]);
    const others = varied.filter(path => ![LENGTH, knob, 'seed'].includes(path) && table.columns.axes[path]);
    const [columns, rows] = [table.columns.axes[LENGTH], table.columns.axes[knob]];
    const rest = others.map(path => table.columns.axes[path]!);
    const coded = [columns, rows, ...rest].filter(axis => axis !== undefined);
    // By the cell's values as digits of one number: a text for each of 10^5 cells takes longer than all else.
    const sums = new Map<number, Sum>();
    const values = table.columns.metrics[metric];
    const run = chosen.length > 1 ? names.get(table)! : '';
    for (const cell of places) {
      let key = 0;
      for (const axis of coded) key = key * axis.values.length + axis.codes[cell]!;
      let sum = sums.get(key);
      if (!sum) {
        const setting = others.map(
          (path, i) => `${symbolOf(path)} = ${scalarText(rest[i]!.values[rest[i]!.codes[cell]!]!)}`,
        );
        sum = {
          panel: [run, ...setting].filter(Boolean).join(', '),
          column: lineOf(columns?.values[columns.codes[cell]!]),
          row: lineOf(rows?.values[rows.codes[cell]!]),
          knob,
          states: STATES.map(() => 0),
          total: 0,
          count: 0,
        };
        sums.set(key, sum);
      }
      sum.states[table.columns.states[cell]!]!++;
      const value = values[cell];
      if (value === null || value === undefined || (isLog && value <= 0)) continue;
      sum.total += isLog ? Math.log(value) : value;
      sum.count++;
    }
    for (const sum of sums.values()) squares.push(squareOf(sum, metric, place));
  }
  return squares;
}

function squareOf(
  { panel, column, row, knob, states, total, count }: Sum,
  metric: Metric,
  place: Place,
): Square {
  const { isLog, name } = METRIC_WORDS[metric];
  const value = count === 0 ? null : isLog ? Math.exp(total / count) : total / count;
  const loud = LOUD.find(state => states[STATES.indexOf(state)]! > 0) ?? 'waiting';
  const told = STATES.flatMap((state, i) => (states[i]! > 0 ? [`${states[i]} ${state}`] : []));
  const where = [panel, `${symbolOf(knob)} = ${row}`, `N = ${column}`].filter(Boolean).join(', ');
  const query = [place.get('q'), `N=${column}`, `${symbolOf(knob)}=${row}`].filter(Boolean).join(' ');
  return {
    panel,
    column,
    row,
    rowName: symbolOf(knob),
    value,
    mark: STATE_MARKS[loud],
    words: `${where}: ${name} ${metricText(value)}; ${told.join(', ')}`,
    link: place.link({ q: query }, 'runs'),
  };
}

function rowsOf(squares: readonly Square[], metric: Metric): Rows {
  return [
    ['setting', LENGTH, 'axis', 'value', metric],
    ...squares.map(({ panel, column, rowName, row, value }) => [panel, column, rowName, row, value]),
  ];
}

function lineOf(value: unknown): number | string {
  return typeof value === 'number' ? value : value === null || value === undefined ? '–' : String(value);
}
