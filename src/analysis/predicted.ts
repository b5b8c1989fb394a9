import { median } from 'simple-statistics';
import { settingOf } from '../results/axes.ts';
import type { CellResult } from '../results/schema.ts';
import { leastOf, mostOf } from '../shared/extremes.ts';
import { hasClasses } from './accuracy.ts';
import { groupsBySeed, type PlateauPoint, plateauPoints, type SeedGroup } from './plateau.ts';

type Theory = NonNullable<CellResult['theory']>;

/** What the theory says of the trained weights of cells that differ only in their seed: medians, null where no seed has a finite value. */
export interface TheoryPoint {
  /** Axes without the seed. */
  axes: CellResult['axes'];
  trainLength: number;
  /** log10 C(f). */
  complexity: Record<keyof Theory['complexity'], number | null>;
  logitMargin: number | null;
  attainableLogitMargin: number | null;
  effectiveMargin: number | null;
  positionalMargin: number | null;
  lipschitz: number | null;
  /** What is null because it is not defined for the model, with the reason. */
  notDefined: Theory['notDefined'];
  seeds: number;
}

/** A training length for one setting of the knobs, measured and by the bounds that apply. */
export interface LengthRow {
  /** Axes without seed and training length. */
  axes: CellResult['axes'];
  /** Plateau loss asked for. Bounds are for error √ε, the root mean square that this loss stands for. */
  epsilon: number;
  /** The least training length whose mean plateau is ≤ ε. Null: none of those trained. */
  measured: number | null;
  longestTrained: number;
  /** log10 N by bound: medians over the seeds of the longest training length. */
  predicted: { name: string; log10N: number | null; log10NRange?: number | null }[];
}

/** Theory of every point of the grid, in order of appearance. Cells without theory (diverged) are left out. */
export function theoryPoints(cells: readonly CellResult[]): TheoryPoint[] {
  return groupsBySeed(cells).flatMap(({ axes, members }) => {
    const theories = theoriesOf(members);
    if (theories.length === 0) return [];
    const middle = (pick: (theory: Theory) => number | null) => medianOf(theories.map(pick));
    return {
      axes,
      trainLength: Number(axes['train.length']),
      complexity: {
        norm: middle(({ complexity }) => complexity.norm),
        range: middle(({ complexity }) => complexity.range),
        empirical: middle(({ complexity }) => complexity.empirical),
      },
      logitMargin: middle(theory => theory.logitMargin),
      attainableLogitMargin: middle(theory => theory.attainableLogitMargin),
      effectiveMargin: middle(theory => theory.effectiveMargin),
      positionalMargin: middle(theory => theory.positionalMargin),
      lipschitz: middle(theory => theory.lipschitz),
      notDefined: theories[0]!.notDefined,
      seeds: theories.length,
    };
  });
}

/** Least and most log10 C(f) of the trained cells of a run, by form; null where no cell has a finite one. */
export function complexityRanges(
  cells: readonly CellResult[],
): Record<keyof Theory['complexity'], { least: number; most: number } | null> {
  const theories = theoriesOf(cells);
  const rangeOf = (form: keyof Theory['complexity']) => {
    const logs = theories.flatMap(({ complexity }) => complexity[form] ?? []);
    return logs.length === 0 ? null : { least: leastOf(logs), most: mostOf(logs) };
  };
  return { norm: rangeOf('norm'), range: rangeOf('range'), empirical: rangeOf('empirical') };
}

/** Predicted and measured training lengths side by side, for every setting of the knobs and every ε. Bounds say nothing of error rates. */
export function lengthRows(cells: readonly CellResult[], epsilons: readonly number[]): LengthRow[] {
  const judgedByErrors = hasClasses(cells);
  const groups = groupsBySeed(cells);
  const settings = new Map<string, { axes: CellResult['axes']; own: Measured[] }>();
  plateauPoints(cells).forEach((point, i) => {
    const axes = settingOf(point.axes);
    const key = JSON.stringify(axes);
    const setting = settings.get(key) ?? { axes, own: [] };
    setting.own.push({ ...point, members: groups[i]!.members });
    settings.set(key, setting);
  });
  return [...settings.values()].flatMap(({ axes, own }) => {
    const longestTrained = own.reduce((most, { trainLength }) => Math.max(most, trainLength), 0);
    const theories = own
      .filter(({ trainLength }) => trainLength === longestTrained)
      .flatMap(({ members }) => theoriesOf(members));
    return epsilons.map(epsilon => ({
      axes,
      epsilon,
      measured: leastLength(own, epsilon),
      longestTrained,
      predicted: judgedByErrors ? [] : predictions(theories, Math.sqrt(epsilon)),
    }));
  });
}

/** A point of the grid with its cells. */
type Measured = PlateauPoint & Pick<SeedGroup, 'members'>;

function leastLength(points: readonly PlateauPoint[], epsilon: number): number | null {
  const enough = points.filter(({ plateau }) => plateau.mean !== null && plateau.mean <= epsilon);
  return enough.reduce<number | null>(
    (least, { trainLength }) => Math.min(least ?? Infinity, trainLength),
    null,
  );
}

function predictions(theories: Theory[], error: number): LengthRow['predicted'] {
  const at = theories.flatMap(({ bounds }) =>
    (bounds ?? []).filter(({ epsilon, applies }) => applies && Math.abs(epsilon / error - 1) < 1e-9),
  );
  return [...new Set(at.map(({ name }) => name))].map(name => {
    const own = at.filter(bound => bound.name === name);
    const ranges = own.flatMap(({ log10NRange }) => (log10NRange === undefined ? [] : [log10NRange]));
    return {
      name,
      log10N: lengthMedian(own.map(({ log10N }) => log10N)),
      ...(ranges.length > 0 ? { log10NRange: lengthMedian(ranges) } : {}),
    };
  });
}

function theoriesOf(cells: readonly CellResult[]): Theory[] {
  return cells.flatMap(({ theory }) => theory ?? []);
}

function medianOf(values: (number | null)[]): number | null {
  const finite = values.filter(value => value !== null);
  return finite.length === 0 ? null : median(finite);
}

/** A seed without a finite bound counts as an infinite one. */
function lengthMedian(values: (number | null)[]): number | null {
  const middle = median(values.map(value => value ?? Infinity));
  return Number.isFinite(middle) ? middle : null;
}
