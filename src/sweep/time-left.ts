import { sum } from 'simple-statistics';
import type { PackSeconds } from '../plan/estimate.ts';
import type { Progress } from '../runtime/session.ts';

/** How much an estimate counts beside what was measured: as so large a share of it. */
const TRUST = 0.1;

type Phase = Progress['phase'];

/** A pack as it was planned. */
export interface Planned {
  cells: number;
  seconds: PackSeconds;
}

/**
 * How long a run still takes. Estimates are of one machine: how fast this one is shows in what it has done of them, training, testing and
 * theory each by themselves.
 */
export class TimeLeft {
  private readonly packs: Planned[];
  private readonly theoryAtOnce: number;
  /** Seconds of each pack's estimate that are done, by phase; none of a pack that has not begun. */
  private readonly done: (Record<Phase, number> | undefined)[];
  /** Seconds since the first sign of progress, and those of the estimate that they were for. */
  private readonly spent: Record<Phase, number> = { train: 0, test: 0 };
  private readonly gained: Record<Phase, number> = { train: 0, test: 0 };
  private lastMs: number | undefined;
  private readonly theory = { done: 0, asked: 0, lastMs: 0, spent: 0, gained: 0 };

  /** Theory is of so many cells at once; 0: there is none. */
  constructor(packs: Planned[], theoryAtOnce: number) {
    this.packs = packs;
    this.theoryAtOnce = theoryAtOnce;
    this.done = packs.map(() => undefined);
  }

  /** Takes in how far a pack has come at a time. */
  update(
    pack: number,
    { phase, done, total }: Pick<Progress, 'phase' | 'done' | 'total'>,
    atMs = performance.now(),
  ): void {
    const { compile, train, points } = this.packs[pack]!.seconds;
    const now =
      phase === 'train'
        ? { train: (train * done) / total, test: 0 }
        : { train, test: sum([0, ...points.slice(0, done)]) };
    const before = this.done[pack];
    // What came before the first sign, starting and compiling, says nothing of the rate, and what a pack that goes on had done was
    // not done now.
    if (this.lastMs !== undefined) {
      this.spent[phase] += (atMs - this.lastMs) / 1000;
      this.gained[phase] += before ? now[phase] - before[phase] : compile;
    }
    this.done[pack] = now;
    this.lastMs = atMs;
  }

  /** Takes in how many cells' theory is done, of those that were asked for. */
  updateTheory(done: number, asked: number, atMs = performance.now()): void {
    const { theory } = this;
    const open = theory.asked - theory.done;
    if (open > 0) {
      theory.spent += (atMs - theory.lastMs) / 1000;
      theory.gained += ((done - theory.done) * this.cellTheory()) / Math.min(open, this.theoryAtOnce);
    }
    Object.assign(theory, { done, asked, lastMs: atMs });
  }

  /** Seconds; null before anything shows how fast this machine is. */
  seconds(): number | null {
    const { spent, gained, theory } = this;
    if (gained.train + gained.test <= 0) return null;
    const whole = (spent.train + spent.test) / (gained.train + gained.test);
    const all = { train: sum([0, ...this.packs.map(({ seconds }) => seconds.train)]), test: 0 };
    all.test = sum([0, ...this.packs.map(({ seconds }) => seconds.test)]);
    // Little of a phase says little of the rest: as long as it is little, the other's rate counts too.
    const rate = (phase: Phase) =>
      (spent[phase] + whole * TRUST * all[phase]) / Math.max(gained[phase] + TRUST * all[phase], 1e-9);
    const left = { train: 0, test: 0 };
    for (const [i, { seconds }] of this.packs.entries()) {
      const done = this.done[i];
      left.train += seconds.train - (done?.train ?? 0) + (done ? 0 : seconds.compile);
      left.test += seconds.test - (done?.test ?? 0);
    }
    const engine = rate('train') * left.train + rate('test') * left.test;
    if (this.theoryAtOnce === 0) return engine;
    const cell = this.cellTheory();
    const theoryRate = (theory.spent + cell) / Math.max(theory.gained + cell, 1e-9);
    // Theory goes on beside training; what it is longer by is left at the end, and of the last pack always something.
    const last = this.packs.at(-1)!.seconds.theory;
    const open = Math.max(this.cells() - theory.done, theory.asked - theory.done, 0);
    const [tail, beside] = [last, open * cell].map(seconds => (theoryRate * seconds) / this.theoryAtOnce);
    return Math.max(engine + Math.min(tail!, beside!), beside!);
  }

  private cells(): number {
    return sum([0, ...this.packs.map(({ cells }) => cells)]);
  }

  /** What the theory of a cell was estimated at, in the mean, in seconds of a core. */
  private cellTheory(): number {
    return sum([0, ...this.packs.map(({ seconds }) => seconds.theory)]) / Math.max(1, this.cells());
  }
}
