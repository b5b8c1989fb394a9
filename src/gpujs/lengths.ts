/*
 * How long sequences may be, and the lengths that kernels are made for. Apart from the kernels, so that the command line can check without
 * loading gpu.js.
 */

/** Most logits (heads · T²) that are kept at once: 64 MiB, which every WebGL texture and WebGPU binding holds. */
export const MOST_LOGITS = 2 ** 24;

/** Shortest length that kernels are made for. */
const SHORTEST = 16;

/** Longest sequence for a number of heads. */
export function longestFor(heads: number): number {
  return Math.floor(Math.sqrt(MOST_LOGITS / heads));
}

/**
 * The length that a sequence is computed at: the next power of two, filled up with token 0. Attention is causal, so what follows a
 * position cannot change it, and a file of many lengths needs few shaders.
 */
export function paddedLength(length: number, heads: number): number {
  const power = 2 ** Math.ceil(Math.log2(Math.max(length, SHORTEST)));
  return Math.max(length, Math.min(power, longestFor(heads)));
}
