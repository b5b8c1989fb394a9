import { readsOf } from '../model/memory.ts';
import { pathsOf, sharesKeys } from '../model/paths.ts';
import type { ModelConfig } from '../shared/model-config.ts';
import type { Pack } from '../shared/protocol.ts';

/*
 * Training time on the software adapter of a 2-core machine, from what was measured there. A class layer costs about the same for every
 * row and a query layer for every sequence (at width 32, MLP 128); a dense layer costs its arithmetic.
 */
const CLASS_ROW_MS = 0.007;
const QUERY_MS = 0.2;
const MEASURED_FLOATS = 32 + 128;
/** Multiply-adds of dense layers a millisecond. */
const DENSE_PER_MS = 2e6;
/** Forward, again before the way back, and back for inputs and for matrices. */
const PASSES = 4;

/** Rough training time of a pack on a 2-core machine without a GPU, in seconds. */
export function estimateSeconds({ model, replicas, steps, batch, lengthMode, positions }: Pack): number {
  const meanShare = lengthMode === 'uniform' ? 0.5 : 1;
  const stepMs = replicas.reduce(
    (sum, { trainLength }) => sum + batch * sequenceMs(model, positions, meanShare * trainLength),
    0,
  );
  return (steps * stepMs) / 1000;
}

/** Time of one training sequence of a mean length. */
function sequenceMs(model: ModelConfig, positions: Pack['positions'], length: number): number {
  const size = (model.width + model.mlpWidth) / MEASURED_FLOATS;
  const reads = readsOf({ positions, length });
  const paths = pathsOf(model, positions);
  return paths.reduce((sum, path, l) => {
    const rows = l === paths.length - 1 ? reads : length;
    const ms = {
      class: CLASS_ROW_MS * size * rows,
      query: QUERY_MS * size,
      dense: (PASSES * denseMultiplyAdds(model, rows, length)) / DENSE_PER_MS,
    };
    return sum + ms[path];
  }, 0);
}

/** Multiply-adds of a dense layer forward, for `rows` queries among `keys` positions, half of which a query sees. */
function denseMultiplyAdds(model: ModelConfig, rows: number, keys: number): number {
  const { heads, width, keyWidth, mlpWidth } = model;
  const row = sharesKeys(model) ? width : keyWidth;
  const perQuery = heads * width * (row + width) + 2 * width * mlpWidth + heads * (keys / 2) * (row + width);
  const perKey = sharesKeys(model) ? 0 : heads * width * keyWidth;
  return rows * perQuery + keys * perKey;
}
