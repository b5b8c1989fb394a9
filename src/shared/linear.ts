/*
 * Plain float64 matrix loops. Matrices are row-major [rows, columns]; vectors are rows.
 */

export type Vector = Float64Array;

/** M v for M [rows, v.length], taken from `offset` of `matrix`. */
export function multiply(matrix: ArrayLike<number>, v: Vector, rows: number, offset = 0): Vector {
  const out = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < v.length; k++) out[i]! += matrix[offset + i * v.length + k]! * v[k]!;
  }
  return out;
}

/** Mᵀ v for M [v.length, columns]. */
export function multiplyTransposed(
  matrix: ArrayLike<number>,
  v: Vector,
  columns: number,
  offset = 0,
): Vector {
  const out = new Float64Array(columns);
  for (let i = 0; i < v.length; i++) {
    for (let k = 0; k < columns; k++) out[k]! += matrix[offset + i * columns + k]! * v[i]!;
  }
  return out;
}

/** M += a bᵀ, at `offset` of `matrix`. */
export function addOuter(matrix: Float64Array, a: Vector, b: Vector, offset = 0): void {
  for (let i = 0; i < a.length; i++) {
    for (let k = 0; k < b.length; k++) matrix[offset + i * b.length + k]! += a[i]! * b[k]!;
  }
}

/** a += scale · b. */
export function add(a: Vector, b: ArrayLike<number>, scale = 1): void {
  for (let i = 0; i < a.length; i++) a[i]! += scale * b[i]!;
}

export function dot(a: Vector, b: Vector): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
