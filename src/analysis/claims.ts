import { labelOf, symbolOf } from '../results/axes.ts';
import type { Run } from '../results/runs.ts';
import type { CellResult } from '../results/schema.ts';
import { taskOf } from '../tasks/registry.ts';
import { groupsBySeed, plateauOf } from './plateau.ts';
import {
  bootstrap,
  holm,
  type Interval,
  meanInterval,
  meanOf,
  pool,
  tInterval,
  upperTail,
} from './statistics.ts';
import { blockScores, pageTrend, strengthOf } from './trend.ts';

/** A claim of the paper with the statistic that decides it (theory.md §8). */
export interface Claim {
  /** `<experiment>/<claim>`. */
  id: string;
  statement: string;
  /** What `value` is. */
  statistic: string;
  value: number;
  /** 95 %. */
  interval: Interval;
  threshold: number;
  holds: boolean;
  /** Seeds with a plateau that the claim rests on. */
  seeds: number;
  /** Cells that have none: they diverged. */
  diverged: number;
  /** The test's p-value, where there is one. */
  pValue: number | null;
  /** What stands against the claim, or could not take part, in words. */
  remarks: string[];
}

/** Growth of log loss per octave of T that still counts as a plateau: slower than T^(1/4). */
export const PLATEAU_SLOPE = 0.25;
/** Largest p-value of a trend. */
export const TREND_P = 0.01;
/** A plateau that rises by more than this factor against the trend breaks it. */
export const REVERSAL_FACTOR = 2;
/** Mass on the argmax set, and uniformity in it, from which attention is called hardmax. */
export const HARDMAX = 0.9;
/** Significance of a single violation, adjusted for how many were looked for. */
const SIGNIFICANT = 0.05;

/** Every claim that a run can decide. */
export function claimsOf(run: Run): Claim[] {
  const { cells, manifest, name } = run;
  if (cells.length === 0) return [];
  const { task } = manifest.experiment as { task: { kind: string } & Record<string, unknown> };
  const prefix = (claim: Claim): Claim => ({ ...claim, id: `${name}/${claim.id}` });
  const knobs = taskOf(task.kind).complexity.map(knob => `task.${knob}`);
  return [
    plateauClaim(cells),
    trendClaim(cells, 'train.length', 'falls'),
    ...knobs.map(path => trendClaim(cells, path, 'rises')),
    ...(task.kind === 'mod-p' ? hardmaxClaims(cells) : []),
  ].flatMap(claim => (claim ? prefix(claim) : []));
}

/**
 * The loss stops changing: per cell, the least-squares slope of log2 loss against log2 T over the last three octaves of test lengths. Fails when
 * any setting's mean slope is shown to lie beyond ±¼ (t-tests on the variance pooled over settings, Holm-adjusted), or the mean of
 * all is not shown to lie within.
 */
export function plateauClaim(cells: readonly CellResult[]): Claim | undefined {
  const settings = groupsBySeed(cells).map(({ axes, members }) => ({
    axes,
    slopes: members.flatMap(cell => tailSlope(cell) ?? []),
  }));
  const measured = settings.filter(({ slopes }) => slopes.length > 0);
  if (measured.length === 0) return undefined;
  const all = measured.flatMap(({ slopes }) => slopes);
  const { groups, variance, freedom } = pool(measured.map(({ slopes }) => slopes));
  const tests = groups.map(({ mean, count }) =>
    upperTail((Math.abs(mean) - PLATEAU_SLOPE) / Math.sqrt(variance / count), freedom),
  );
  const beyond = holm(tests).flatMap((p, i) => (p < SIGNIFICANT ? [i] : []));
  const worst = groups.reduce(
    (most, { mean }, i) => (Math.abs(mean) > Math.abs(groups[most]!.mean) ? i : most),
    0,
  );
  const { mean, count } = groups[worst]!;
  const [low, high] = meanInterval(all);
  const within = low > -PLATEAU_SLOPE && high < PLATEAU_SLOPE;
  return {
    id: 'plateau',
    statement: 'the loss stops changing over the last octaves of the test length',
    statistic: `slope of log loss against log T over the last three octaves: the setting where it is largest (${labelOf(measured[worst]!.axes)})`,
    value: mean,
    interval: tInterval(mean, Math.sqrt(variance / count), freedom),
    threshold: PLATEAU_SLOPE,
    holds: within && beyond.length === 0,
    seeds: all.length,
    diverged: cells.length - all.length,
    pValue: null,
    remarks: [
      `mean slope of all settings ${meanOf(all).toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`,
      ...beyond.map(i => `${labelOf(measured[i]!.axes)}: slope ${groups[i]!.mean.toFixed(2)}`),
    ],
  };
}

