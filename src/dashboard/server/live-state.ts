import { median } from 'simple-statistics';
import type { LiveLine, LiveProgress, LiveTested } from '../../results/live.ts';
import { type Curves, extend, noCurves, type PackNow, type RunHead } from '../data.ts';

/** A pack that is under way, with its cells. */
interface Underway {
  cells: string[];
  now: PackNow | undefined;
}

/** Digits of a loss that are shown. */
const DIGITS = 6;

/** What a run's process has said of itself, put together. */
export class LiveState {
  private readonly packs = new Map<number, Underway>();
  private readonly curves = new Map<string, Curves>();
  private readonly lostCells = new Map<string, string>();
  secondsLeft: number | null = null;
  queue: RunHead['queue'] = null;
  failure: string | null = null;
  note: string | null = null;

  /** Takes in what was said. Returns what came to the curves. */
  hear(lines: readonly LiveLine[]): Record<string, Curves> {
    const news: Record<string, Curves> = {};
    for (const line of lines) {
      switch (line.say) {
        case 'begin':
          this.packs.clear();
          this.lostCells.clear();
          [this.failure, this.note, this.secondsLeft, this.queue] = [null, null, null, null];
          break;
        case 'pack':
          this.packs.set(line.pack, { cells: line.cells, now: undefined });
          break;
        case 'left':
          this.packs.delete(line.pack);
          break;
        case 'progress': {
          const pack = this.packs.get(line.pack);
          if (pack) this.progressed(pack, line, news);
          break;
        }
        case 'tested':
          this.packs.get(line.pack)?.cells.forEach((cell, r) => {
            this.add(news, cell, { ...noCurves(), tests: [testedPoint(line, r)] });
          });
          break;
        case 'queue': {
          const { waiting, active, failed, workers } = line;
          this.queue = { waiting, active, failed, workers };
          this.secondsLeft = line.secondsLeft;
          break;
        }
        case 'lost':
          for (const cell of line.cells) this.lostCells.set(cell, line.reason);
          break;
        case 'note':
          this.note = line.line;
          break;
        case 'failed':
          this.failure = line.message;
      }
    }
    return news;
  }

  /** Cells that were in training when last heard of. */
  get underway(): string[] {
    return [...this.packs.values()].flatMap(({ cells }) => cells);
  }

  /** Packs of which some cell is not finished. */
  packsNow(isFinished: (cell: string) => boolean): PackNow[] {
    return [...this.packs.values()].flatMap(({ cells, now }) =>
      now && !cells.every(isFinished) ? [now] : [],
    );
  }

  /** Why cells are given up, and how many for each reason. */
  get lost(): RunHead['lost'] {
    const counts = new Map<string, number>();
    for (const reason of this.lostCells.values()) counts.set(reason, (counts.get(reason) ?? 0) + 1);
    return [...counts].map(([reason, cells]) => ({ cells, reason }));
  }

  isLost(cell: string): boolean {
    return this.lostCells.has(cell);
  }

  curvesOf(cell: string): Curves | undefined {
    return this.curves.get(cell);
  }

  /** Forgets the curves of a cell that is finished: its own files have them. */
  drop(cell: string): void {
    this.curves.delete(cell);
    this.lostCells.delete(cell);
  }

  private progressed(pack: Underway, line: LiveProgress, news: Record<string, Curves>): void {
    const { phase, done, total, sequencesPerSecond, curve, worker = null } = line;
    const losses = curve.at(-1)?.losses.filter(loss => loss !== null) ?? [];
    const loss = losses.length > 0 ? rounded(median(losses)) : (pack.now?.loss ?? null);
    const of = { pack: line.pack, cells: pack.cells.length };
    pack.now = { ...of, phase, done, total, sequencesPerSecond, loss, worker };
    if (line.secondsLeft !== undefined) this.secondsLeft = line.secondsLeft;
    if (curve.length === 0) return;
    const steps = curve.map(({ step }) => step);
    pack.cells.forEach((cell, r) => {
      const own = curve.map(point => point.losses[r] ?? null);
      this.add(news, cell, { steps, losses: own, tests: [] });
    });
  }

  private add(news: Record<string, Curves>, cell: string, more: Curves): void {
    const known = this.curves.get(cell) ?? noCurves();
    this.curves.set(cell, known);
    news[cell] ??= noCurves();
    for (const curves of [known, news[cell]]) extend(curves, more);
  }
}

function testedPoint({ length, losses, stderrs }: LiveTested, r: number) {
  return { length, loss: rounded(losses[r]), stderr: rounded(stderrs[r]) };
}

function rounded(value: number | null | undefined): number | null {
  return value === null || value === undefined ? null : Number(value.toPrecision(DIGITS));
}
