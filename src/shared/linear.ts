/*
 * Plain float64 matrix loops. Matrices are row-major [rows, columns]; vectors are rows.
 */

export type Vector = Float64Array;

/** M v for M [rows, v.length], taken from `offset` of `matrix`. */
export function multiply(matrix: ArrayLike<number>, v: Vector, rows: number, offset = 0): Vector {
  const columns = v.length;
  const out = new Float64Array(rows);
  const whole = rows - (rows % 4);
  // Four rows at a time, each summed in order: alone, a row waits for every addition.
  for (let i = 0; i < whole; i += 4) {
    const p = offset + i * columns;
    const [q, r, s] = [p + columns, p + 2 * columns, p + 3 * columns];
    let [a, b, c, d] = [0, 0, 0, 0];
    for (let k = 0; k < columns; k++) {
      const x = v[k]!;
      a += matrix[p + k]! * x;
      b += matrix[q + k]! * x;
      c += matrix[r + k]! * x;
      d += matrix[s + k]! * x;
    }
    out[i] = a;
    out[i + 1] = b;
    out[i + 2] = c;
    out[i + 3] = d;
  }
  for (let i = whole; i < rows; i++) {
    let sum = 0;
    for (let k = 0; k < columns; k++) sum += matrix[offset + i * columns + k]! * v[k]!;
    out[i] = sum;
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
  const whole = v.length - (v.length % 4);
  // Four rows at a time, added in order: each sum is read and written once for them.
  for (let i = 0; i < whole; i += 4) {
    const p = offset + i * columns;
    const [q, r, s] = [p + columns, p + 2 * columns, p + 3 * columns];
    const [a, b, c, d] = [v[i]!, v[i + 1]!, v[i + 2]!, v[i + 3]!];
    for (let k = 0; k < columns; k++)
      out[k] = out[k]! + matrix[p + k]! * a + matrix[q + k]! * b + matrix[r + k]! * c + matrix[s + k]! * d;
  }
  for (let i = whole; i < v.length; i++) {
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
