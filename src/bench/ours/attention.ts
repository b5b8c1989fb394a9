import type { Device } from '../../engine/device.ts';
import { Memory } from '../../engine/memory.ts';
import { attentionRows, type DenseVariant, denseAttention, type Recorded } from '../../library/attention.ts';
import { InputError } from '../../shared/errors.ts';
import type { AttentionData } from '../attention-data.ts';
import { type Prepared, Unsupported } from '../contender.ts';

/** Everything of one call, recorded again each time, and where its results [T, H, D] lie. */
interface Call {
  steps: Recorded[];
  results: GPUBuffer[];
}

/** Our dense attention in one of its variants, through the front that users import (`lengthwise/attention`). */
export async function prepareDense(
  data: AttentionData,
  device: Device,
  variant: DenseVariant,
): Promise<Prepared> {
  const { gpu } = device;
  const { T, D, heads, scale } = data;
  const memory = new Memory(device);
  const upload = (array: Float32Array) => memory.upload('attention inputs', transposed(array, heads, T, D));
  const attention = denseAttention(gpu, {
    ...{ heads, keyWidth: D, valueWidth: D, variant },
    attention: { precision: 'infinite', scale },
  });
  const tensors = {
    queries: upload(data.queries),
    keys: upload(data.keys),
    values: upload(data.values),
    phi: memory.storage('phi', heads),
  };
  const gradMeans = upload(data.gradMeans);
  const compile = async (): Promise<Call> => {
    const forward = await attention.forward(attentionRows([T]), tensors);
    if (data.direction === 'forward') return { steps: [forward], results: [forward.means] };
    const backward = await forward.backward(gradMeans);
    const { gradQueries, gradKeys, gradValues } = backward;
    return { steps: [forward, backward], results: [gradQueries, gradKeys, gradValues] };
  };
  let call: Call | undefined;
  return {
    async run() {
      call ??= await compile().catch(error => {
        throw error instanceof InputError ? new Unsupported(error.message) : error;
      });
      const encoder = gpu.createCommandEncoder();
      for (const step of call.steps) step.record(encoder);
      gpu.queue.submit([encoder.finish()]);
      const reads = await Promise.all(call.results.map(buffer => memory.read(buffer)));
      return reads.map(bytes => new Float32Array(bytes));
    },
    arrange: results => results.map(rows => transposed(rows, T, heads, D)),
    dispose() {
      for (const step of call?.steps ?? []) step.destroy();
      memory.destroy();
    },
  };
}

/** [a, b, D] as [b, a, D]. */
function transposed(array: ArrayLike<number>, a: number, b: number, D: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(array.length);
  for (let i = 0; i < a; i++)
    for (let j = 0; j < b; j++) {
      const [from, to] = [(i * b + j) * D, (j * a + i) * D];
      for (let k = 0; k < D; k++) out[to + k] = array[from + k]!;
    }
  return out;
}
