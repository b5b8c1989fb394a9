import { attentionBackward, attentionForward, type RowTensor } from '../../src/engine/attention/attention.ts';
import { uploadRowSet } from '../../src/engine/attention/given-rows.ts';
import type { Device } from '../../src/engine/device.ts';
import { submit } from '../../src/engine/dispatch.ts';
import { Memory } from '../../src/engine/memory.ts';
import { floatsFromBase64, toBase64 } from '../../src/shared/base64.ts';
import type { TestEvent, TestRequest } from './protocol.ts';

type AttentionRequest = Extract<TestRequest, { op: 'attention' }>;
type Attended = Extract<TestEvent, { event: 'attended' }>;

/** Dense attention and its gradients on given queries, keys and values. */
export async function attentionOf(device: Device, request: AttentionRequest): Promise<Attended> {
  const { adapter } = device;
  const { dispatchMultiplyAdds = device.dispatchMultiplyAdds } = request;
  const memory = new Memory({
    ...device,
    adapter: request.subgroups ? adapter : { ...adapter, features: [] },
    dispatchMultiplyAdds,
  });
  try {
    const { model, keyWidth, valueWidth, variant, sharedHeads, keyed } = request;
    const { heads, locality } = model;
    const keyRows = uploadRowSet(memory, 'keys', request.keyRows);
    const queryRows = request.queryRows ? uploadRowSet(memory, 'queries', request.queryRows) : keyRows;
    const tensor = (
      name: 'queries' | 'keys' | 'values' | 'gradMeans',
      width: number,
      shared = false,
    ): RowTensor => {
      const buffer = memory.upload(name, floatsFromBase64(request[name]));
      return { buffer, at: 0, row: shared ? width : heads * width, head: shared ? 0 : width };
    };
    const keys = tensor('keys', keyWidth, sharedHeads);
    const phi = floatsFromBase64(request.phi);
    const logScale = floatsFromBase64(request.logScale);
    const [phiFloats, replicas] = [heads * (locality + 1), keyRows.replicas];
    const stride = 2 * (phiFloats + heads);
    const block = new Float32Array(replicas * stride);
    for (let r = 0; r < replicas; r++) {
      block.set(phi.subarray(r * phiFloats, (r + 1) * phiFloats), r * stride);
      block.set(logScale.subarray(r * heads, (r + 1) * heads), r * stride + phiFloats);
    }
    const parameters = { buffer: memory.upload('parameters', block), stride, phi: 0, logScale: phiFloats };
    const inputs = {
      queries: tensor('queries', keyWidth),
      keys,
      values: keyed ? keys : tensor('values', valueWidth, sharedHeads),
      queryRows,
      keyRows,
      parameters,
    };
    const shape = { model, keyWidth, valueWidth };
    const forward = await attentionForward(memory, shape, inputs, variant);
    submit(device.gpu, forward.dispatches);
    const gradients = { phi: stride / 2, logScale: stride / 2 + phiFloats };
    const gradMeans = tensor('gradMeans', valueWidth);
    const backward = await attentionBackward(memory, shape, inputs, forward, gradMeans, gradients, variant);
    submit(device.gpu, backward.dispatches);
    const read = async ({ buffer }: { buffer: GPUBuffer }) =>
      toBase64(new Float32Array(await memory.read(buffer)));
    const written = new Float32Array(await memory.read(parameters.buffer));
    const ofReplicas = (at: number, floats: number) =>
      toBase64(
        Float32Array.from(
          { length: replicas * floats },
          (_, i) => written[Math.floor(i / floats) * stride + at + (i % floats)]!,
        ),
      );
    return {
      event: 'attended',
      adapter,
      dispatches: forward.dispatches.length + backward.dispatches.length,
      means: await read(forward.means),
      gradQueries: await read(backward.gradQueries),
      gradKeys: await read(backward.gradKeys),
      gradValues: await read(backward.gradValues),
      gradPhi: ofReplicas(gradients.phi, phiFloats),
      gradLogScale: ofReplicas(gradients.logScale, heads),
    };
  } finally {
    memory.destroy();
  }
}
