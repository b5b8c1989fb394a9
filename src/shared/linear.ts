/*
 * Plain float64 matrix loops. Matrices are row-major [rows, columns]; vectors are rows.
 */

export type Vector = Float64Array;

/** M v for M [rows, v.length], taken from `offset` of `matrix`. */
export function multiply(matrix: ArrayLike<number>, v: Vector, rows: number, offset = 0): Vector {
  const columns = v.length;
  const out = new Float64Array(rows);
  const whole = rows - (rows % 8);
  // Eight rows at a time, each summed in order: alone, a row waits for every addition.
  for (let i = 0; i < whole; i += 8) {
    const at = offset + i * columns;
    const [at1, at2, at3, at4] = [at + columns, at + 2 * columns, at + 3 * columns, at + 4 * columns];
    const [at5, at6, at7] = [at + 5 * columns, at + 6 * columns, at + 7 * columns];
    let [a, b, c, d, e, f, g, h] = [0, 0, 0, 0, 0, 0, 0, 0];
    for (let k = 0; k < columns; k++) {
      const x = v[k]!;
      a += matrix[at + k]! * x;
      b += matrix[at1 + k]! * x;
      c += matrix[at2 + k]! * x;
      d += matrix[at3 + k]! * x;
      e += matrix[at4 + k]! * x;
      f += matrix[at5 + k]! * x;
      g += matrix[at6 + k]! * x;
      h += matrix[at7 + k]! * x;
    }
    out[i] = a;
    out[i + 1] = b;
    out[i + 2] = c;
    out[i + 3] = d;
    out[i + 4] = e;
    out[i + 5] = f;
    out[i + 6] = g;
    out[i + 7] = h;
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
  addTransposed(out, matrix, v, offset);
  return out;
}

/** out += Mᵀ v for M [v.length, out.length]. */
function addTransposed(out: Vector, matrix: ArrayLike<number>, v: Vector, offset: number): void {
  const columns = out.length;
  const whole = v.length - (v.length % 8);
  // Eight rows at a time, added in order: each sum is read and written once for them.
  for (let i = 0; i < whole; i += 8) {
    const at = offset + i * columns;
    const [at1, at2, at3, at4] = [at + columns, at + 2 * columns, at + 3 * columns, at + 4 * columns];
    const [at5, at6, at7] = [at + 5 * columns, at + 6 * columns, at + 7 * columns];
    const [a, b, c, d] = [v[i]!, v[i + 1]!, v[i + 2]!, v[i + 3]!];
    const [e, f, g, h] = [v[i + 4]!, v[i + 5]!, v[i + 6]!, v[i + 7]!];
    for (let k = 0; k < columns; k++)
      out[k] =
        out[k]! +
        matrix[at + k]! * a +
        matrix[at1 + k]! * b +
        matrix[at2 + k]! * c +
        matrix[at3 + k]! * d +
        matrix[at4 + k]! * e +
        matrix[at5 + k]! * f +
        matrix[at6 + k]! * g +
        matrix[at7 + k]! * h;
  }
  for (let i = whole; i < v.length; i++) {
    for (let k = 0; k < columns; k++) out[k]! += matrix[offset + i * columns + k]! * v[i]!;
  }
}

/** Rows that stay near while they are used twice. */
const NEAR = 8;

/** Mᵀ M v / scale² for M [rows, v.length], which is walked through once. */
export function multiplyNormal(matrix: ArrayLike<number>, v: Vector, rows: number, scale = 1): Vector {
  const out = new Float64Array(v.length);
  for (let i = 0; i < rows; i += NEAR) {
    const products = multiply(matrix, v, Math.min(NEAR, rows - i), i * v.length);
    for (let j = 0; j < products.length; j++) products[j]! /= scale;
    addTransposed(out, matrix, products, i * v.length);
  }
  return out.map(x => x / scale);
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
