import { MultiBar, Presets, type SingleBar } from 'cli-progress';
import { median, sum } from 'simple-statistics';
import type { Progress } from '../runtime/session.ts';
import { log } from './output.ts';

/** Milliseconds between two lines where there is no terminal to draw a bar in. */
const LINE_MS = 5000;

/** Progress of a whole run on stderr: a bar in a terminal, now and then a line elsewhere. */
export class RunProgress {
  private done: number[] = [];
  private totals: number[] = [];
  private bars: MultiBar | undefined;
  private bar: SingleBar | undefined;
  private began = performance.now();
  private lastLine = 0;
  private loss = '-';
  private rate = 0;

  /** Begins to count, with the steps of each pack. */
  begin(steps: number[]): void {
    this.totals = steps;
    this.done = steps.map(() => 0);
    this.began = performance.now();
    if (process.stderr.isTTY && steps.length > 0) {
      const format = '{bar} {percentage}% | {phase} | loss {loss} | {rate} sequences/s | ETA {left}';
      this.bars = new MultiBar(
        { format, stream: process.stderr, barsize: 24, hideCursor: true },
        Presets.shades_classic,
      );
      this.bar = this.bars.create(sum(this.totals), 0, this.payload('starting'));
    }
  }

  /** Takes in a progress event of one pack. */
  update(pack: number, event: Progress): void {
    let phase = `testing ${event.done}/${event.total}`;
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
      const number = this.totals.length > 1 ? `pack ${pack + 1}/${this.totals.length}, ` : '';
      log(`  ${number}${phase}, median loss ${loss}, ${rate} sequences/s, ETA ${left}`);
    }
  }

  /** Takes in how far theory has come. While packs train, theirs is what is shown. */
  theory(done: number, asked: number): void {
    if (sum(this.done) < sum(this.totals)) return;
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
    const done = sum(this.done);
    const seconds = (performance.now() - this.began) / 1000;
    const left = done > 0 ? `${Math.ceil((seconds * (sum(this.totals) - done)) / done)} s` : '-';
    return { phase, loss: this.loss, rate: Math.round(this.rate).toLocaleString('en'), left };
  }
}
