import { DENSE_VARIANTS } from '../shared/attention-variants.ts';
import { type AttentionData, attentionData, attentionTruth } from './attention-data.ts';
import { type Load, type Posed, posed } from './contender.ts';
import { prepareDense } from './ours/attention.ts';
import { peerVersion } from './peer-versions.ts';
import { plainLoops } from './peers/plain-loops.ts';
import type { AttentionProblem } from './protocol.ts';

/** Far above the rounding of float32 sums over these inputs (about 1e-6), far below any mistake. */
const TOLERANCE = 1e-4;

const ours = DENSE_VARIANTS.map(variant => {
  const load: Load<AttentionData> = async () => ({
    version: peerVersion('lengthwise'),
    prepare: (data, device) => prepareDense(data, device, variant),
  });
  return [`lengthwise/${variant}`, load] as const;
});

const onnx =
  (provider: 'webgpu' | 'wasm', ask: 'groupQuery' | 'multiHead' | 'matMulGraph'): Load<AttentionData> =>
  async () => {
    const [graphs, peer] = await Promise.all([import('./peers/onnx-graphs.ts'), import('./peers/onnx.ts')]);
    return peer.onnx(provider, graphs[ask]);
  };

/** Peers come in chunks of their own, loaded when they are asked for. */
const CONTENDERS: Record<string, Load<AttentionData>> = {
  ...Object.fromEntries(ours),
  'jax-js': async () => (await import('./peers/jax.ts')).jaxJs,
  'tfjs-webgpu': async () => (await import('./peers/tfjs.ts')).tfjs,
  'gpu.js': async () => (await import('./peers/gpu-js.ts')).gpuJs,
  'onnxruntime-web/group-query': onnx('webgpu', 'groupQuery'),
  'onnxruntime-web/multi-head': onnx('webgpu', 'multiHead'),
  'onnxruntime-web/graph': onnx('webgpu', 'matMulGraph'),
  'onnxruntime-web/wasm-group-query': onnx('wasm', 'groupQuery'),
  'plain-loops': async () => plainLoops,
};

export function poseAttention(problem: AttentionProblem): Posed {
  const data = attentionData(problem);
  return posed(data, attentionTruth(data), TOLERANCE, CONTENDERS);
}
