import { sum } from 'simple-statistics';
import type { PackSeconds } from '../plan/estimate.ts';
import type { Progress } from '../runtime/session.ts';

/**
 * Seconds that are left of a run: training, evaluation and theory. Estimates are of one machine; how fast this one is shows in what it has
 * done of them.
 */
export class TimeLeft {
  private readonly packs: readonly PackSeconds[];
  private readonly theoryAtOnce: number;
  /** Seconds of each pack's estimate that are done. */
  private readonly worked: number[];
  private theoryLeft: number;
  /** The first sign of progress: what came before, starting and compiling, says nothing of the rate. */
  private first: { at: number; worked: number } | undefined;

  /** @param theoryAtOnce cells whose theory is computed side by side; 0: none is */
  constructor(packs: readonly PackSeconds[], theoryAtOnce: number) {
    this.packs = packs;
    this.theoryAtOnce = theoryAtOnce;
    this.worked = packs.map(() => 0);
    this.theoryLeft = theoryAtOnce > 0 ? sum(packs.map(({ theory }) => theory)) : 0;
  }

  /** Takes in a progress event of one pack. */
  update(pack: number, { phase, done, total }: Pick<Progress, 'phase' | 'done' | 'total'>): void {
    const { train, test } = this.packs[pack]!;
    const share = done / total;
    this.worked[pack] = phase === 'train' ? train * share : train + test * share;
    this.first ??= { at: performance.now(), worked: sum(this.worked) };
  }

  /** Takes in how far theory has come. */
  theory(done: number, asked: number): void {
    const all = sum(this.packs.map(({ theory }) => theory));
    this.theoryLeft = all * (1 - done / Math.max(asked, 1));
  }

  /** Null until it shows. */
  seconds(): number | null {
    if (!this.first) return null;
    const worked = sum(this.worked) - this.first.worked;
    if (worked <= 0) return null;
    const seconds = (performance.now() - this.first.at) / 1000;
    const all = sum(this.packs.map(({ train, test }) => train + test));
    const engine = (seconds * (all - sum(this.worked))) / worked;
    // Theory goes on beside training; what it is longer by is left at the end, and of the last pack always something.
    const last = this.packs.at(-1)!.theory;
    const beside = Math.max(last, this.theoryLeft) / Math.max(1, this.theoryAtOnce);
    if (this.theoryAtOnce === 0) return engine;
    return Math.max(engine + last / this.theoryAtOnce, beside);
  }
}
