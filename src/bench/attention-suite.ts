import { DENSE_VARIANTS, type DenseVariant } from '../shared/attention-variants.ts';
import { type AttentionData, attentionData, attentionTruth } from './attention-data.ts';
import { type Load, type Posed, posed } from './contender.ts';
import type { ImplementationOf } from './names.ts';
import { prepareDense } from './ours/attention.ts';
import { peerVersion } from './peer-versions.ts';
import { plainLoops } from './peers/plain-loops.ts';
import type { AttentionProblem } from './protocol.ts';

/** Far above the rounding of float32 sums over these inputs (about 1e-6), far below any mistake. */
const TOLERANCE = 1e-4;

type Ours = `lengthwise/${DenseVariant}`;

const ours = DENSE_VARIANTS.map((variant): [Ours, Load<AttentionData>] => [
  `lengthwise/${variant}`,
  async () => ({
    version: peerVersion('lengthwise'),
    prepare: (data, device) => prepareDense(data, device, variant),
  }),
]);

const onnx =
  (provider: 'webgpu' | 'wasm', ask: 'groupQuery' | 'multiHead' | 'matMulGraph'): Load<AttentionData> =>
  async () => {
    const [graphs, peer] = await Promise.all([import('./peers/onnx-graphs.ts'), import('./peers/onnx.ts')]);
    return peer.onnx(provider, graphs[ask]);
  };

/** Peers come in chunks of their own, loaded when they are asked for. */
const CONTENDERS: Record<ImplementationOf<'attention'>, Load<AttentionData>> = {
  ...(Object.fromEntries(ours) as Record<Ours, Load<AttentionData>>),
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
