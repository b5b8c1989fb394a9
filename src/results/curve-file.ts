import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { scanLines } from './lines.ts';

/** Losses by step, ascending; null where it was not finite. */
export type Curve = { steps: number[]; losses: (number | null)[] };

const CELL = /^\{"cell":"([^"\\]*)"/;
/** Bytes of a line that hold its cell. */
const HEAD_BYTES = 80;

/** The curves of finished cells, found in `curves.jsonl` without keeping them: 10^5 cells have 10^7 lines. */
export class CurveFile {
  private readonly path: string;
  /** Where the lines of a cell stand, which are written together. */
  private readonly places = new Map<string, { at: number; end: number }>();
  private seen = { at: 0, number: 0 };

  constructor(folder: string) {
    this.path = join(folder, 'curves.jsonl');
  }

  /** Curves of some cells; those that have none there are left out. */
  async read(cells: readonly string[]): Promise<Record<string, Curve>> {
    const handle = await open(this.path, 'r').catch(() => undefined);
    if (!handle) return {};
    try {
      const { size } = await handle.stat();
      if (size < this.seen.at) {
        this.places.clear();
        this.seen = { at: 0, number: 0 };
      }
      let { number } = this.seen;
      if (size > this.seen.at) {
        const { whole } = await scanLines(
          handle,
          this.path,
          line => {
            number++;
            const cell = CELL.exec(line.bytes.toString('utf8', 0, HEAD_BYTES))?.[1];
            if (cell === undefined) return;
            const place = this.places.get(cell);
            const end = line.at + line.bytes.length + 1;
            if (place && place.end === line.at) place.end = end;
            else this.places.set(cell, { at: line.at, end });
          },
          this.seen,
        );
        this.seen = { at: whole, number };
      }
      const curves: Record<string, Curve> = {};
      for (const cell of cells) {
        const place = this.places.get(cell);
        if (!place) continue;
        const bytes = Buffer.alloc(place.end - place.at);
        await handle.read(bytes, 0, bytes.length, place.at);
        curves[cell] = curveIn(bytes.toString());
      }
      return curves;
    } finally {
      await handle.close();
    }
  }
}

function curveIn(text: string): Curve {
  const curve: Curve = { steps: [], losses: [] };
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const { step, loss } = JSON.parse(line) as { step: number; loss: number | null };
    curve.steps.push(step);
    curve.losses.push(loss);
  }
  return curve;
}