/** Slope of log loss against log T over the last three octaves; undefined where a loss is missing or there are fewer than two lengths. */
function tailSlope(cell: CellResult): number | undefined {
  const longest = Math.max(...cell.test.map(({ length }) => length));
  const tail = cell.test.filter(({ length }) => length >= longest / 8);
  if (cell.divergedAtStep !== null || tail.length < 2 || tail.some(({ loss }) => !loss)) return undefined;
  const x = tail.map(({ length }) => Math.log(length));
  const y = tail.map(({ loss }) => Math.log(loss!));
  const [mx, my] = [meanOf(x), meanOf(y)];
  const squares = x.reduce((sum, value) => sum + (value - mx) ** 2, 0);
  return x.reduce((sum, value, i) => sum + (value - mx) * (y[i]! - my), 0) / squares;
}

/**
 * The plateau falls with N, or rises with a knob: Page's trend test, blocks being seeds within settings of all other axes. Fails when the trend
 * is not shown, or when between two neighbouring values the plateau is shown to move against it by more than a factor 2 where training
 * length, not optimisation, is the limit (plateau above twice the training loss).
 */
export function trendClaim(
  cells: readonly CellResult[],
  path: string,
  direction: 'falls' | 'rises',
): Claim | undefined {
  const values = [...new Set(cells.map(cell => Number(cell.axes[path])))].sort((a, b) => a - b);
  if (values.length < 2 || values.some(Number.isNaN)) return undefined;
  const ordered = direction === 'rises' ? values : [...values].reverse();
  const blocks = new Map<string, Map<number, CellResult>>();
  for (const cell of cells) {
    const { [path]: value, ...others } = cell.axes;
    const key = JSON.stringify(others);
    blocks.set(key, (blocks.get(key) ?? new Map()).set(Number(value), cell));
  }
  const complete = [...blocks.values()].flatMap(block => {
    const plateaus = ordered.map(value => positivePlateau(block.get(value)));
    return plateaus.includes(undefined) ? [] : [plateaus as number[]];
  });
  const id = path === 'train.length' ? 'monotone-N' : `monotone-${path.split('.').at(-1)}`;
  const what = path === 'train.length' ? 'training length N' : symbolOf(path);
  const base = {
    id,
    statement: `the plateau ${direction} with ${what}`,
    statistic: 'strength of Page’s trend, from −1 to 1',
    threshold: 0,
    seeds: complete.length,
    diverged: cells.filter(cell => positivePlateau(cell) === undefined).length,
  };
  const lost = blocks.size - complete.length;
  const remarks = lost > 0 ? [`${lost} of ${blocks.size} blocks are incomplete and were left out`] : [];
  if (complete.length === 0)
    return { ...base, value: 0, interval: [-1, 1], holds: false, pValue: 1, remarks };
  const { strength, pValue } = pageTrend(complete);
  const against = reversals(cells, path, ordered);
  const scores = blockScores(complete);
  return {
    ...base,
    value: strength,
    interval: bootstrap(complete.length, units =>
      strengthOf(
        units.map(i => scores[i]!),
        ordered.length,
      ),
    ),
    holds: pValue <= TREND_P && against.length === 0,
    pValue,
    remarks: [...remarks, ...against],
  };
}

