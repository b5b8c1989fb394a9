import type { AttentionData } from '../attention-data.ts';
import { swapHeads } from './layout.ts';
import type { OnnxGraph } from './onnx-model.ts';

type Arrays = Record<string, { data: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>; dims: number[] }>;

/** A way to ask ONNX Runtime for causal attention: the graph, its inputs, and how its output lies. */
export interface OnnxAttention {
  graph: OnnxGraph;
  inputs: Arrays;
  /** `output` is [1, T, H·D] rather than [1, H, T, D]. */
  swapped: boolean;
}

const MICROSOFT = 'com.microsoft';

const float = (name: string, dims: number[]) => ({ name, dims });
const int = (name: string, dims: number[]) => ({ name, dims, type: 'int32' as const });

/** Queries, keys and values as [1, T, H·D]. */
function packed({ heads, T, D, queries, keys, values }: AttentionData): Arrays {
  const dims = [1, T, heads * D];
  const pack = (array: Float32Array) => ({ data: swapHeads(array, heads, T, D), dims });
  return { query: pack(queries), key: pack(keys), value: pack(values) };
}

/** com.microsoft.GroupQueryAttention: causal by definition; here a first prompt without a past. */
export function groupQuery(data: AttentionData): OnnxAttention {
  const { heads, T, D, scale } = data;
  const inputs = packed(data);
  const row = [1, T, heads * D];
  const past = [1, heads, 0, D];
  return {
    graph: {
      opset: 17,
      inputs: [
        ...Object.keys(inputs).map(name => float(name, row)),
        float('past_key', past),
        float('past_value', past),
        int('seqlens_k', [1]),
        int('total_sequence_length', [1]),
      ],
      outputs: [
        float('output', row),
        float('present_key', [1, heads, T, D]),
        float('present_value', [1, heads, T, D]),
      ],
      nodes: [
        {
          operator: 'GroupQueryAttention',
          domain: MICROSOFT,
          inputs: ['query', 'key', 'value', 'past_key', 'past_value', 'seqlens_k', 'total_sequence_length'],
          outputs: ['output', 'present_key', 'present_value'],
          ints: { num_heads: heads, kv_num_heads: heads },
          floats: { scale },
        },
      ],
    },
    inputs: {
      ...inputs,
      past_key: { data: new Float32Array(0), dims: past },
      past_value: { data: new Float32Array(0), dims: past },
      seqlens_k: { data: Int32Array.of(T - 1), dims: [1] },
      total_sequence_length: { data: Int32Array.of(T), dims: [1] },
    },
    swapped: true,
  };
}

/** com.microsoft.MultiHeadAttention with a causal mask: the WebGPU provider overlooks its `unidirectional`. */
export function multiHead(data: AttentionData): OnnxAttention {
  const { heads, T, D, scale } = data;
  const inputs = packed(data);
  const row = [1, T, heads * D];
  const bias = [1, 1, T, T];
  return {
    graph: {
      opset: 17,
      inputs: [...Object.keys(inputs).map(name => float(name, row)), float('bias', bias)],
      outputs: [float('output', row)],
      nodes: [
        {
          operator: 'MultiHeadAttention',
          domain: MICROSOFT,
          inputs: ['query', 'key', 'value', '', '', 'bias'],
          outputs: ['output'],
          ints: { num_heads: heads },
          floats: { scale },
        },
      ],
    },
    inputs: { ...inputs, bias: { data: causalMask(T), dims: bias } },
    swapped: true,
  };
}

/** 0 where j ≤ i, else far below any score: [T, T]. */
function causalMask(T: number): Float32Array<ArrayBuffer> {
  const mask = new Float32Array(T * T);
  for (let i = 0; i < T; i++) mask.fill(-1e9, i * T + i + 1, (i + 1) * T);
  return mask;
}

/** MatMul, Mul, Add of a causal mask, Softmax, MatMul. */
export function matMulGraph({ heads, T, D, scale, queries, keys, values }: AttentionData): OnnxAttention {
  const dims = [1, heads, T, D];
  const node = (
    operator: string,
    inputs: string[],
    output: string,
    ints?: Record<string, number[] | number>,
  ) => ({
    operator,
    inputs,
    outputs: [output],
    ...(ints ? { ints } : {}),
  });
  return {
    graph: {
      opset: 17,
      inputs: [
        float('query', dims),
        float('key', dims),
        float('value', dims),
        float('scale', [1]),
        float('mask', [1, 1, T, T]),
      ],
      outputs: [float('output', dims)],
      nodes: [
        node('Transpose', ['key'], 'turned', { perm: [0, 1, 3, 2] }),
        node('MatMul', ['query', 'turned'], 'products'),
        node('Mul', ['products', 'scale'], 'scores'),
        node('Add', ['scores', 'mask'], 'causal'),
        node('Softmax', ['causal'], 'weights', { axis: 3 }),
        node('MatMul', ['weights', 'value'], 'output'),
      ],
    },
    inputs: {
      query: { data: queries, dims },
      key: { data: keys, dims },
      value: { data: values, dims },
      scale: { data: Float32Array.of(scale), dims: [1] },
      mask: { data: causalMask(T), dims: [1, 1, T, T] },
    },
    swapped: false,
  };
}
