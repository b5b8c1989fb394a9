import { MultiBar, Presets, type SingleBar } from 'cli-progress';
import { median, sum } from 'simple-statistics';
import type { PackSeconds } from '../plan/estimate.ts';
import type { Progress } from '../runtime/session.ts';
import { log } from './output.ts';

/** Milliseconds between two lines where there is no terminal to draw a bar in. */
const LINE_MS = 5000;

/** Progress of a whole run on stderr: a bar in a terminal, now and then a line elsewhere. */
export class RunProgress {
  private packs: PackSeconds[] = [];
  private steps: number[] = [];
  private done: number[] = [];
  /** Seconds of each pack's estimate that are done. */
  private worked: number[] = [];
  private theoryAtOnce = 1;
  private theoryLeft = 0;
  private bars: MultiBar | undefined;
  private bar: SingleBar | undefined;
  /** The first sign of progress: what came before, starting and compiling, says nothing of the rate. */
  private first: { at: number; worked: number } | undefined;
  /** The first sign of progress is a line at once, however soon it comes. */
  private lastLine = Number.NEGATIVE_INFINITY;
  private loss = '-';
  private rate = 0;

  /** Begins to count, with the steps of each pack and the estimate of its times; theory is of so many cells at once. */
  begin(packs: { steps: number; seconds: PackSeconds }[], theoryAtOnce: number): void {
    this.packs = packs.map(({ seconds }) => seconds);
    this.steps = packs.map(({ steps }) => steps);
    this.done = packs.map(() => 0);
    this.worked = packs.map(() => 0);
    this.theoryAtOnce = theoryAtOnce;
    this.theoryLeft = theoryAtOnce > 0 ? sum(this.packs.map(({ theory }) => theory)) : 0;
    if (process.stderr.isTTY && packs.length > 0) {
      const format = '{bar} {percentage}% | {phase} | loss {loss} | {rate} sequences/s | ETA {left}';
      this.bars = new MultiBar(
        { format, stream: process.stderr, barsize: 24, hideCursor: true },
        Presets.shades_classic,
      );
      this.bar = this.bars.create(sum(this.steps), 0, this.payload('starting'));
    }
  }

  /** Takes in a progress event of one pack. */
  update(pack: number, event: Progress): void {
    let phase = `testing ${event.done}/${event.total}`;
    const { train, test } = this.packs[pack]!;
    const share = event.done / event.total;
    this.worked[pack] = event.phase === 'train' ? train * share : train + test * share;
    this.first ??= { at: performance.now(), worked: sum(this.worked) };
    if (event.phase === 'train') {
      this.done[pack] = event.done;
      this.rate = event.sequencesPerSecond;
      phase = `step ${event.done}/${event.total}`;
      const losses = event.curve.at(-1)?.losses.filter(loss => loss !== null);
      if (losses && losses.length > 0) this.loss = median(losses).toExponential(2);
    }
    if (this.bar) this.bar.update(sum(this.done), this.payload(phase));
    else if (performance.now() - this.lastLine > LINE_MS || event.done === event.total) {
      this.lastLine = performance.now();
      const { loss, rate, left } = this.payload(phase);
      const number = this.packs.length > 1 ? `pack ${pack + 1}/${this.packs.length}, ` : '';
      log(`  ${number}${phase}, median loss ${loss}, ${rate} sequences/s, ETA ${left}`);
    }
  }

  /** Takes in how far theory has come. While packs train, theirs is what is shown. */
  theory(done: number, asked: number): void {
    const all = sum(this.packs.map(({ theory }) => theory));
    this.theoryLeft = all * (1 - done / Math.max(asked, 1));
    if (sum(this.done) < sum(this.steps)) return;
    const phase = `theory of cell ${done}/${asked}`;
    if (this.bar) this.bar.update(this.payload(phase));
    else if (performance.now() - this.lastLine > LINE_MS) {
      this.lastLine = performance.now();
      log(`  ${phase}`);
    }
  }

  /** Says something above the bar. */
  say(line: string): void {
    if (this.bars) this.bars.log(`${line}\n`);
    else log(line);
  }

  stop(): void {
    this.bars?.stop();
  }

  private payload(phase: string): { phase: string; loss: string; rate: string; left: string } {
    const left = this.secondsLeft();
    return {
      phase,
      loss: this.loss,
      rate: Math.round(this.rate).toLocaleString('en'),
      left: left === null ? '-' : `${Math.ceil(left)} s`,
    };
  }

  /** Estimates are of one machine: how fast this one is shows in what it has done of them. Null until it does. */
  private secondsLeft(): number | null {
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
