import type { Pack } from '../shared/protocol.ts';

/*
 * Training time on the software adapter of a 2-core machine, from what was measured there (width 32, MLP 128): one layer costs
 * about the same for every sequence, two layers a share for each sequence and one for each of its positions.
 */
const ONE_LAYER_MS = 0.0065;
const TWO_LAYER_MS = 0.2;
const POSITION_MS = 0.0075;
const MEASURED_FLOATS = 32 + 128;

/** Rough training time of a pack on a 2-core machine without a GPU, in seconds. */
export function estimateSeconds({ model, replicas, steps, batch, lengthMode }: Pack): number {
  const size = (model.width + model.mlpWidth) / MEASURED_FLOATS;
  const meanShare = lengthMode === 'uniform' ? 0.5 : 1;
  const sequenceMs = (trainLength: number) =>
    model.layers === 1 ? ONE_LAYER_MS : TWO_LAYER_MS + POSITION_MS * meanShare * trainLength;
  const stepMs = replicas.reduce((sum, { trainLength }) => sum + batch * size * sequenceMs(trainLength), 0);
  return (steps * stepMs) / 1000;
}
