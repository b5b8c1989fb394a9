import { closest, distance } from 'fastest-levenshtein';
import { symbolOf } from '../../results/axes.ts';
import { METRICS, type Metric, STATES } from '../data.ts';
import type { CellTable } from './table.ts';

/** One condition of a filter: `N>=16`. Without a comparison, a text that the cell's name or run contains. */
interface Term {
  name: string | null;
  op: Op;
  value: string;
}

type Op = '=' | '!=' | '<' | '<=' | '>' | '>=' | '~';

const TERM = /^([^\s=!<>~]+)\s*(!=|<=|>=|=|<|>|~)\s*(.+)$/u;

/** Other names of metrics. */
const ALIASES: Record<string, Metric> = {
  loss: 'trainLoss',
  c: 'range',
  complexity: 'range',
  gamma: 'effectiveMargin',
  γ: 'effectiveMargin',
};

/** What a filter makes of a table, and what is wrong with it. */
export interface Filtered {
  places: Int32Array;
  problem: string | null;
}

/** Terms of a filter, split at spaces that stand in no comparison. */
export function termsOf(query: string): Term[] {
  const joined = query.trim().replace(/\s*(!=|<=|>=|=|<|>|~)\s*/g, '$1');
  return joined
    .split(/\s+/)
    .filter(word => word !== '')
    .map(word => {
      const [, name, op, value] = TERM.exec(word) ?? [];
      return name ? { name, op: op as Op, value: value! } : { name: null, op: '~', value: word };
    });
}

/** Names that a filter may use of a table, for what a mistyped one may have meant. */
export function namesOf(table: CellTable): string[] {
  return [...table.paths.map(symbolOf), ...table.paths.map(lastOf), ...METRICS, 'state', 'run', 'cell'];
}

/** Cells of a table that meet every condition. A name that this table has not excludes them all. */
export function filtered(table: CellTable, query: string): Filtered {
  const terms = termsOf(query);
  const all = Int32Array.from({ length: table.length }, (_, i) => i);
  let places = all;
  for (const term of terms) {
    const meets = conditionOf(table, term);
    if (typeof meets === 'string') return { places: new Int32Array(0), problem: meets };
    places = places.filter(meets);
  }
  return { places, problem: null };
}

function conditionOf(table: CellTable, { name, op, value }: Term): ((place: number) => boolean) | string {
  const { cells, states, axes, metrics } = table.columns;
  const texts = { cell: cells, run: table.head.id };
  if (name === null) {
    const isRun = table.head.id.includes(value);
    return place => isRun || cells[place]!.startsWith(value);
  }
  if (name === 'run') {
    const holds = holdsText(texts.run, op, value);
    return () => holds;
  }
  if (name === 'cell') return place => holdsText(cells[place]!, op, value);
  if (name === 'state') {
    const codes = STATES.map(state => holdsText(state, op, value));
    return place => codes[states[place]!]!;
  }
  const metric = METRICS.find(own => own.toLowerCase() === name.toLowerCase()) ?? ALIASES[name.toLowerCase()];
  const path = Object.keys(axes).find(own => [own, lastOf(own), symbolOf(own)].includes(name));
  if (path !== undefined) {
    const coded = axes[path]!;
    // Of a column with few values each is judged once.
    const judged = coded.values.map(own => holds(own, op, value));
    return place => judged[coded.codes[place]!]!;
  }
  if (metric) {
    const column = metrics[metric];
    const wanted = Number(value);
    if (Number.isNaN(wanted)) return `${name}${op}${value}: ${value} is not a number`;
    return place => {
      const own = column[place];
      return own !== null && own !== undefined && compare(own, op, wanted);
    };
  }
  const near = closest(name, namesOf(table));
  return `${name}: no such axis or number${distance(name, near) <= 3 ? `, did you mean ${near}?` : ''}`;
}

function holds(own: unknown, op: Op, value: string): boolean {
  const wanted = Number(value);
  if (typeof own === 'number' && !Number.isNaN(wanted) && op !== '~') return compare(own, op, wanted);
  return holdsText(String(own), op, value);
}

function holdsText(own: string, op: Op, value: string): boolean {
  if (op === '~') return own.includes(value);
  if (op === '!=') return own !== value;
  return op === '=' && own === value;
}

function compare(own: number, op: Op, wanted: number): boolean {
  switch (op) {
    case '=':
      return own === wanted;
    case '!=':
      return own !== wanted;
    case '<':
      return own < wanted;
    case '<=':
      return own <= wanted;
    case '>':
      return own > wanted;
    case '>=':
      return own >= wanted;
    default:
      return String(own).includes(String(wanted));
  }
}

function lastOf(path: string): string {
  return path.split('.').at(-1)!;
}
