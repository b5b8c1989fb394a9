import { Matrix, SingularValueDecomposition } from 'ml-matrix';
import { add, dot, type Vector } from '../shared/linear.ts';
import { type DenseMap, type LinearMap, normal, written } from './linear-map.ts';

/** Maps with fewer rows or columns are decomposed at once. */
const DIRECT = 32;
/** Steps of the iteration, after which a map is decomposed after all. */
const MOST_STEPS = 400;
/** Of the square of a singular value, relative. */
const ACCURACY = 1e-10;

/** The largest singular value of a map; 0 for a zero or an empty matrix. */
export function operatorNorm(map: LinearMap): number {
  const { rows, columns } = map;
  if (Math.min(rows, columns) < DIRECT) return decomposed(written(map));
  // Squares of squares must be numbers still.
  const scale = length(map.apply(anything(columns)));
  const { apply, size } = normal(map, scale);
  const square = largestEigenvalue(apply, size);
  return square === undefined ? decomposed(written(map)) : scale * Math.sqrt(square);
}

function decomposed({ data, rows, columns }: DenseMap): number {
  if (data.length === 0) return 0;
  const scale = data.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  // The library's iteration misbehaves on matrices of subnormal numbers; scaled, none are left.
  if (scale === 0) return 0;
  const unit = divided(data, scale);
  if (Math.min(rows, columns) === 1) return scale * length(unit);
  const svd = new SingularValueDecomposition(Matrix.from1DArray(rows, columns, [...unit]), {
    computeLeftSingularVectors: false,
    computeRightSingularVectors: false,
    autoTranspose: true,
  });
  return scale * svd.norm2;
}

/**
 * The largest eigenvalue of a symmetric, positive semidefinite matrix [size, size], by Lanczos' iteration with full reorthogonalisation
 * (Golub and Van Loan, Matrix Computations, §10.1). Undefined when it is not found to a relative ACCURACY, by the residual of its
 * Ritz vector. Error is far below residual where the eigenvalue stands alone, which cannot be told from a cluster.
 */
function largestEigenvalue(apply: (v: Vector) => Vector, size: number): number | undefined {
  const start = anything(size);
  const basis = [divided(start, length(start))];
  const tridiagonal: Tridiagonal = { diagonal: [], beside: [] };
  for (let step = 1; step <= Math.min(size, MOST_STEPS); step++) {
    const latest = basis.at(-1)!;
    const next = apply(latest);
    tridiagonal.diagonal.push(dot(latest, next));
    const rest = madeOrthogonal(next, basis);
    const { value, share } = topOf(tridiagonal);
    // Overflow, or nothing at all.
    if (!Number.isFinite(value + rest)) return undefined;
    const residual = rest * share;
    // A Ritz value lies below its eigenvalue, by no more than the residual: norms are to be bounds from above.
    if (step === size || residual <= ACCURACY * value) return value + residual;
    tridiagonal.beside.push(rest);
    basis.push(divided(next, rest));
  }
  return undefined;
}

/** Takes from a vector what lies along others, unit vectors at right angles, and returns the length of the rest. */
function madeOrthogonal(v: Vector, basis: readonly Vector[]): number {
  const before = length(v);
  for (const each of basis) add(v, each, -dot(each, v));
  const once = length(v);
  // Where little is left, rounding is much of it; twice is enough (Parlett and Kahan).
  if (once > before / 2) return once;
  for (const each of basis) add(v, each, -dot(each, v));
  return length(v);
}

/** A vector that has a share of every eigenvector, the same every time. */
function anything(size: number): Vector {
  return Float64Array.from({ length: size }, (_, i) => Math.cos(1 + i * i));
}

/** A symmetric tridiagonal matrix: `beside[j]` lies between the entries j and j + 1 of the diagonal. */
interface Tridiagonal {
  diagonal: number[];
  beside: number[];
}

/** Its largest eigenvalue, and what share of the eigenvector the last entry is. */
function topOf(matrix: Tridiagonal): { value: number; share: number } {
  const { diagonal, beside } = matrix;
  const bound = diagonal.reduce(
    (most, a, j) => Math.max(most, Math.abs(a) + (beside[j - 1] ?? 0) + (beside[j] ?? 0)),
    0,
  );
  const value = largestBelow(matrix, bound);
  return { value, share: lastShare(matrix, value) };
}

/** How much of the unit eigenvector of the largest eigenvalue its last entry is, by inverse iteration: value − T is L D Lᵀ. */
function lastShare({ diagonal, beside }: Tridiagonal, value: number): number {
  const least = Number.EPSILON * value || Number.MIN_VALUE;
  const pivots = new Float64Array(diagonal.length);
  diagonal.forEach((a, j) => {
    const before = j > 0 ? (beside[j - 1]! / pivots[j - 1]!) * beside[j - 1]! : 0;
    pivots[j] = Math.max(least, value - a - before);
  });
  let vector: Vector = new Float64Array(diagonal.length).fill(1);
  for (let pass = 0; pass < 3; pass++) {
    for (let j = 1; j < vector.length; j++) vector[j]! += (beside[j - 1]! / pivots[j - 1]!) * vector[j - 1]!;
    for (let j = vector.length - 1; j >= 0; j--) {
      const after = j + 1 < vector.length ? beside[j]! * vector[j + 1]! : 0;
      vector[j] = (vector[j]! + after) / pivots[j]!;
    }
    vector = divided(vector, length(vector));
  }
  return Math.abs(vector.at(-1)!);
}

/** The largest eigenvalue, which lies within ± `bound`, by bisection. */
function largestBelow(matrix: Tridiagonal, bound: number): number {
  let [low, high] = [-bound, bound];
  for (;;) {
    const middle = (low + high) / 2;
    if (!(middle > low && middle < high)) return high;
    if (isAbove(matrix, middle)) low = middle;
    else high = middle;
  }
}

/** Whether an eigenvalue lies above x: where a pivot of x − T is negative. */
function isAbove({ diagonal, beside }: Tridiagonal, x: number): boolean {
  let pivot = 1;
  for (let j = 0; j < diagonal.length; j++) {
    const b = j > 0 ? beside[j - 1]! : 0;
    pivot = x - diagonal[j]! - (b / pivot) * b || Number.MIN_VALUE;
    if (pivot < 0) return true;
  }
  return false;
}

function length(v: Vector): number {
  return Math.sqrt(dot(v, v));
}

function divided(v: Vector, by: number): Vector {
  return v.map(x => x / by);
}
