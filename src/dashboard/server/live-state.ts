import type { LiveLine } from '../../results/live.ts';
import type { Curve, PackNow, RunHead } from '../data.ts';

/** What a run's process has said of itself, put together. */
export class LiveState {
  /** Packs that are under way, with their cells. */
  private readonly packs = new Map<number, { cells: string[]; now: PackNow | undefined }>();
  private readonly curves = new Map<string, Curve>();
  private readonly lostCells = new Map<string, string>();
  secondsLeft: number | null = null;
  queue: RunHead['queue'] = null;
  failure: string | null = null;
  note: string | null = null;

  /** Takes in what was said. Returns what came to the curves. */
  hear(lines: readonly LiveLine[]): Record<string, Curve> {
    const news: Record<string, Curve> = {};
    for (const line of lines) {
      switch (line.say) {
        case 'begin':
          this.packs.clear();
          [this.failure, this.note, this.secondsLeft] = [null, null, null];
          break;
        case 'pack':
          this.packs.set(line.pack, { cells: line.cells, now: undefined });
          break;
        case 'progress': {
          const pack = this.packs.get(line.pack);
          if (!pack) break;
          const { phase, done, total, sequencesPerSecond } = line;
          pack.now = { pack: line.pack, cells: pack.cells.length, phase, done, total, sequencesPerSecond };
          this.secondsLeft = line.secondsLeft;
          for (const { step, losses } of line.curve)
            pack.cells.forEach((cell, r) => {
              this.add(this.curves, cell, step, losses[r] ?? null);
              news[cell] ??= { steps: [], losses: [] };
              news[cell].steps.push(step);
              news[cell].losses.push(losses[r] ?? null);
            });
          break;
        }
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

  isLost(cell: string): boolean {
    return this.lostCells.has(cell);
  }

  curveOf(cell: string): Curve | undefined {
    return this.curves.get(cell);
  }

  /** Forgets the curve of a cell that is finished: its own file has it. */
  drop(cell: string): void {
    this.curves.delete(cell);
  }

  /** A step that was there before is trained again, after an interruption: what followed it goes. */
  private add(curves: Map<string, Curve>, cell: string, step: number, loss: number | null): void {
    const curve = curves.get(cell) ?? { steps: [], losses: [] };
    curves.set(cell, curve);
    while (curve.steps.length > 0 && curve.steps.at(-1)! >= step) {
      curve.steps.pop();
      curve.losses.pop();
    }
    curve.steps.push(step);
    curve.losses.push(loss);
  }
}
