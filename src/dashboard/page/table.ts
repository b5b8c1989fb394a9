import {
  type Columns,
  METRICS,
  type Metric,
  noColumns,
  type RunData,
  type RunHead,
  type Scalar,
  STATES,
  type State,
} from '../data.ts';

/** The cells of a run in columns, a place each, as they are known so far. */
export class CellTable {
  head: RunHead;
  readonly columns: Columns = noColumns();
  private readonly places = new Map<string, number>();
  private readonly codes = new Map<string, Map<Scalar, number>>();

  constructor({ head, columns }: RunData) {
    this.head = head;
    this.take(columns);
  }

  get length(): number {
    return this.columns.cells.length;
  }

  get paths(): string[] {
    return Object.keys(this.columns.axes);
  }

  /** Takes in cells that are new or have changed. */
  take(news: Columns): void {
    const { cells, states, axes, metrics } = this.columns;
    const places = news.cells.map(cell => {
      const known = this.places.get(cell);
      if (known !== undefined) return known;
      this.places.set(cell, cells.length);
      return cells.push(cell) - 1;
    });
    places.forEach((place, i) => {
      states[place] = news.states[i]!;
    });
    for (const name of METRICS)
      places.forEach((place, i) => {
        metrics[name][place] = news.metrics[name][i]!;
      });
    for (const [path, coded] of Object.entries(news.axes)) {
      axes[path] ??= { values: [null], codes: [] };
      const own = axes[path];
      const known = this.codes.get(path) ?? new Map<Scalar, number>([[null, 0]]);
      this.codes.set(path, known);
      const mapped = coded.values.map(value => {
        if (!known.has(value)) known.set(value, own.values.push(value) - 1);
        return known.get(value)!;
      });
      places.forEach((place, i) => {
        own.codes[place] = mapped[coded.codes[i]!]!;
      });
    }
  }

  placeOf(cell: string): number | undefined {
    return this.places.get(cell);
  }

  axis(path: string, place: number): Scalar {
    const coded = this.columns.axes[path];
    return coded?.values[coded.codes[place] ?? 0] ?? null;
  }

  axesOf(place: number): Record<string, Scalar> {
    return Object.fromEntries(this.paths.map(path => [path, this.axis(path, place)]));
  }

  metric(name: Metric, place: number): number | null {
    return this.columns.metrics[name][place] ?? null;
  }

  state(place: number): State {
    return STATES[this.columns.states[place]!]!;
  }

  /** Cells in each state. */
  counts(): Record<State, number> {
    const counts = Object.fromEntries(STATES.map(state => [state, 0])) as Record<State, number>;
    for (const code of this.columns.states) counts[STATES[code]!]++;
    return counts;
  }
}

/** Cells of one run that are looked at, by their places. */
export interface Chosen {
  table: CellTable;
  places: Int32Array;
}

/** Axes of which the cells that are looked at have more than one value, in the order in which they come. */
export function variedPaths(chosen: readonly Chosen[]): string[] {
  const seen = new Map<string, Set<Scalar>>();
  for (const { table, places } of chosen)
    for (const path of table.paths) {
      const values = seen.get(path) ?? new Set<Scalar>();
      seen.set(path, values);
      const { codes, values: own } = table.columns.axes[path]!;
      const used = new Set<number>();
      for (const place of places) used.add(codes[place]!);
      for (const code of used) values.add(own[code]!);
    }
  return [...seen].filter(([, values]) => values.size > 1).map(([path]) => path);
}

/** Of each run, what its configuration has otherwise than another's, where no axis of its own says so. */
export function settingsApart(runs: readonly CellTable[]): Map<CellTable, Record<string, Scalar>> {
  const paths = [...new Set(runs.flatMap(({ head }) => Object.keys(head.settings)))].filter(
    path => new Set(runs.map(({ head }) => head.settings[path] ?? null)).size > 1,
  );
  return new Map(
    runs.map(run => [run, Object.fromEntries(paths.map(path => [path, run.head.settings[path] ?? null]))]),
  );
}

/** What each run is called: its name, and its own hash where several of those have one name. */
export function runNames(runs: readonly CellTable[]): Map<CellTable, string> {
  const counts = new Map<string, number>();
  for (const { head } of runs) counts.set(head.name, (counts.get(head.name) ?? 0) + 1);
  return new Map(
    runs.map(run => [
      run,
      counts.get(run.head.name) === 1 ? run.head.name : `${run.head.name} ${run.head.run}`,
    ]),
  );
}
