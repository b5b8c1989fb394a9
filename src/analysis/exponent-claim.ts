import { type Axes, labelOf, symbolOf, without } from '../results/axes.ts';
import type { Run } from '../results/runs.ts';
import type { CellResult } from '../results/schema.ts';
import { errorExponents, exponentChanges } from './error-exponents.ts';
import { groupsBySeed, plateauOf } from './plateau.ts';
import { isBetween, lengthExponents, type RequiredLength, requiredLengths } from './required.ts';
import type { Interval } from './statistics.ts';
import { type Claim, LEAST_SEEDS, listed, NEEDS_SEEDS } from './verdict.ts';

/** Of each end of a 95 % interval. */
const LEVEL = 0.025;

/** A knob that moves one factor of Theorem 4.1's L² Δ⁷ S⁶ τ² / ε² and leaves the others. */
interface Factor {
  path: string;
  symbol: string;
  exponent: number;
  /** Tasks whose knob it is; null: any. */
  kind: string | null;
}

const FACTORS: readonly Factor[] = [
  { path: 'task.p', symbol: 'Δ', exponent: 7, kind: 'mod-p' },
  { path: 'task.omega', symbol: 'L', exponent: 2, kind: 'simple' },
  { path: 'task.vocabulary', symbol: 'S', exponent: 6, kind: null },
  { path: 'model.locality', symbol: 'τ', exponent: 2, kind: null },
];

/** Paths of the knobs that have an exponent in Theorem 4.1. */
export const FACTOR_PATHS = FACTORS.map(({ path }) => path);
/** Of 1/ε in Theorem 4.1, ε the error. */
const ERROR_EXPONENT = 2;
const ALPHA = 'data.alpha';
/** Of 1/e in Theorem 4.2, e the mean error. */
const averageExponent = (alpha: number) => 4 + 4 / alpha;

/** What is measured of one setting, and what it has to stay below. */
interface Measured {
  axes: Axes;
  measured: number | null;
  /** Null: nothing to decide on. */
  interval: Interval | null;
  most: number;
}

/** What a claim about intervals states. */
interface Asked {
  id: string;
  statement: string;
  what: string;
  /** What a setting without an interval would need. */
  needs: string;
}

/**
 * How N* grows, against the exponents that the theorems have: Theorem 4.1 where it applies (one layer, finite precision), with the knob and
 * with the error; Theorem 4.2 where α is an axis, with the error, and its exponent with α.
 *
 * Shown: in every setting the upper end of the exponent's 95 % interval is below the theorem's. Refuted: in some setting the lower end is
 * above. N* counts where it lies between the trained lengths whatever the seeds, for every value of the knob: what is left out would bend
 * the law.
 */
export function exponentClaims({ cells, manifest }: Pick<Run, 'cells' | 'manifest'>): Claim[] {
  const { task, epsilon } = manifest.experiment;
  const epsilons = [epsilon].flat() as number[];
  const inFinite = cells.some(({ theory }) =>
    theory?.bounds?.some(({ name, applies }) => name === 'theorem-4.1' && applies),
  );
  const hasAlphas = hasValues(cells, ALPHA);
  if (!inFinite && !hasAlphas) return [];
  const required = requiredLengths(cells, epsilons);
  const factors = FACTORS.filter(
    ({ path, kind }) => inFinite && (kind ?? task.kind) === task.kind && hasValues(cells, path),
  );
  return [
    ...factors.map(factor => factorClaim(cells, factor, required, epsilons)),
    errorClaim(cells, required, inFinite),
    ...(hasAlphas ? [fallsClaim(cells, required)] : []),
  ];
}

function hasValues(cells: readonly CellResult[], path: string): boolean {
  return new Set(cells.flatMap(({ axes }) => axes[path] ?? [])).size > 1;
}

function factorClaim(
  cells: readonly CellResult[],
  { path, symbol, exponent }: Factor,
  required: readonly RequiredLength[],
  epsilons: readonly number[],
): Claim {
  const keyOf = (axes: Axes, epsilon: number) => JSON.stringify([without(axes, path), epsilon]);
  const open = new Set(
    required.filter(row => !isBetween(row)).map(({ axes, epsilon }) => keyOf(axes, epsilon)),
  );
  const lines = new Map<string, Measured>();
  for (const { axes, epsilon, measured, interval } of lengthExponents(cells, [path], epsilons)) {
    const key = JSON.stringify(axes);
    const line = lines.get(key) ?? { axes, measured: null, interval: null, most: exponent };
    lines.set(key, line);
    if (measured === null || interval === null || open.has(keyOf(axes, epsilon))) continue;
    // Over several ε the interval spans all of theirs: it is below, or above, where each of them is.
    const [low, high] = line.interval ?? interval;
    line.measured = Math.max(line.measured ?? measured, measured);
    line.interval = [Math.min(low, interval[0]), Math.max(high, interval[1])];
  }
  const name = symbolOf(path);
  return intervalClaim(
    {
      id: `exponent-${path.split('.').at(-1)}`,
      statement: `N* grows no faster with ${name} than Theorem 4.1’s ${symbol}^${exponent}`,
      what: `exponent of N*(ε) in ${name}, the largest over ε at which every value has an N* between the lengths trained`,
      needs: `an ε at which every ${name} has an N* between the lengths trained`,
    },
    [...lines.values()],
    cells,
  );
}

