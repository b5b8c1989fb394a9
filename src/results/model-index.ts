import { writeWhole } from '../shared/whole-file.ts';
import { labelOf } from './axes.ts';
import type { CellResult } from './schema.ts';

/** Name of the index in a run's folder. */
export const MODEL_INDEX = 'models.tsv';

/**
 * `models.tsv`: which setting is which model file, a line a cell. Models are named by the hash of their cell, which says nothing to a
 * person. @throws MachineError when the disk refuses
 */
export async function writeModelIndex(folder: string, cells: readonly CellResult[]): Promise<void> {
  await writeWhole(`${folder}/${MODEL_INDEX}`, lines(cells));
}

function* lines(cells: readonly CellResult[]): Generator<string> {
  yield 'setting\tseed\ttraining_loss\tfile\n';
  for (const { cell, axes, trainLoss } of cells)
    yield `${labelOf(axes)}\t${axes.seed ?? ''}\t${trainLoss?.toPrecision(3) ?? 'diverged'}\tmodels/${cell}.safetensors\n`;
}
