import '../engine/no-eval.ts';
import { GPU } from 'gpu.js';
import { openDevice } from '../engine/device.ts';
import { EngineFailure } from '../engine/failure.ts';
import { layoutOf, unflatten } from '../model/layout.ts';
import { adapterName, isSoftware } from '../shared/adapter.ts';
import { bytesFromBase64, floatsFromBase64 } from '../shared/base64.ts';
import { messageOf } from '../shared/errors.ts';
import type { AdapterPreference } from '../shared/protocol.ts';
import { gpujsForward } from './forward.ts';
import { type GpujsAnswer, type GpujsRequest, gpujsRequestSchema } from './protocol.ts';

/** What runtime/gpujs.ts calls in the page: a request in JSON, its answer in JSON. Never throws. */
async function forward(requestJson: string): Promise<string> {
  return JSON.stringify(await answer(gpujsRequestSchema.parse(JSON.parse(requestJson))));
}

async function answer({
  modes,
  adapter,
  model,
  weights,
  sequences,
  allPositions,
}: GpujsRequest): Promise<GpujsAnswer> {
  const reasons: string[] = [];
  for (const mode of modes) {
    const device = mode === 'webgpu' ? await webgpuDevice(adapter) : webglDevice(adapter);
    if ('absent' in device) {
      reasons.push(device.absent);
      continue;
    }
    const gpu = new GPU({ mode });
    try {
      const tensors = unflatten(layoutOf(model), floatsFromBase64(weights));
      const tokens = sequences.map(bytesFromBase64);
      const { outputs, backends } = await gpujsForward(gpu, { config: model, tensors }, tokens, allPositions);
      return { event: 'computed', outputs, backend: backends.join(', '), device: device.name };
    } catch (error) {
      return { event: 'failed', message: `gpu.js ${mode}: ${messageOf(error)}` };
    } finally {
      await gpu.destroy();
    }
  }
  return { event: 'absent', reasons };
}

/** The device behind a backend as the browser names it, or why there is none. */
type Found = { name: string } | { absent: string };

async function webgpuDevice(preference: AdapterPreference): Promise<Found> {
  try {
    const { gpu, adapter } = await openDevice(navigator.gpu, preference);
    gpu.destroy();
    return { name: adapterName(adapter) };
  } catch (error) {
    if (error instanceof EngineFailure) return { absent: error.message };
    throw error;
  }
}

function webglDevice(preference: AdapterPreference): Found {
  const context = document.createElement('canvas').getContext('webgl2');
  if (!context) return { absent: 'this browser has no WebGL2' };
  const names = context.getExtension('WEBGL_debug_renderer_info');
  const name = String(context.getParameter(names ? names.UNMASKED_RENDERER_WEBGL : context.RENDERER));
  context.getExtension('WEBGL_lose_context')?.loseContext();
  if (preference === 'hardware' && isSoftware(name))
    return { absent: `WebGL2 offers no hardware adapter here (${name})` };
  return { name };
}

Object.assign(window, { lengthwiseGpujs: { forward } });
