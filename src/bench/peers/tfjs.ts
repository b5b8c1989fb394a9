import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import '@tensorflow/tfjs-backend-webgpu';
import type { AttentionData } from '../attention-data.ts';
import type { Contender } from '../contender.ts';
import { peerVersion } from '../peer-versions.ts';

/** TensorFlow.js on its WebGPU backend: matMul, causal mask (made once), softmax, matMul; gradients by its `grads`. */
export const tfjs: Contender<AttentionData> = {
  version: peerVersion('@tensorflow/tfjs-core'),
  async prepare({ heads, T, D, scale, direction, queries, keys, values, gradMeans }) {
    await tf.setBackend('webgpu');
    await tf.ready();
    const upload = (array: Float32Array) => tf.tensor3d(array, [heads, T, D]);
    const inputs = [queries, keys, values].map(upload) as [tf.Tensor3D, tf.Tensor3D, tf.Tensor3D];
    const gradient = upload(gradMeans);
    const hidden = new Float32Array(T * T);
    for (let i = 0; i < T; i++) hidden.fill(-1e9, i * T + i + 1, (i + 1) * T);
    const mask = tf.tensor2d(hidden, [T, T]);
    const attend = (q: tf.Tensor, k: tf.Tensor, v: tf.Tensor) =>
      tf.matMul(tf.softmax(tf.add(tf.mul(tf.matMul(q, k, false, true), scale), mask)), v);
    const differentiate = tf.grads(attend);
    return {
      async run() {
        const outputs = tf.tidy(() =>
          direction === 'forward' ? [attend(...inputs)] : differentiate(inputs, gradient),
        );
        const results = await Promise.all(outputs.map(output => output.data<'float32'>()));
        tf.dispose(outputs);
        return results;
      },
      dispose: () => tf.dispose([...inputs, gradient, mask]),
    };
  },
};
