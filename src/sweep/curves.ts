import type { CurveLine } from '../results/schema.ts';
import type { Progress } from '../runtime/session.ts';

/** Training curves of the cells in hand, kept until a cell is stored. */
export class Curves {
  private readonly points = new Map<string, CurveLine[]>();

  /** Takes in a progress event of a pack whose replicas are `cells`. A pack that went back some steps is right the second time. */
  add(cells: readonly string[], { curve }: Pick<Progress, 'curve'>): void {
    const [first] = curve;
    if (!first) return;
    cells.forEach((cell, r) => {
      const known = (this.points.get(cell) ?? []).filter(({ step }) => step < first.step);
      for (const { step, losses } of curve) known.push({ cell, step, loss: losses[r] ?? null });
      this.points.set(cell, known);
    });
  }

  /** The curve of a cell, which is forgotten here. */
  take(cell: string): CurveLine[] {
    const known = this.points.get(cell) ?? [];
    this.points.delete(cell);
    return known;
  }
}
