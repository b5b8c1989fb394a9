import {
  type DenseInputs,
  denseAttentionBackward,
  denseAttentionForward,
} from '../../engine/dense-attention.ts';
import type { Device } from '../../engine/device.ts';
import { type Dispatch, record } from '../../engine/dispatch.ts';
import { Memory } from '../../engine/memory.ts';
import { type DenseShape, type DenseVariant, supports } from '../../shared/attention-variants.ts';
import type { AttentionData } from '../attention-data.ts';
import { type Prepared, Unsupported } from '../contender.ts';

/** Everything of one call, recorded again each time, and where its results lie. */
interface Call {
  encode(encoder: GPUCommandEncoder): void;
  results: GPUBuffer[];
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
  const floats = data.queries.length;
  const buffer = memory.storage('dense inputs', 5 * floats);
  for (const [k, array] of [data.queries, data.keys, data.values, data.gradMeans].entries())
    device.gpu.queue.writeBuffer(buffer, 4 * k * floats, array);
  const inputs = {
    buffer,
    queries: 0,
    keys: floats,
    values: 2 * floats,
    sharedValues: false,
    phi: memory.storage('phi', data.heads),
  };
  let call: Call | undefined;
  return {
    async run() {
      call ??= await compileCall(memory, data, inputs, variant);
      const encoder = device.gpu.createCommandEncoder();
      call.encode(encoder);
      device.gpu.queue.submit([encoder.finish()]);
      const reads = await Promise.all(call.results.map(result => memory.read(result)));
      return reads.map(bytes => new Float32Array(bytes));
    },
    dispose: () => memory.destroy(),
  };
}

function shapeOfData({ heads, T, D, scale }: AttentionData): DenseShape {
  const attention = { precision: 'infinite' as const, scale };
  return { heads, length: T, keyWidth: D, valueWidth: D, locality: 0, attention };
}

async function compileCall(
  memory: Memory,
  data: AttentionData,
  inputs: DenseInputs,
  variant: DenseVariant,
): Promise<Call> {
  const { direction } = data;
  const shape = shapeOfData(data);
  const forward = await denseAttentionForward(memory, shape, inputs, variant);
  const { means, stats } = forward.outputs;
  if (direction === 'forward') return { encode: recorder(forward.dispatches), results: [means] };
  const floats = data.queries.length;
  const places = { means: 4 * floats, gradMeans: 3 * floats };
  const backward = await denseAttentionBackward(memory, shape, inputs, stats, places, variant);
  const { queries, keys, values } = backward.gradients;
  return {
    encode(encoder) {
      record(encoder, forward.dispatches);
      encoder.copyBufferToBuffer(means, 0, inputs.buffer, 4 * places.means, 4 * floats);
      record(encoder, backward.dispatches);
    },
    results: [queries, keys, values],
  };
}

const recorder = (dispatches: Dispatch[]) => (encoder: GPUCommandEncoder) => record(encoder, dispatches);
