import { multiply, multiplyNormal, multiplyTransposed, type Vector } from '../shared/linear.ts';

/** A matrix by what it does to vectors. */
export interface LinearMap {
  rows: number;
  columns: number;
  apply(v: Vector): Vector;
  /** Its transpose, of a vector of `rows`. */
  applyTransposed(v: Vector): Vector;
}

/** A map with its matrix, row by row. */
export interface DenseMap extends LinearMap {
  data: Vector;
}

function isDense(map: LinearMap): map is DenseMap {
  return 'data' in map;
}

/** The map of a matrix [rows, columns] that is written row by row. */
export function dense(data: Vector, rows: number, columns: number): DenseMap {
  return {
    data,
    rows,
    columns,
    apply: v => multiply(data, v, rows),
    applyTransposed: v => multiplyTransposed(data, v, columns),
  };
}

export function identity(size: number): LinearMap {
  const same = (v: Vector) => v.slice();
  return { rows: size, columns: size, apply: same, applyTransposed: same };
}

/** v ↦ factors ∘ v. */
export function diagonal(factors: Vector): LinearMap {
  const scale = (v: Vector) => v.map((x, i) => x * factors[i]!);
  return { rows: factors.length, columns: factors.length, apply: scale, applyTransposed: scale };
}

export function transposed(map: LinearMap): LinearMap {
  return {
    rows: map.columns,
    columns: map.rows,
    apply: v => map.applyTransposed(v),
    applyTransposed: v => map.apply(v),
  };
}

/**
 * v ↦ Mᵀ M v / scale², or M Mᵀ where M has fewer rows than columns: symmetric, of the smaller size, its largest eigenvalue that of M
 * squared over scale².
 */
export function normal(map: LinearMap, scale: number): { size: number; apply(v: Vector): Vector } {
  const { rows, columns } = map;
  if (columns > rows) return normal(isDense(map) ? turned(map) : transposed(map), scale);
  const divided = (v: Vector) => v.map(x => x / scale);
  return {
    size: columns,
    apply: isDense(map)
      ? v => multiplyNormal(map.data, v, rows, scale)
      : v => divided(map.applyTransposed(divided(map.apply(v)))),
  };
}

/** The transpose of a matrix, written out. */
function turned({ data, rows, columns }: DenseMap): DenseMap {
  const out = new Float64Array(data.length);
  for (let i = 0; i < rows; i++) for (let k = 0; k < columns; k++) out[k * rows + i] = data[i * columns + k]!;
  return dense(out, columns, rows);
}

/** The last map after those before it, as matrices are written: `product(A, B)` is A B. */
export function product(...maps: LinearMap[]): LinearMap {
  return {
    rows: maps[0]!.rows,
    columns: maps.at(-1)!.columns,
    apply: v => maps.reduceRight((x, map) => map.apply(x), v),
    applyTransposed: v => maps.reduce((x, map) => map.applyTransposed(x), v),
  };
}

export function sumOf(a: LinearMap, b: LinearMap): LinearMap {
  const plus = (x: Vector, y: Vector) => x.map((value, i) => value + y[i]!);
  return {
    rows: a.rows,
    columns: a.columns,
    apply: v => plus(a.apply(v), b.apply(v)),
    applyTransposed: v => plus(a.applyTransposed(v), b.applyTransposed(v)),
  };
}

/** The matrix of a map, row by row, by what it makes of unit vectors. */
export function written(map: LinearMap): DenseMap {
  const { rows, columns } = map;
  const data = new Float64Array(rows * columns);
  const byRow = rows <= columns;
  for (let i = 0; i < Math.min(rows, columns); i++) {
    const unit = new Float64Array(byRow ? rows : columns);
    unit[i] = 1;
    if (byRow) data.set(map.applyTransposed(unit), i * columns);
    else
      map.apply(unit).forEach((x, row) => {
        data[row * columns + i] = x;
      });
  }
  return dense(data, rows, columns);
}
