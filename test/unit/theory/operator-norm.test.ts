import { Matrix, QrDecomposition, SingularValueDecomposition } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { dense, product, transposed, written } from '../../../src/theory/linear-map.ts';
import { operatorNorm } from '../../../src/theory/operator-norm.ts';

/** The same numbers every time, about normal. */
function normals(count: number, seed: number): number[] {
  let state = seed;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return Array.from({ length: count }, () => {
    const sum = uniform() + uniform() + uniform() + uniform();
    return (sum - 2) * Math.sqrt(3);
  });
}

const random = (rows: number, columns: number, seed = 1) =>
  Matrix.from1DArray(rows, columns, normals(rows * columns, seed));
/** Columns of unit length, each at right angles to the others. */
const orthogonal = (size: number, seed: number) =>
  new QrDecomposition(random(size, size, seed)).orthogonalMatrix;
const withValues = (values: number[]) =>
  orthogonal(values.length, 2).mmul(Matrix.diag(values)).mmul(orthogonal(values.length, 3).transpose());
const mapOf = (matrix: Matrix) => dense(Float64Array.from(matrix.to1DArray()), matrix.rows, matrix.columns);
const normOf = (matrix: Matrix) => new SingularValueDecomposition(matrix, { autoTranspose: true }).norm2;
const values = (leading: number[]) => Array.from({ length: 80 }, (_, i) => leading[i] ?? 0.5 / (i + 1));

const MATRICES: [string, Matrix][] = [
  ['square', random(90, 90)],
  ['tall', random(160, 48)],
  ['wide', random(40, 200)],
  ['small', random(5, 3)],
  ['one column', random(70, 1)],
  ['one large value', withValues(values([100, 1]))],
  ['two equal values', withValues(values([2, 2]))],
  ['a cluster, 1e-3 apart', withValues(values([1, 0.999, 0.998, 0.997]))],
  ['a cluster, 1e-7 apart', withValues(values([1, 1 - 1e-7, 1 - 2e-7, 1 - 3e-7]))],
  ['a cluster, 1e-12 apart', withValues(values([1, 1 - 1e-12, 1 - 2e-12]))],
  ['all values equal', orthogonal(64, 5)],
  ['values that rise evenly', withValues(Array.from({ length: 100 }, (_, i) => 1 + i / 1000))],
  ['rank 2', random(60, 2, 7).mmul(random(2, 50, 8))],
  ['identity', Matrix.eye(64)],
  ['very small', random(50, 50).mul(1e-120)],
  ['very large', random(50, 50).mul(1e120)],
];

describe('the largest singular value', () => {
  it.each(MATRICES)('of a matrix, %s, is that of the full decomposition to 1e-10', (_, matrix) => {
    expect(operatorNorm(mapOf(matrix)) / normOf(matrix)).toBeCloseTo(1, 10);
  });

  it('is found in far fewer steps than the matrix has columns', () => {
    const { rows, columns, ...map } = mapOf(random(300, 250));
    let applied = 0;
    const counting = {
      ...{ rows, columns, applyTransposed: map.applyTransposed },
      apply(v: Float64Array) {
        applied++;
        return map.apply(v);
      },
    };
    expect(operatorNorm(counting)).toBeGreaterThan(0);
    expect(applied).toBeGreaterThan(5);
    expect(applied).toBeLessThan(100);
  });

  it('of nothing is 0', () => {
    for (const [rows, columns] of [
      [0, 4],
      [64, 64],
      [3, 2],
    ] as const)
      expect(operatorNorm(dense(new Float64Array(rows * columns), rows, columns))).toBe(0);
  });

  it('of a product and a transpose', () => {
    const [a, b] = [random(70, 60, 1), random(60, 50, 2)];
    const map = product(mapOf(a), mapOf(b));
    expect(operatorNorm(map) / normOf(a.mmul(b))).toBeCloseTo(1, 10);
    expect(operatorNorm(transposed(map)) / normOf(a.mmul(b))).toBeCloseTo(1, 10);
    expect(Array.from(written(map).data)).toEqual(
      a
        .mmul(b)
        .to1DArray()
        .map(x => expect.closeTo(x, 10)),
    );
  });
});