/** Steps between neighbouring values that are shown to go against the order by more than `REVERSAL_FACTOR`. */
function reversals(cells: readonly CellResult[], path: string, ordered: readonly number[]): string[] {
  const settings = groupsBySeed(cells).map(({ axes, members }) => ({
    axes,
    value: Number(axes[path]),
    rest: JSON.stringify({ ...axes, [path]: null }),
    logs: members.flatMap(cell => {
      const plateau = positivePlateau(cell);
      return plateau === undefined ? [] : [Math.log(plateau)];
    }),
    limited: members.some(cell => (positivePlateau(cell) ?? 0) > 2 * (cell.trainLoss ?? Infinity)),
  }));
  const filled = settings.filter(({ logs }) => logs.length > 0);
  const { variance, freedom } = pool(filled.map(({ logs }) => logs));
  const placeOf = (value: number | undefined, rest: string) => `${value} ${rest}`;
  const places = new Map(filled.map(setting => [placeOf(setting.value, setting.rest), setting]));
  const steps = filled.flatMap(setting => {
    const next = ordered[ordered.indexOf(setting.value) + 1];
    const after = places.get(placeOf(next, setting.rest));
    // Ordered so that plateaus should rise: a fall is a reversal, and matters where the larger one is limited by length.
    return after && setting.limited ? [{ setting, after }] : [];
  });
  const tests = steps.map(({ setting, after }) => {
    const fall = meanOf(setting.logs) - meanOf(after.logs) - Math.log(REVERSAL_FACTOR);
    return upperTail(fall / Math.sqrt(variance * (1 / setting.logs.length + 1 / after.logs.length)), freedom);
  });
  return holm(tests).flatMap((p, i) => {
    if (p >= SIGNIFICANT) return [];
    const { setting, after } = steps[i]!;
    const [a, b] = [setting, after].map(({ logs }) => Math.exp(meanOf(logs)).toExponential(1));
    return [
      `against the trend: ${labelOf(setting.axes)} has ${a}, ${symbolOf(path)} = ${after.value} has ${b}`,
    ];
  });
}

/** Attention of the longest training length lies on one residue class, and is uniform on it. */
function hardmaxClaims(cells: readonly CellResult[]): Claim[] {
  const longest = cells.reduce((most, cell) => Math.max(most, Number(cell.axes['train.length'])), 0);
  const maps = cells.flatMap(({ axes, attention }) =>
    attention && Number(axes['train.length']) === longest ? [attention] : [],
  );
  if (maps.length === 0) return [];
  const of = (pick: (head: (typeof maps)[number]['heads'][number]) => number) =>
    maps.map(({ heads }) => meanOf(heads.map(pick)));
  const claim = (id: string, statement: string, statistic: string, values: number[]): Claim => {
    const interval: Interval = values.length > 1 ? meanInterval(values) : [-Infinity, Infinity];
    return {
      id,
      statement,
      statistic: `${statistic}, mean over cells with N = ${longest}`,
      value: meanOf(values),
      interval,
      threshold: HARDMAX,
      holds: interval[0] >= HARDMAX,
      seeds: values.length,
      diverged: cells.filter(({ axes, attention }) => !attention && Number(axes['train.length']) === longest)
        .length,
      pValue: null,
      remarks: [],
    };
  };
  return [
    claim(
      'hardmax-mass',
      'at the last position attention lies on one residue class',
      'mass on the residue class of most mass',
      of(({ residueMass }) => Math.max(...residueMass)),
    ),
    claim(
      'hardmax-uniform',
      'attention is uniform on that residue class',
      '1 − total variation from uniform',
      of(({ uniformity }) => uniformity),
    ),
  ];
}

/** Plateau of a cell where there is one that has a logarithm. */
function positivePlateau(cell: CellResult | undefined): number | undefined {
  const plateau = cell && plateauOf(cell);
  return plateau ? plateau : undefined;
}
