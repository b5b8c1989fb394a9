import { useMemo } from 'preact/hooks';
import { symbolOf } from '../../results/axes.ts';
import type { Metric, Scalar } from '../data.ts';
import type { Place } from './address.ts';
import type { Side } from './compare.ts';
import { ComparisonView } from './comparison.tsx';
import { MOST_LINES } from './curves.tsx';
import type { Rows } from './figure.tsx';
import { Save } from './figure.tsx';
import { type Column, Grid } from './grid.tsx';
import type { Looked } from './looked.ts';
import { type CellTable, runNames, settingsApart, variedPaths } from './table.ts';
import { METRIC_WORDS, metricText, scalarText } from './words.ts';

/** Columns of numbers, in order. */
const SHOWN: Metric[] = [
  'plateau',
  'trainLoss',
  'range',
  'norm',
  'empirical',
  'effectiveMargin',
  'positionalMargin',
  'accuracy',
  'seconds',
];

/** A line of the table: one cell, or a group of cells. */
interface Entry {
  key: string;
  members: { table: CellTable; place: number }[];
}

/** Cells as a table: sorted, grouped, filtered, laid side by side. */
export function RunsView({ looked, place }: { looked: Looked; place: Place }) {
  const group = place.get('group');
  const paths = useMemo(() => pathsOf(looked), [looked]);
  const entries = useMemo(() => entriesOf(looked, group), [looked, group]);
  const columns = useMemo(() => columnsOf(looked, paths, group), [looked, paths, group]);
  const sorted = useMemo(
    () => sortedBy(entries, columns, place.get('sort')),
    [entries, columns, place.get('sort')],
  );
  const pins = place.list('pins');
  const pinned = new Set(pins);
  const sides = group === '' ? sidesOf(looked, pins) : groupSides(entries, columns, pinned);
  const toggle = (key: string) => {
    const next = pinned.has(key) ? pins.filter(pin => pin !== key) : [...pins, key].slice(-MOST_LINES);
    place.set({ pins: next.join(',') || null });
  };
  if (looked.cells === 0) return <p class="empty">No cell meets the filter.</p>;
  return (
    <>
      <h2>
        {looked.cells.toLocaleString('en')} cells
        {group !== '' && `, ${entries.length} groups by ${group === 'run' ? 'run' : symbolOf(group)}`}
      </h2>
      <Save name="cells" rows={() => rowsOf(sorted, columns)} />
      <Grid
        {...{ columns, pinned, toggle }}
        count={sorted.length}
        at={i => sorted[i]!}
        keyOf={entry => entry.key}
        sort={place.get('sort')}
        onSort={sort => place.set({ sort })}
      />
      <ComparisonView {...{ sides, place }} />
    </>
  );
}

export function RunsControls({ looked, place }: { looked: Looked; place: Place }) {
  const varied = variedPaths(looked.chosen);
  return (
    <>
      <label>
        Group by
        <select
          value={place.get('group')}
          onChange={event => place.set({ group: event.currentTarget.value || null, pins: null, sort: null })}
        >
          <option value="">nothing</option>
          {looked.runs.length > 1 && <option value="run">run</option>}
          {varied.map(path => (
            <option key={path} value={path}>
              {symbolOf(path)}
            </option>
          ))}
        </select>
      </label>
      {place.list('pins').length > 0 && (
        <p class="hint">
          {place.list('pins').length} chosen.{' '}
          {place.get('group') === '' && (
            <>
              <a href={place.link({}, 'curves')}>Curves</a>,{' '}
            </>
          )}
          <a href={place.link({ pins: null })}>none</a>
        </p>
      )}
    </>
  );
}

function pathsOf({ chosen }: Looked): string[] {
  const all = [...new Set(chosen.flatMap(({ table }) => table.paths))];
  const varied = new Set(variedPaths(chosen));
  return all.filter(path => varied.has(path) || path === 'train.length');
}

function entriesOf({ chosen }: Looked, group: string): Entry[] {
  const entries: Entry[] = [];
  if (group === '') {
    for (const { table, places } of chosen)
      for (const place of places)
        entries.push({ key: table.columns.cells[place]!, members: [{ table, place }] });
    return entries;
  }
  const groups = new Map<string, Entry>();
  for (const { table, places } of chosen)
    for (const place of places) {
      const key = group === 'run' ? table.head.id : String(table.axis(group, place));
      const entry = groups.get(key) ?? { key, members: [] };
      groups.set(key, entry);
      entry.members.push({ table, place });
    }
  return [...groups.values()];
}

