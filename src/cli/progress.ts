import { MultiBar, Presets, type SingleBar } from 'cli-progress';
import { median, sum } from 'simple-statistics';
import type { PackSeconds } from '../plan/estimate.ts';
import type { Progress } from '../runtime/session.ts';
import { TimeLeft } from '../sweep/time-left.ts';
import { log } from './output.ts';

/** Milliseconds between two lines where there is no terminal to draw a bar in. */
const LINE_MS = 5000;

/** Progress of a whole run on stderr: a bar in a terminal, now and then a line elsewhere. */
export class RunProgress {
  private left = new TimeLeft([], 0);
  private steps: number[] = [];
  private done: number[] = [];
  private bars: MultiBar | undefined;
  private bar: SingleBar | undefined;
  /** The first sign of progress is a line at once, however soon it comes. */
  private lastLine = Number.NEGATIVE_INFINITY;
  private loss = '-';
  private rate = 0;

  /** Begins to count, with the steps of each pack and the estimate of its times; theory is of so many cells at once. */
  begin(packs: { steps: number; seconds: PackSeconds }[], theoryAtOnce: number): void {
    this.left = new TimeLeft(
      packs.map(({ seconds }) => seconds),
      theoryAtOnce,
    );
    this.steps = packs.map(({ steps }) => steps);
    this.done = packs.map(() => 0);
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
    this.left.update(pack, event);
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
      const number = this.steps.length > 1 ? `pack ${pack + 1}/${this.steps.length}, ` : '';
      log(`  ${number}${phase}, median loss ${loss}, ${rate} sequences/s, ETA ${left}`);
    }
  }

  /** Takes in how far theory has come. While packs train, theirs is what is shown. */
  theory(done: number, asked: number): void {
    this.left.theory(done, asked);
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
    const left = this.left.seconds();
    return {
      phase,
      loss: this.loss,
      rate: Math.round(this.rate).toLocaleString('en'),
      left: left === null ? '-' : `${Math.ceil(left)} s`,
    };
  }
}
