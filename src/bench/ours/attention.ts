import {
  type AttentionInputs,
  attentionBackward,
  attentionForward,
  type RowTensor,
} from '../../engine/attention/attention.ts';
import { oneSequence } from '../../engine/attention/given-rows.ts';
import type { Device } from '../../engine/device.ts';
import { type Dispatch, submit } from '../../engine/dispatch.ts';
import { Memory } from '../../engine/memory.ts';
import { type DenseShape, type DenseVariant, supports } from '../../shared/attention-variants.ts';
import type { AttentionData } from '../attention-data.ts';
import { type Prepared, Unsupported } from '../contender.ts';

/** Everything of one call, recorded again each time, and where its results [T, H, D] lie. */
interface Call {
  dispatches: Dispatch[];
  results: RowTensor[];
}

/** Our dense attention in one of its variants. */
export async function prepareDense(
  data: AttentionData,
  device: Device,
  variant: DenseVariant,
): Promise<Prepared> {
  const shape = shapeOfData(data);
  if (!supports(variant, shape, device.gpu.features))
    throw new Unsupported('not for this shape, or not without subgroups');
  const memory = new Memory(device);
  const { T, D } = data;
  // As the data lies: [H, T, D].
  const tensor = (array: Float32Array<ArrayBuffer>) => ({
    buffer: memory.upload('attention inputs', array),
    at: 0,
    row: D,
    head: T * D,
  });
  const rows = oneSequence(memory, 'rows', T);
  const inputs = {
    queries: tensor(data.queries),
    keys: tensor(data.keys),
    values: tensor(data.values),
    queryRows: rows,
    keyRows: rows,
    parameters: { buffer: memory.storage('phi', 2 * data.heads), stride: 0, phi: 0, logScale: 0 },
  };
  const gradMeans = tensor(data.gradMeans);
  let call: Call | undefined;
  return {
    async run() {
      call ??= await compileCall(memory, data, inputs, gradMeans, variant);
      submit(device.gpu, call.dispatches);
      const reads = await Promise.all(call.results.map(({ buffer }) => memory.read(buffer)));
      return reads.map(bytes => byHead(new Float32Array(bytes), data));
    },
    dispose: () => memory.destroy(),
  };
}

/** [T, H, D] as [H, T, D]. */
function byHead(rows: Float32Array, { heads, T, D }: AttentionData): Float32Array {
  if (heads === 1) return rows;
  const out = new Float32Array(rows.length);
  for (let i = 0; i < T; i++)
    for (let h = 0; h < heads; h++) {
      const from = (i * heads + h) * D;
      out.set(rows.subarray(from, from + D), (h * T + i) * D);
    }
  return out;
}

function shapeOfData({ heads, T, D, scale }: AttentionData): DenseShape {
  const attention = { precision: 'infinite' as const, scale };
  return { heads, length: T, keyWidth: D, valueWidth: D, locality: 0, attention };
}

async function compileCall(
  memory: Memory,
  data: AttentionData,
  inputs: AttentionInputs,
  gradMeans: RowTensor,
  variant: DenseVariant,
): Promise<Call> {
  const { heads, D, direction } = data;
  const { attention, locality } = shapeOfData(data);
  const model = { heads, period: 1, locality, keyWidth: D, attention };
  const shape = { model, keyWidth: D, valueWidth: D };
  const forward = await attentionForward(memory, shape, inputs, variant);
  if (direction === 'forward') return { dispatches: forward.dispatches, results: [forward.means] };
  const gradients = { phi: heads, logScale: 0 };
  const backward = await attentionBackward(memory, shape, inputs, forward, gradMeans, gradients, variant);
  return {
    dispatches: [...forward.dispatches, ...backward.dispatches],
    results: [backward.gradQueries, backward.gradKeys, backward.gradValues],
  };
}
