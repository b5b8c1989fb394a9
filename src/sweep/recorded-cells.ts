import { experimentSchema } from '../config/schema.ts';
import { type Cell, cellsOf } from '../plan/cells.ts';
import type { Manifest } from '../results/schema.ts';

/** Cells of the whole grid that a run was made of, as its manifest keeps it. `file` is for complaints. */
export function recordedCells(
  { name, experiment, engine, sources = {} }: Pick<Manifest, 'name' | 'experiment' | 'engine' | 'sources'>,
  file: string,
): Cell[] {
  const content = experimentSchema.parse(experiment);
  return cellsOf({ file, name, content, where: () => file }, { engine: engine ?? null, sources });
}
