import { dot } from '../shared/linear.ts';
import type { AnyModel } from '../shared/model-config.ts';
import { mlpFactor } from './complexity.ts';
import { type DenseMap, dense, diagonal, identity, product, sumOf, written } from './linear-map.ts';
import { mapOf, mlpMaps, type Norms, normsOf } from './norms.ts';
import { operatorNorm } from './operator-norm.ts';
import type { ReachableSet } from './reachable.ts';
import { type Interval, slopes } from './relaxation.ts';

/**
 * A Lipschitz constant of Y ↦ W (Y + B ψ(A Y + b)) of layer `l` where each neuron's input stays in its interval of `pre`:
 * `‖W + W B D A‖ + ‖W B √R‖ ‖√R A‖`, D and R the middle and the half-width of ψ's slope there, or `‖W‖ m_l` where that is
 * smaller. W is U (`readOut`) or the identity.
 */
export interface SlopeBound {
  at(pre: Interval[]): number;
  /** The largest over each of several groups. */
  mostOf(groups: readonly Interval[][][]): number[];
}

export function slopeBound(
  model: AnyModel,
  l: number,
  readOut: boolean,
  { U, layers }: Norms = normsOf(model),
): SlopeBound {
  const { width, outputs, activation } = model.config;
  const W = readOut ? mapOf(model, 'unembed', outputs) : identity(width);
  const mlp = mlpMaps(model, l);
  const normW = readOut ? U : 1;
  if (!mlp) return { at: () => normW, mostOf: groups => groups.map(() => normW) };
  const { A, B } = mlp;
  const WB = readOut ? written(product(W, B)) : B;
  const coarse = normW * mlpFactor(model.config, layers[l]!.A, layers[l]!.B);
  const slopesAt = (pre: Interval[]) => pre.map(interval => slopes(activation, interval));
  const parts = (pre: Interval[]) => {
    const slope = slopesAt(pre);
    const middle = Float64Array.from(slope, ({ low, high }) => (low + high) / 2);
    const halves = Float64Array.from(slope, ({ low, high }) => (high - low) / 2);
    return {
      halves,
      straight: operatorNorm(sumOf(W, product(WB, diagonal(middle), A))),
      behind: operatorNorm(columnsOf(WB, halves)),
    };
  };
  const bound = ({ straight, behind }: ReturnType<typeof parts>, ahead: number) =>
    Math.min(coarse, straight + behind * ahead);
  const exact = (own: ReturnType<typeof parts>) => bound(own, operatorNorm(rowsOf(A, own.halves)));
  return {
    at: pre => exact(parts(pre)),
    mostOf(groups) {
      const all = groups.map(pres => pres.map(parts));
      const atMostAhead = normsAbove(
        A,
        all.flat().map(({ halves }) => halves),
      );
      return all.map(group => {
        const near = group.map(own => ({ own, atMost: bound(own, atMostAhead(own.halves)) }));
        let most = 0;
        for (const { own, atMost } of near.sort((a, b) => b.atMost - a.atMost)) {
          if (atMost <= most) break;
          most = Math.max(most, exact(own));
        }
        return most;
      });
    },
  };
}

/**
 * Numbers that ‖√R A‖ is not above, for each of many R, by which sets are skipped: its Frobenius norm, and ‖√R' A‖ with R' the largest
 * entry of all R, since Aᵀ R A ≤ Aᵀ R' A as quadratic forms where R ≤ R'.
 */
function normsAbove(A: DenseMap, all: readonly Float64Array[]): (halves: Float64Array) => number {
  const widest = new Float64Array(A.rows);
  for (const halves of all)
    halves.forEach((half, i) => {
      widest[i] = Math.max(widest[i]!, half);
    });
  const whole = operatorNorm(rowsOf(A, widest));
  const squares = widest.map((_, i) => {
    const row = A.data.subarray(i * A.columns, (i + 1) * A.columns);
    return dot(row, row);
  });
  return halves => Math.min(whole, Math.sqrt(dot(halves, squares)));
}

/** The steepest slope of layer 1's MLP and U behind it, by query class, over sets that hold every reachable state of it. */
export function steepestSlopes(
  model: AnyModel,
  sets: readonly ReachableSet[],
  norms?: Norms,
): Map<number, number> {
  const groups = [...new Set(sets.map(set => set.queries))];
  const inputs = groups.map(queries => sets.flatMap(set => (set.queries === queries ? [set.pre] : [])));
  const slopes = slopeBound(model, 0, true, norms).mostOf(inputs);
  return new Map(groups.flatMap((queries, g) => queries.map(query => [query, slopes[g]!])));
}

/** √R A, without the rows that vanish. */
function rowsOf({ data, columns }: DenseMap, halves: Float64Array): DenseMap {
  const which = positiveOf(halves);
  const rows = new Float64Array(which.length * columns);
  which.forEach((i, at) => {
    const root = Math.sqrt(halves[i]!);
    const [from, to] = [i * columns, at * columns];
    for (let k = 0; k < columns; k++) rows[to + k] = root * data[from + k]!;
  });
  return dense(rows, which.length, columns);
}

/** W B √R, without the columns that vanish. */
function columnsOf({ data, rows, columns }: DenseMap, halves: Float64Array): DenseMap {
  const which = positiveOf(halves);
  const chosen = new Float64Array(rows * which.length);
  for (let row = 0; row < rows; row++)
    which.forEach((i, at) => {
      chosen[row * which.length + at] = Math.sqrt(halves[i]!) * data[row * columns + i]!;
    });
  return dense(chosen, rows, which.length);
}

function positiveOf(values: Float64Array): number[] {
  return [...values.keys()].filter(i => values[i]! > 0);
}
