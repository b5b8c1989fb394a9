import * as jax from '@jax-js/jax';
import { layoutOf, unflatten } from '../../model/layout.ts';
import type { ModelConfig } from '../../shared/model-config.ts';

const { numpy: np, nn } = jax;

/** Arrays by tensor name. */
export type Weights = Record<string, jax.Array>;

/** Arrays that a length fixes: one-hot residues [T, Δ], and for each offset t ≤ τ the matrix log(i) 1(i − j = t) [τ+1, T, T]. */
export type Fixed = { residues: jax.Array; suffix: jax.Array };

/** float32 weights of a flat block in `layoutOf` order, on the default device. */
export function upload(config: ModelConfig, flat: Float32Array<ArrayBuffer>): Weights {
  const layout = layoutOf(config);
  const tensors = unflatten(layout, flat);
  return Object.fromEntries(
    layout.slots.map(({ name, shape }) => [
      name,
      np.array(tensors[name] as Float32Array<ArrayBuffer>).reshape(shape),
    ]),
  );
}

/** The arrays that go with sequences of T tokens. */
export function fixedArrays({ period, locality }: ModelConfig, T: number): Fixed {
  const residues = new Float32Array(T * period);
  const suffix = new Float32Array((locality + 1) * T * T);
  for (let i = 1; i <= T; i++) {
    residues[(i - 1) * period + (i % period)] = 1;
    for (let t = 0; t <= Math.min(locality, i - 1); t++)
      suffix[(t * T + i - 1) * T + i - 1 - t] = Math.log(i);
  }
  return {
    residues: np.array(residues).reshape([T, period]),
    suffix: np.array(suffix).reshape([locality + 1, T, T]),
  };
}

/** Which queries the last layer computes: every position, as a decoder does, or the last alone, which gives the same f(x). */
export type Queries = 'every' | 'last';

/**
 * f(x) of a batch of equally long sequences: tokens [B, T] → [B, outputs]. Dense attention by jax-js's own `nn.dotProductAttention`,
 * infinite precision, ReLU. Consumes its arguments, as everything in jax-js does.
 */
export function denseForward(
  config: ModelConfig,
  w: Weights,
  { residues, suffix }: Fixed,
  tokens: jax.Array,
  queries: Queries,
): jax.Array {
  const { layers, heads: H, width: d, keyWidth, mlpWidth, vocabulary, attention } = config;
  const [B, T] = tokens.shape as [number, number];
  const split = (y: jax.Array, matrix: jax.Array, rows: number) =>
    np.matmul(y, matrix.reshape([H * rows, d]).transpose()).reshape([B, -1, H, rows]);
  let y = np.matmul(nn.oneHot(tokens, vocabulary), w.embed!).add(np.matmul(residues, w.position!));
  for (let l = 0; l < layers; l++) {
    const tensor = (name: string) => w[`layer.${l}.${name}`]!;
    const final = l === layers - 1;
    const key = split(y.ref, tensor('key'), keyWidth);
    const value = split(y.ref, tensor('value'), d);
    const alone = final && queries === 'last';
    if (alone) y = y.slice([], [T - 1, T]);
    const query = split(y.ref, tensor('query'), keyWidth);
    const near = final ? suffix : suffix.ref;
    const bias = np.einsum('ht,tij->hij', tensor('phi'), alone ? near.slice([], [T - 1, T]) : near);
    // The last query sees every key.
    const mixed = nn.dotProductAttention(query, key, value, {
      bias,
      isCausal: !alone,
      scale: attention.scale,
    });
    y = y.add(mixed.sum(2));
    if (mlpWidth === 0) continue;
    const hidden = nn.relu(np.matmul(y.ref, tensor('mlp_in').transpose()).add(tensor('mlp_bias')));
    y = y.add(np.matmul(hidden, tensor('mlp_out').transpose()));
  }
  return np.matmul(y.slice([], -1), w.unembed!.transpose());
}