function columnsOf({ runs, chosen }: Looked, paths: readonly string[], group: string): Column<Entry>[] {
  const one = ({ members }: Entry) => members[0]!;
  const has = (name: Metric) =>
    chosen.some(({ table }) => table.columns.metrics[name].some(value => value !== null));
  const state: Column<Entry> = {
    id: 'state',
    name: 'state',
    value: entry => one(entry).table.state(one(entry).place),
    text: String,
  };
  const metrics = SHOWN.filter(has).map(
    (name): Column<Entry> => ({
      id: name,
      name: METRIC_WORDS[name].short,
      isNumber: true,
      value: entry => meanOfMetric(entry, name),
      text: value => metricText(value as number | null),
    }),
  );
  if (group !== '') {
    const isRun = group === 'run';
    return [
      {
        id: 'group',
        name: isRun ? 'run' : symbolOf(group),
        value: entry => (isRun ? entry.key : one(entry).table.axis(group, one(entry).place)),
        text: scalarText,
      },
      {
        id: 'cells',
        name: 'cells',
        isNumber: true,
        value: ({ members }) => members.length,
        text: value => Number(value).toLocaleString('en'),
      },
      ...metrics,
    ];
  }
  const axes = paths.map(
    (path): Column<Entry> => ({
      id: path,
      name: symbolOf(path),
      isNumber: true,
      value: entry => one(entry).table.axis(path, one(entry).place),
      text: scalarText,
    }),
  );
  const names = runNames(runs);
  const run: Column<Entry> = {
    id: 'run',
    name: 'run',
    value: entry => names.get(one(entry).table)!,
    text: scalarText,
  };
  return [
    {
      id: 'cell',
      name: 'cell',
      value: entry => entry.key,
      text: String,
      link: entry => ({ cell: entry.key, of: one(entry).table.head.id }),
    },
    ...(runs.length > 1 ? [run] : []),
    ...axes,
    state,
    ...metrics,
  ];
}

/** Of one cell its number; of several their mean, geometric where it is one of sizes. */
function meanOfMetric({ members }: Entry, name: Metric): number | null {
  if (members.length === 1) return members[0]!.table.metric(name, members[0]!.place);
  const { isLog } = METRIC_WORDS[name];
  let [total, count] = [0, 0];
  for (const { table, place } of members) {
    const value = table.metric(name, place);
    if (value === null || (isLog && value <= 0)) continue;
    total += isLog ? Math.log(value) : value;
    count++;
  }
  return count === 0 ? null : isLog ? Math.exp(total / count) : total / count;
}

/** `-plateau`: the largest first. What has no value is last either way. */
function sortedBy(entries: Entry[], columns: readonly Column<Entry>[], sort: string): Entry[] {
  const isDown = sort.startsWith('-');
  const column = columns.find(({ id }) => id === sort.replace(/^-/, ''));
  if (!column) return entries;
  const values = entries.map(column.value);
  const order = entries.map((_, i) => i).sort((a, b) => compared(values[a]!, values[b]!, isDown ? -1 : 1));
  return order.map(i => entries[i]!);
}

function compared(a: Scalar, b: Scalar, sign: number): number {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  if (typeof a === 'number' && typeof b === 'number') return sign * (a - b);
  return String(a) < String(b) ? -sign : sign;
}

function sidesOf({ runs }: Looked, pins: readonly string[]): Side[] {
  const apart = settingsApart(runs);
  return pins.flatMap(cell => {
    for (const table of runs) {
      const place = table.placeOf(cell);
      if (place !== undefined) return [{ label: cell, cells: [sideCell(table, place, apart)] }];
    }
    return [];
  });
}

function groupSides(
  entries: readonly Entry[],
  [name]: readonly Column<Entry>[],
  pinned: ReadonlySet<string>,
): Side[] {
  const apart = settingsApart([
    ...new Set(entries.flatMap(({ members }) => members.map(({ table }) => table))),
  ]);
  return entries
    .filter(({ key }) => pinned.has(key))
    .map(entry => ({
      label: `${name!.name} ${name!.text(name!.value(entry))}`,
      cells: entry.members.map(({ table, place }) => sideCell(table, place, apart)),
    }));
}

function sideCell(
  table: CellTable,
  place: number,
  apart: ReadonlyMap<CellTable, Record<string, Scalar>>,
): Side['cells'][number] {
  return {
    axes: { ...apart.get(table), ...table.axesOf(place) },
    plateau: table.metric('plateau', place),
    error: table.metric('plateauError', place),
  };
}

function rowsOf(entries: readonly Entry[], columns: readonly Column<Entry>[]): Rows {
  return [columns.map(({ id }) => id), ...entries.map(entry => columns.map(({ value }) => value(entry)))];
}
