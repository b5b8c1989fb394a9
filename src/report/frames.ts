import { hasClasses } from '../analysis/accuracy.ts';
import { isLimitedByTraining } from '../analysis/limited.ts';
import { groupsBySeed, plateauOf, testLevelAt } from '../analysis/plateau.ts';
import { type Interval, meanOf, pool, tInterval } from '../analysis/statistics.ts';
import { settingOf } from '../results/axes.ts';
import type { CellResult } from '../results/schema.ts';
import { remembered } from '../shared/remembered.ts';

/**
 * What a few seeds say of a loss: their geometric mean, and the t interval of the mean logarithm on a variance pooled over training
 * lengths.
 */
export interface SeedSpread {
  /** Null: no seed has a loss above 0. */
  mean: number | null;
  /** 95 %; null where no training length has two seeds. */
  interval: Interval | null;
  /** Every seed's own loss. */
  seeds: number[];
  /** Seeds without one: diverged, or exactly 0. */
  lost: number;
}

/** Cells of one setting of the knobs. */
export interface Setting {
  axes: CellResult['axes'];
  cells: CellResult[];
}

/** Loss at one test length, for one training length. */
export interface LossPoint {
  trainLength: number;
  testLength: number;
  loss: SeedSpread;
}

/** Plateau and training loss at one training length. */
export interface PlateauFrame {
  axes: CellResult['axes'];
  trainLength: number;
  plateau: SeedSpread;
  trainLoss: SeedSpread;
  /** Whether training, and not its length, may be what limits the plateau. */
  isLimited: boolean;
}

/** Settings of the knobs, in order of appearance. Remembered, as what follows: several figures are drawn from the same. */
export const settingsOf = remembered((cells: readonly CellResult[]): Setting[] => {
  const settings = new Map<string, Setting>();
  for (const cell of cells) {
    const axes = settingOf(cell.axes);
    const key = JSON.stringify(axes);
    const setting = settings.get(key) ?? { axes, cells: [] };
    setting.cells.push(cell);
    settings.set(key, setting);
  }
  return [...settings.values()];
});

/** Loss by training length and test length, both ascending, of the cells of one setting. */
export const lossPoints = remembered((cells: readonly CellResult[]): LossPoint[] => {
  const groups = byTrainLength(cells);
  const lengths = [...new Set(cells.flatMap(({ test }) => test.map(({ length }) => length)))];
  const lossAt = (cell: CellResult, length: number) =>
    cell.divergedAtStep === null ? testLevelAt(cell, length) : null;
  const points = lengths.flatMap(testLength => {
    const spreads = spreadsOf(groups.map(({ members }) => members.map(cell => lossAt(cell, testLength))));
    return groups.map(({ trainLength }, g) => ({ trainLength, testLength, loss: spreads[g]! }));
  });
  return points.sort((a, b) => a.trainLength - b.trainLength || a.testLength - b.testLength);
});

/** Plateau and training loss of every point of the grid, by setting, then by training length. */
export const plateauFrames = remembered((cells: readonly CellResult[]): PlateauFrame[] => {
  return settingsOf(cells).flatMap(({ axes, cells: own }) => {
    const groups = byTrainLength(own);
    const plateaus = spreadsOf(
      groups.map(({ members }) => members.map(cell => (cell.test.length === 0 ? null : plateauOf(cell)))),
    );
    const trainLosses = spreadsOf(
      groups.map(({ members }) =>
        members.map(({ divergedAtStep, trainLoss }) => (divergedAtStep === null ? trainLoss : null)),
      ),
    );
    return groups.map(({ trainLength }, g) => {
      const [plateau, trainLoss] = [plateaus[g]!, trainLosses[g]!];
      const isLimited = !hasClasses(own) && isLimitedByTraining(plateau.mean, trainLoss.mean);
      return { axes, trainLength, plateau, trainLoss, isLimited };
    });
  });
});

/**
 * Geometric means and intervals of groups of losses, the variance of the logarithms pooled over the groups: a few seeds each cannot say it
 * alone. Null, 0 and what is not finite has no logarithm and is counted as lost.
 */
export function spreadsOf(groups: readonly (readonly (number | null)[])[]): SeedSpread[] {
  const kept = groups.map(
    losses => losses.filter(loss => loss !== null && loss > 0 && Number.isFinite(loss)) as number[],
  );
  const { variance, freedom } = pool(kept.map(seeds => seeds.map(Math.log)));
  return kept.map((seeds, g) => {
    const log = meanOf(seeds.map(Math.log));
    const some = seeds.length > 0;
    return {
      mean: some ? Math.exp(log) : null,
      interval:
        some && freedom > 0
          ? (tInterval(log, Math.sqrt(variance / seeds.length), freedom).map(Math.exp) as Interval)
          : null,
      seeds,
      lost: groups[g]!.length - seeds.length,
    };
  });
}

/** The axis that a figure draws a series for each value of: the task's own complexity knobs first. Undefined: none has two values. */
export function primaryKnob(cells: readonly CellResult[], knobs: readonly string[]): string | undefined {
  const paths = [...new Set(cells.flatMap(({ axes }) => Object.keys(settingOf(axes))))];
  const varies = (path: string) => new Set(cells.map(({ axes }) => JSON.stringify(axes[path]))).size > 1;
  const own = knobs.map(knob => `task.${knob}`);
  return [...own, ...paths].find(path => paths.includes(path) && varies(path));
}

function byTrainLength(cells: readonly CellResult[]): { trainLength: number; members: CellResult[] }[] {
  return groupsBySeed(cells)
    .map(({ axes, members }) => ({ trainLength: Number(axes['train.length']), members }))
    .sort((a, b) => a.trainLength - b.trainLength);
}
