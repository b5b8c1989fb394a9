import type { IKernelFunctionThis } from 'gpu.js';

/*
 * The limit transformer (docs/theory.md §1) as kernels for gpu.js: plain JavaScript functions that it translates to WGSL, to GLSL or to
 * JavaScript. Each computes one number of its output, at (x, y, z) = (this.thread.x, this.thread.y, this.thread.z); arrays are indexed
 * [z][y][x]. They are written from the definition and share no line with shaders/ or with reference/, so that an error would have to be
 * made twice to stay hidden. Positions i, j count from 0 here, so docs/theory.md's log(i) is log(i + 1).
 *
 * gpu.js reads these functions as text: no closures, no helpers, no destructuring.
 */

type Vector = number[];
type Matrix = number[][];
type Stack = number[][][];

/** Sizes that the kernels of a layer loop over, and its attention rule. Numbers, because shaders are made of them. */
export interface Constants {
  [name: string]: number;
  width: number;
  keyWidth: number;
  mlpWidth: number;
  heads: number;
  locality: number;
  scale: number;
  /** 1 in finite precision, 0 in infinite. */
  finite: number;
  /** Weights up to this become 0: 2^−bits; 0 where nothing is rounded. */
  smallest: number;
  /** 1 for GELU, 0 for ReLU. */
  gelu: number;
}

type This = IKernelFunctionThis<Constants>;

/** K_h y_j or Q_h y_i: y [T][d], matrix [H][keyWidth][d] → [H][T][keyWidth]. */
export function project(this: This, y: Matrix, matrix: Stack): number {
  let sum = 0;
  for (let k = 0; k < this.constants.width; k++) {
    sum += matrix[this.thread.z]![this.thread.x]![k]! * y[this.thread.y]![k]!;
  }
  return sum;
}

/**
 * Scores a row's softmax is over: c + log(i) φ (infinite precision) or c + φ (finite), φ on the τ-suffix only; 0 where j > i.
 * keys, queries [H][T][keyWidth], phi [H][τ+1] → [H][T: i][T: j].
 */
export function score(this: This, keys: Stack, queries: Stack, phi: Matrix): number {
  const offset = this.thread.y - this.thread.x;
  if (offset < 0) return 0;
  let sum = 0;
  for (let k = 0; k < this.constants.keyWidth; k++) {
    sum += keys[this.thread.z]![this.thread.x]![k]! * queries[this.thread.z]![this.thread.y]![k]!;
  }
  sum *= this.constants.scale;
  if (offset <= this.constants.locality) {
    if (this.constants.finite > 0) {
      sum += phi[this.thread.z]![offset]!;
    } else {
      sum += Math.log(this.thread.y + 1) * phi[this.thread.z]![offset]!;
    }
  }
  return sum;
}

/** The largest score of each row, j ≤ i: scores [H][T][T] → [H][T: i]. */
export function highest(this: This, scores: Stack): number {
  let most = scores[this.thread.y]![this.thread.x]![0]!;
  for (let j = 1; j <= this.thread.x; j++) {
    most = Math.max(most, scores[this.thread.y]![this.thread.x]![j]!);
  }
  return most;
}

/**
 * Attention weights before normalising: e^{score − highest} (infinite precision) or e^{log(i)(score − highest)}, 0 up to 2^−bits
 * (finite): scores [H][T][T], most [H][T] → [H][T: i][T: j]; 0 where j > i.
 */
export function weigh(this: This, scores: Stack, most: Matrix): number {
  if (this.thread.x > this.thread.y) return 0;
  let exponent =
    scores[this.thread.z]![this.thread.y]![this.thread.x]! - most[this.thread.z]![this.thread.y]!;
  if (this.constants.finite > 0) exponent *= Math.log(this.thread.y + 1);
  const weight = Math.exp(exponent);
  if (weight <= this.constants.smallest) return 0;
  return weight;
}

/** Σ_j of a row's weights: [H][T][T] → [H][T: i]. */
export function total(this: This, weights: Stack): number {
  let sum = 0;
  for (let j = 0; j <= this.thread.x; j++) sum += weights[this.thread.y]![this.thread.x]![j]!;
  return sum;
}

/** Σ_j α_ij y_j: y [T][d], weights [H][T][T], totals [H][T] → [H][T][d]. */
export function average(this: This, y: Matrix, weights: Stack, totals: Matrix): number {
  let sum = 0;
  for (let j = 0; j <= this.thread.y; j++) {
    sum += weights[this.thread.z]![this.thread.y]![j]! * y[j]![this.thread.x]!;
  }
  return sum / totals[this.thread.z]![this.thread.y]!;
}

/** Y_i = y_i + Σ_h V_h mean_h: y [T][d], means [H][T][d], value [H][d][d] → [T][d]. */
export function residual(this: This, y: Matrix, means: Stack, value: Stack): number {
  let sum = y[this.thread.y]![this.thread.x]!;
  for (let h = 0; h < this.constants.heads; h++) {
    for (let k = 0; k < this.constants.width; k++) {
      sum += value[h]![this.thread.x]![k]! * means[h]![this.thread.y]![k]!;
    }
  }
  return sum;
}

/**
 * ψ(A Y_i + b): rows [T][d], mlpIn [m][d], bias [m] → [T][m]. GELU's erf is Abramowitz and Stegun 7.1.26, |error| ≤ 1.5e-7.
 */
export function hidden(this: This, rows: Matrix, mlpIn: Matrix, bias: Vector): number {
  let sum = bias[this.thread.x]!;
  for (let k = 0; k < this.constants.width; k++) {
    sum += mlpIn[this.thread.x]![k]! * rows[this.thread.y]![k]!;
  }
  if (this.constants.gelu > 0) {
    const a = Math.abs(sum) * Math.SQRT1_2;
    const t = 1 / (1 + 0.3275911 * a);
    const tail =
      t *
      (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) *
      Math.exp(-a * a);
    if (sum < 0) return 0.5 * sum * tail;
    return sum - 0.5 * sum * tail;
  }
  return Math.max(sum, 0);
}

/** y_i' = Y_i + B hidden_i: rows [T][d], hiddens [T][m], mlpOut [d][m] → [T][d]. */
export function finish(this: This, rows: Matrix, hiddens: Matrix, mlpOut: Matrix): number {
  let sum = rows[this.thread.y]![this.thread.x]!;
  for (let k = 0; k < this.constants.mlpWidth; k++) {
    sum += mlpOut[this.thread.x]![k]! * hiddens[this.thread.y]![k]!;
  }
  return sum;
}

/** U y_i: y [T][d], unembed [outputs][d] → [T][outputs]. */
export function readOut(this: This, y: Matrix, unembed: Matrix): number {
  let sum = 0;
  for (let k = 0; k < this.constants.width; k++) {
    sum += unembed[this.thread.x]![k]! * y[this.thread.y]![k]!;
  }
  return sum;
}
