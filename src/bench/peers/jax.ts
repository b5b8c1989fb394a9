import * as jax from '@jax-js/jax';
import type { AttentionData } from '../attention-data.ts';
import { type Contender, Unsupported } from '../contender.ts';
import { peerVersion } from '../peer-versions.ts';
import { swapHeads } from './layout.ts';

const { numpy: np, nn } = jax;

/** jax-js: its own `nn.dotProductAttention`, jit-compiled, on its WebGPU device; gradients by its `grad`. */
export const jaxJs: Contender<AttentionData> = {
  version: peerVersion('@jax-js/jax'),
  async prepare({ heads, T, D, scale, direction, queries, keys, values, gradMeans }) {
    const devices = await jax.init();
    if (!devices.includes('webgpu')) throw new Unsupported('jax-js found no WebGPU device');
    jax.defaultDevice('webgpu');
    const upload = (array: Float32Array<ArrayBuffer>) =>
      np.array(swapHeads(array, heads, T, D)).reshape([T, heads, D]);
    const inputs = [queries, keys, values].map(upload) as [jax.Array, jax.Array, jax.Array];
    const gradient = upload(gradMeans);
    const attend = (q: jax.Array, k: jax.Array, v: jax.Array) =>
      nn.dotProductAttention(q, k, v, { isCausal: true, scale });
    const forward = jax.jit(attend);
    const backward = jax.jit(
      jax.grad((q: jax.Array, k: jax.Array, v: jax.Array, g: jax.Array) => attend(q, k, v).mul(g).sum(), {
        argnums: [0, 1, 2],
      }),
    );
    return {
      async run() {
        const [q, k, v] = inputs.map(array => array.ref) as [jax.Array, jax.Array, jax.Array];
        const outputs = direction === 'forward' ? [forward(q, k, v)] : backward(q, k, v, gradient.ref);
        return Promise.all(outputs.map(output => output.data() as Promise<Float32Array>));
      },
      arrange: results => results.map(array => swapHeads(array, T, heads, D)),
      dispose() {
        for (const array of [...inputs, gradient]) array.dispose();
        forward.dispose();
        backward.dispose();
      },
    };
  },
};
