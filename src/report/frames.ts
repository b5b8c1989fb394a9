import { groupsBySeed, plateauOf } from '../analysis/plateau.ts';
import { type Interval, meanInterval, meanOf } from '../analysis/statistics.ts';
import type { CellLine } from '../results/schema.ts';
import { settingOf } from './names.ts';

/** What a few seeds say of a loss: their geometric mean, and the t interval of the mean logarithm. */
export interface SeedSpread {
  /** Null: no seed has a loss above 0. */
  mean: number | null;
  /** 95 %; null for fewer than two seeds. */
  interval: Interval | null;
  /** Every seed's own loss. */
  seeds: number[];
  /** Seeds without one: diverged, or exactly 0. */
  lost: number;
}

/** Cells of one setting of the knobs. */
export interface Setting {
  axes: CellLine['axes'];
  cells: CellLine[];
}

/** Loss at one test length, for one training length. */
export interface LossPoint {
  trainLength: number;
  testLength: number;
  loss: SeedSpread;
}

/** Plateau and training loss at one training length. */
export interface PlateauFrame {
  axes: CellLine['axes'];
  trainLength: number;
  plateau: SeedSpread;
  trainLoss: SeedSpread;
}

/** Settings of the knobs, in order of appearance. */
export function settingsOf(cells: readonly CellLine[]): Setting[] {
  const settings = new Map<string, Setting>();
  for (const cell of cells) {
    const axes = settingOf(cell.axes);
    const key = JSON.stringify(axes);
    const setting = settings.get(key) ?? { axes, cells: [] };
    setting.cells.push(cell);
    settings.set(key, setting);
  }
  return [...settings.values()];
}

/** Loss by training length and test length, both ascending, of the cells of one setting. */
export function lossPoints(cells: readonly CellLine[]): LossPoint[] {
  const groups = groupsBySeed(cells).sort((a, b) => lengthOf(a.axes) - lengthOf(b.axes));
  return groups.flatMap(({ axes, members }) => {
    const lengths = [...new Set(members.flatMap(({ test }) => test.map(({ length }) => length)))];
    return lengths
      .sort((a, b) => a - b)
      .map(testLength => ({
        trainLength: lengthOf(axes),
        testLength,
        loss: spreadOf(
          members.map(cell =>
            cell.divergedAtStep === null
              ? (cell.test.find(({ length }) => length === testLength)?.loss ?? null)
              : null,
          ),
        ),
      }));
  });
}

/** Plateau and training loss of every point of the grid. */
export function plateauFrames(cells: readonly CellLine[]): PlateauFrame[] {
  return groupsBySeed(cells)
    .map(({ axes, members }) => ({
      axes: settingOf(axes),
      trainLength: lengthOf(axes),
      plateau: spreadOf(members.map(cell => (cell.test.length === 0 ? null : plateauOf(cell)))),
      trainLoss: spreadOf(members.map(cell => (cell.divergedAtStep === null ? cell.trainLoss : null))),
    }))
    .sort((a, b) => a.trainLength - b.trainLength);
}

/** Geometric mean and interval of losses; null, 0 and what is not finite has no logarithm and is counted as lost. */
export function spreadOf(losses: readonly (number | null)[]): SeedSpread {
  const seeds = losses.filter(loss => loss !== null && loss > 0 && Number.isFinite(loss)) as number[];
  const logs = seeds.map(Math.log);
  return {
    mean: seeds.length === 0 ? null : Math.exp(meanOf(logs)),
    interval: seeds.length < 2 ? null : (meanInterval(logs).map(Math.exp) as Interval),
    seeds,
    lost: losses.length - seeds.length,
  };
}

/** The axis that a figure draws a series for each value of: the task's own complexity knobs first. Undefined: none has two values. */
export function primaryKnob(cells: readonly CellLine[], knobs: readonly string[]): string | undefined {
  const paths = [...new Set(cells.flatMap(({ axes }) => Object.keys(settingOf(axes))))];
  const varies = (path: string) => new Set(cells.map(({ axes }) => JSON.stringify(axes[path]))).size > 1;
  const own = knobs.map(knob => `task.${knob}`);
  return [...own, ...paths].find(path => paths.includes(path) && varies(path));
}

function lengthOf(axes: CellLine['axes']): number {
  return Number(axes['train.length']);
}
