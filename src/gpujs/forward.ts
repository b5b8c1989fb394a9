import type { GPU, IKernelRunShortcut, Kernel } from 'gpu.js';
import type { Model } from '../shared/model-config.ts';
import { compiler, constantsOf, layer, matrix, reader } from './layer.ts';
import { paddedLength } from './lengths.ts';

export interface GpujsOutputs {
  /** `[sequence][position][output]` */
  outputs: number[][][];
  /** Backends that the kernels really ran on: gpu.js can fall back from one to another by itself. */
  backends: string[];
}

/**
 * Read-outs U y_i of each sequence, float32, through gpu.js; one position (the last) unless all are asked for. Sequences are not empty and
 * at most `longestFor(heads)` long.
 */
export async function gpujsForward(
  gpu: GPU,
  model: Model,
  sequences: readonly ArrayLike<number>[],
  allPositions: boolean,
): Promise<GpujsOutputs> {
  const { config } = model;
  const outputs: number[][][] = new Array(sequences.length);
  const backends = new Set<string>();
  const lengths = sequences.map(tokens => paddedLength(tokens.length, config.heads));
  for (const T of new Set(lengths)) {
    const built: IKernelRunShortcut[] = [];
    try {
      const compile = compiler(gpu, constantsOf(config), built);
      const layers = Array.from({ length: config.layers }, (_, l) => layer(compile, model, l, T));
      const read = reader(compile, model, T);
      for (let s = 0; s < sequences.length; s++) {
        if (lengths[s] !== T) continue;
        let y: unknown = embed(model, sequences[s]!, T);
        for (const step of layers) y = await step(y);
        const rows = (await read(y)).slice(0, sequences[s]!.length).map(row => [...row]);
        outputs[s] = allPositions ? rows : rows.slice(-1);
      }
      for (const { kernel } of built) backends.add(backendOf(gpu, kernel.constructor as typeof Kernel));
    } finally {
      for (const kernel of built) kernel.destroy();
    }
  }
  return { outputs, backends: [...backends] };
}

/** The mode by which a kernel's backend was asked for; its own name for itself where gpu.js chose another. */
function backendOf(gpu: GPU, backend: typeof Kernel): string {
  return backend === gpu.Kernel ? gpu.mode : backend.mode;
}

/** y^(0) = E[x_i] + P[i mod Δ] [T][d]; token 0 beyond the sequence's end. */
function embed({ config: { width: d, period }, tensors }: Model, tokens: ArrayLike<number>, T: number) {
  const y = new Float32Array(T * d);
  for (let index = 0; index < T; index++) {
    const token = index < tokens.length ? tokens[index]! : 0;
    const residue = (index + 1) % period;
    for (let k = 0; k < d; k++) {
      y[index * d + k] = tensors.embed![token * d + k]! + tensors.position![residue * d + k]!;
    }
  }
  return matrix(y, [T, d]);
}
