import '../engine/no-eval.ts';
import { GPU } from 'gpu.js';
import { layoutOf, unflatten } from '../model/layout.ts';
import { adapterName } from '../shared/adapter.ts';
import { bytesFromBase64, floatsFromBase64 } from '../shared/base64.ts';
import { messageOf } from '../shared/errors.ts';
import { gpujsForward } from './forward.ts';
import { type GpujsAnswer, type GpujsRequest, gpujsRequestSchema } from './protocol.ts';

/** Adapter requests that come back empty although there is one (architecture.md) are worth another. */
const ADAPTER_TRIES = 3;

/** What runtime/gpujs.ts calls in the page: a request in JSON, its answer in JSON. Never throws. */
async function forward(requestJson: string): Promise<string> {
  return JSON.stringify(await answer(gpujsRequestSchema.parse(JSON.parse(requestJson))));
}

async function answer({ modes, model, weights, sequences, allPositions }: GpujsRequest): Promise<GpujsAnswer> {
  const reasons: string[] = [];
  for (const mode of modes) {
    const device = mode === 'webgpu' ? await webgpuDevice() : webglDevice();
    if (device === undefined) {
      reasons.push(mode === 'webgpu' ? 'this browser has no WebGPU adapter' : 'this browser has no WebGL2');
      continue;
    }
    const gpu = new GPU({ mode });
    try {
      const tensors = unflatten(layoutOf(model), floatsFromBase64(weights));
      const tokens = sequences.map(bytesFromBase64);
      const { outputs, backends } = await gpujsForward(gpu, { config: model, tensors }, tokens, allPositions);
      return { event: 'computed', outputs, backend: backends.join(', '), device };
    } catch (error) {
      return { event: 'failed', message: `gpu.js ${mode}: ${messageOf(error)}` };
    } finally {
      await gpu.destroy();
    }
  }
  return { event: 'absent', reasons };
}

async function webgpuDevice(): Promise<string | undefined> {
  for (let attempt = 0; attempt < ADAPTER_TRIES; attempt++) {
    const adapter = await navigator.gpu?.requestAdapter();
    if (adapter) return adapterName(adapter.info);
  }
  return undefined;
}

function webglDevice(): string | undefined {
  const context = document.createElement('canvas').getContext('webgl2');
  if (!context) return undefined;
  const names = context.getExtension('WEBGL_debug_renderer_info');
  const device: unknown = context.getParameter(names ? names.UNMASKED_RENDERER_WEBGL : context.RENDERER);
  context.getExtension('WEBGL_lose_context')?.loseContext();
  return String(device);
}

Object.assign(window, { lengthwiseGpujs: { forward } });
