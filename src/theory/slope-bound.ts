import { Matrix } from 'ml-matrix';
import type { AnyModel } from '../shared/model-config.ts';
import { mlpFactor } from './complexity.ts';
import { matrixOf, mlpMatrices, operatorNorm } from './norms.ts';
import { type Interval, slopes } from './relaxation.ts';

/**
 * A Lipschitz constant of Y ↦ W (Y + B ψ(A Y + b)) of layer `l` where each neuron's input stays in its interval of `pre`:
 * `‖W + W B D A‖ + ‖W B √R‖ ‖√R A‖`, D and R the middle and the half-width of ψ's slope there, or `‖W‖ m_l` where that is
 * smaller. W is U (`readOut`) or the identity.
 */
export function slopeBound(model: AnyModel, l: number, readOut: boolean): (pre: Interval[]) => number {
  const { width, outputs, activation } = model.config;
  const W = readOut ? matrixOf(model, 'unembed', outputs) : Matrix.eye(width);
  const mlp = mlpMatrices(model, l);
  if (!mlp) {
    const norm = operatorNorm(W);
    return () => norm;
  }
  const { A, B } = mlp;
  const WB = W.mmul(B);
  const coarse = operatorNorm(W) * mlpFactor(model.config, operatorNorm(A), operatorNorm(B));
  return pre => {
    const slope = pre.map(interval => slopes(activation, interval));
    const middle = slope.map(({ low, high }) => (low + high) / 2);
    const straight = Matrix.add(W, WB.mmul(scaledRows(A, middle)));
    const root = slope.map(({ low, high }) => Math.sqrt((high - low) / 2));
    const switching = root.flatMap((half, i) => (half > 0 ? [i] : []));
    const halves = switching.map(i => root[i]!);
    const rows = scaledRows(A.selection(switching, columnsOf(A)), halves);
    const columns = scaledRows(WB.transpose().selection(switching, columnsOf(W.transpose())), halves);
    return Math.min(coarse, operatorNorm(straight) + operatorNorm(columns) * operatorNorm(rows));
  };
}

function columnsOf(matrix: Matrix): number[] {
  return Array.from({ length: matrix.columns }, (_, k) => k);
}

function scaledRows(matrix: Matrix, by: number[]): Matrix {
  const scaled = matrix.clone();
  by.forEach((factor, i) => {
    scaled.mulRow(i, factor);
  });
  return scaled;
}
