import type * as Ort from 'onnxruntime-web';
import type { AttentionData } from '../attention-data.ts';
import { type Contender, type Prepared, Unsupported } from '../contender.ts';
import { peerVersion } from '../peer-versions.ts';
import { swapHeads } from './layout.ts';
import type { OnnxAttention } from './onnx-graphs.ts';
import { onnxModel } from './onnx-model.ts';

type Provider = 'webgpu' | 'wasm';

/** The library comes as files that the page server takes from node_modules: it finds its WebAssembly beside itself. */
async function load(provider: Provider): Promise<typeof Ort> {
  if (typeof document === 'undefined') throw new Unsupported('onnxruntime-web needs a browser');
  const folder = new URL('onnxruntime-web/', document.baseURI).href;
  const file = provider === 'webgpu' ? 'ort.webgpu.bundle.min.mjs' : 'ort.wasm.bundle.min.mjs';
  const there = await fetch(folder + file, { method: 'HEAD' });
  if (!there.ok) throw new Unsupported('not installed');
  const ort = (await import(/* @vite-ignore */ folder + file)) as typeof Ort;
  ort.env.wasm.wasmPaths = folder;
  ort.env.logLevel = 'error';
  if (provider === 'wasm') ort.env.wasm.numThreads = crossOriginIsolated ? navigator.hardwareConcurrency : 1;
  return ort;
}

/** ONNX Runtime Web on one of its providers, asked through one of `onnx-graphs.ts`. Has no gradients. */
export function onnx(
  provider: Provider,
  ask: (data: AttentionData) => OnnxAttention,
): Contender<AttentionData> {
  return {
    version: peerVersion('onnxruntime-web'),
    async prepare(data) {
      if (data.direction === 'backward') throw new Unsupported('onnxruntime-web has no gradients');
      const ort = await load(provider);
      await start(ort, provider);
      return session(ort, provider, ask(data), data);
    },
  };
}

/** Loads the WebAssembly and opens the device, which is no part of a first call. */
async function start(ort: typeof Ort, provider: Provider): Promise<void> {
  const value = (name: string) => ({ name, dims: [1] });
  const model = onnxModel({
    opset: 17,
    inputs: [value('x')],
    outputs: [value('y')],
    nodes: [{ operator: 'Neg', inputs: ['x'], outputs: ['y'] }],
  });
  // Never released: with its last session the library would give up the device that our inputs lie on.
  const session = await ort.InferenceSession.create(model, { executionProviders: [provider] });
  await session.run({ x: new ort.Tensor('float32', Float32Array.of(1), [1]) });
}

async function session(
  ort: typeof Ort,
  provider: Provider,
  { graph, inputs, swapped }: OnnxAttention,
  { heads, T, D }: AttentionData,
): Promise<Prepared> {
  const buffers: GPUBuffer[] = [];
  const feeds: Record<string, Ort.Tensor> = {};
  for (const [name, { data, dims }] of Object.entries(inputs)) {
    const isFloat = data instanceof Float32Array;
    // Integers are shapes to the WebGPU provider: it wants them on the host.
    if (provider === 'webgpu' && isFloat && data.length > 0) {
      const device = (await ort.env.webgpu.device) as GPUDevice;
      const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
      const buffer = device.createBuffer({ size: Math.ceil(data.byteLength / 16) * 16, usage });
      device.queue.writeBuffer(buffer, 0, data);
      buffers.push(buffer);
      feeds[name] = ort.Tensor.fromGpuBuffer(buffer, { dataType: 'float32', dims });
    } else feeds[name] = new ort.Tensor(isFloat ? 'float32' : 'int32', data, dims);
  }
  let running: Ort.InferenceSession | undefined;
  return {
    async run() {
      running ??= await ort.InferenceSession.create(onnxModel(graph), { executionProviders: [provider] });
      const { output } = await running.run(feeds, ['output']);
      return [output!.data as Float32Array];
    },
    arrange: results => (swapped ? results.map(array => swapHeads(array, T, heads, D)) : results),
    async dispose() {
      await running?.release();
      for (const buffer of buffers) buffer.destroy();
    },
  };
}
