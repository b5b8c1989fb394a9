import { type Path, sharesKeys } from '../../model/paths.ts';
import type { ModelConfig } from '../../shared/model-config.ts';
import { arenaOf } from '../arena.ts';
import { type BatchShape, batchBytes, readsOf } from '../batch.ts';
import { CHUNK } from '../chunks.ts';
import { rowWidths } from '../row-widths.ts';
import { classRowWords } from './class-layer.ts';
import { keyRow } from './dense-tables.ts';

/** Bytes on the device that one sequence takes in a forward pass: tokens, reads, and what each layer keeps of its positions. */
export function sequenceBytes(
  model: ModelConfig,
  paths: Path[],
  shape: Pick<BatchShape, 'reads' | 'longest' | 'whole'>,
): number {
  const widths = rowWidths(model);
  const { heads: H, locality } = model;
  const positions = shape.whole ? shape.longest : Math.min(shape.longest, CHUNK);
  const reads = readsOf(shape);
  const byClass = classRowWords(widths, H, locality);
  const dense = paths.filter(path => path === 'dense').length;
  const norms = model.norm === 'rms' ? 2 : 0;
  const keys = sharesKeys(model) ? 0 : H * keyRow(model, widths);
  const layer =
    H * (keyRow(model, widths) + widths.width + 2) + keys + (2 + norms) * widths.width + widths.mlpPad;
  const perPosition =
    (paths[0] === 'class' && paths.length > 1 ? byClass + widths.headPad : 0) +
    (dense > 1 ? layer : keys + norms * widths.width) +
    (dense > 0 ? (dense + 1) * widths.width : 0);
  const perRead = (paths.at(-1) === 'dense' ? layer + widths.outputRow : byClass) + 3 * model.outputs;
  const query = arenaOf(model, paths, 1).stride - arenaOf(model, paths, 0).stride;
  return batchBytes(model, shape) + 4 * (positions * perPosition + reads * perRead + query);
}
