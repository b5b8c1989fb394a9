import { GPU, type IKernelFunctionThis, Input, type Texture } from 'gpu.js';
import type { AttentionData } from '../attention-data.ts';
import { type Contender, Unsupported } from '../contender.ts';
import { peerVersion } from '../peer-versions.ts';

interface Sizes {
  [name: string]: number;
  D: number;
  scale: number;
}
type Here = IKernelFunctionThis<Sizes>;
type Cube = number[][][];

// gpu.js translates the text of these functions: plain loops and numbers only.
function copy(this: Here, array: Cube): number {
  return array[this.thread.z]![this.thread.y]![this.thread.x]!;
}

function score(this: Here, queries: Cube, keys: Cube): number {
  let sum = 0;
  if (this.thread.x <= this.thread.y) {
    for (let d = 0; d < this.constants.D; d++) {
      sum += queries[this.thread.z]![this.thread.y]![d]! * keys[this.thread.z]![this.thread.x]![d]!;
    }
  }
  return sum * this.constants.scale;
}

function average(this: Here, scores: Cube, values: Cube): number {
  let highest = scores[this.thread.z]![this.thread.y]![0]!;
  for (let j = 1; j <= this.thread.y; j++) {
    highest = Math.max(highest, scores[this.thread.z]![this.thread.y]![j]!);
  }
  let total = 0;
  let sum = 0;
  for (let j = 0; j <= this.thread.y; j++) {
    const weight = Math.exp(scores[this.thread.z]![this.thread.y]![j]! - highest);
    total += weight;
    sum += weight * values[this.thread.z]![j]![this.thread.x]!;
  }
  return sum / total;
}

/** gpu.js on its WebGPU backend: scores stay on the device between its two kernels. Causal loops, inputs uploaded once. */
export const gpuJs: Contender<AttentionData> = {
  version: peerVersion('gpu.js'),
  async prepare({ heads, T, D, scale, direction, queries, keys, values }) {
    if (direction === 'backward') throw new Unsupported('gpu.js has no gradients');
    const gpu = new GPU({ mode: 'webgpu' });
    const settings = { constants: { D, scale }, loopMaxIterations: T };
    const onDevice = { ...settings, pipeline: true, immutable: true };
    const upload = gpu.createKernel(copy, { ...onDevice, output: [D, T, heads] });
    const texture = async (array: Float32Array) =>
      (await upload(new Input(array as never, [D, T, heads]) as never)) as unknown as Texture;
    const [q, k, v] = [await texture(queries), await texture(keys), await texture(values)];
    const scores = gpu.createKernel(score, { ...onDevice, output: [T, T, heads] });
    const means = gpu.createKernel(average, { ...settings, output: [D, T, heads] });
    return {
      async run() {
        const kept = (await scores(q as never, k as never)) as unknown as Texture;
        const result = (await means(kept as never, v as never)) as unknown as Float32Array[][];
        kept.delete();
        return result.flat();
      },
      arrange: rows => [Float32Array.from(rows.flatMap(row => Array.from(row)))],
      async dispose() {
        for (const kept of [q, k, v]) kept.delete();
        await gpu.destroy();
      },
    };
  },
};