function errorClaim(
  cells: readonly CellResult[],
  required: readonly RequiredLength[],
  inFinite: boolean,
): Claim {
  const rows = errorExponents(cells, required).map(row => ({
    ...row,
    most: inFinite ? ERROR_EXPONENT : averageExponent(Number(row.axes[ALPHA])),
  }));
  const theorem = inFinite ? `Theorem 4.1’s ${ERROR_EXPONENT}` : 'Theorem 4.2’s 4 + 4/α';
  return intervalClaim(
    {
      id: 'exponent-error',
      statement: `N* grows no faster with 1/e, e the error, than to the power of ${theorem}`,
      what: 'exponent of N*(ε) in 1/√ε, over ε at which N* lies between the lengths trained',
      needs: 'two ε at which N* lies between the lengths trained',
    },
    rows,
    cells,
  );
}

function fallsClaim(cells: readonly CellResult[], required: readonly RequiredLength[]): Claim {
  const changes = exponentChanges(cells, ALPHA, required);
  const claim = intervalClaim(
    {
      id: 'exponent-error-falls',
      statement: 'the exponent of N* in 1/e falls as α rises, as Theorem 4.2’s 4 + 4/α does',
      what: 'change of the exponent of N*(ε) in 1/√ε a doubling of α',
      needs: 'two ε at which every α has an N* between the lengths trained',
    },
    changes.map(change => ({ ...change, most: 0 })),
    cells,
  );
  const beside = changes.flatMap(({ values }) =>
    values.flatMap(({ value, exponent }) =>
      exponent === null
        ? []
        : [`α = ${value}: ${exponent.toFixed(2)}, Theorem 4.2 ${averageExponent(value).toFixed(2)}`],
    ),
  );
  return { ...claim, remarks: [...claim.remarks, ...beside] };
}

/** The claim that in every setting an interval lies below what a theorem allows. */
function intervalClaim(
  { id, statement, what, needs }: Asked,
  settings: readonly Measured[],
  cells: readonly CellResult[],
): Claim {
  const decided = settings.flatMap(({ interval, ...rest }) => (interval ? [{ ...rest, interval }] : []));
  const open = settings.filter(({ interval }) => interval === null);
  const above = decided.filter(({ interval, most }) => interval[0] > most);
  const excess = ({ interval, most }: (typeof decided)[number]) => interval[above.length > 0 ? 0 : 1] - most;
  const deciding = [...decided].sort((a, b) => excess(b) - excess(a))[0];
  const isBelow = decided.length > 0 && decided.every(({ interval, most }) => interval[1] < most);
  const alive = cells.filter(cell => plateauOf(cell) !== null);
  const few = groupsBySeed(alive).filter(({ members }) => members.length < LEAST_SEEDS);
  const lacks =
    few.length > 0
      ? NEEDS_SEEDS
      : above.length === 0 && (open.length > 0 || decided.length === 0)
        ? `needs ${needs}`
        : null;
  const verdict = above.length > 0 ? 'refuted' : isBelow ? 'shown' : 'undecided';
  const labels = (some: readonly { axes: Axes }[]) =>
    listed(some.map(({ axes }) => labelOf(axes) || 'all cells'));
  const where = deciding && labelOf(deciding.axes);
  return {
    id,
    statement,
    statistic: `${what}${where ? `, in the setting that decides (${where})` : ''}; 95 % interval over seeds and over where between trained lengths N* lies, all of which must end below the threshold`,
    value: deciding?.measured ?? null,
    interval: deciding?.interval ?? null,
    confidence: 1 - 2 * LEVEL,
    threshold: deciding?.most ?? settings[0]?.most ?? 0,
    level: LEVEL,
    verdict: lacks === null ? verdict : 'undecided',
    lacks,
    seeds: alive.length,
    diverged: cells.length - alive.length,
    pValue: null,
    pFloor: null,
    remarks: [
      ...(open.length > 0 ? [`without ${needs}: ${labels(open)}`] : []),
      ...(above.length > 0 ? [`above the theorem’s exponent: ${labels(above)}`] : []),
    ],
  };
}
