import { DENSE_VARIANTS } from '../shared/attention-variants.ts';
import type { Suite } from './protocol.ts';

const variants = DENSE_VARIANTS.map(variant => `lengthwise/${variant}` as const);

/** Implementations of each suite, ours first: what a table shows when nothing else is asked for. */
export const IMPLEMENTATIONS = {
  attention: [
    ...variants,
    'jax-js',
    'tfjs-webgpu',
    'onnxruntime-web/group-query',
    'onnxruntime-web/multi-head',
    'onnxruntime-web/graph',
    'onnxruntime-web/wasm-group-query',
    'gpu.js',
    'plain-loops',
  ],
  forward: ['lengthwise/linear', 'lengthwise/dense'],
  training: ['lengthwise/pack-of-8', 'lengthwise/one-model', 'jax-js'],
} as const satisfies Record<Suite, readonly string[]>;

/** The implementations of a suite. */
export type ImplementationOf<S extends Suite> = (typeof IMPLEMENTATIONS)[S][number];

/** Ours, and not a peer. */
export const isOurs = (implementation: string) => implementation.startsWith('lengthwise/');

/** Peers that compute on the processor and not on the adapter that the others share. */
const ON_PROCESSOR = ['onnxruntime-web/wasm-group-query', 'plain-loops'];

/** Runs on the shared adapter. Rows of other files count as such: their adapter column says what they ran on. */
export const isOnAdapter = (implementation: string) => !ON_PROCESSOR.includes(implementation);
