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
export function slopeBound(model: AnyModel, l: number, pre: Interval[], readOut: boolean): number {
  const { width, outputs, activation } = model.config;
  const W = readOut ? matrixOf(model, 'unembed', outputs) : Matrix.eye(width);
  const mlp = mlpMatrices(model, l);
  if (!mlp) return operatorNorm(W);
  const { A, B } = mlp;
  const slope = pre.map(interval => slopes(activation, interval));
  const middle = slope.map(({ low, high }) => (low + high) / 2);
  const root = slope.map(({ low, high }) => Math.sqrt((high - low) / 2));
  const scaleRows = (by: number[]) => Matrix.mul(A, Matrix.columnVector(by).mmul(Matrix.ones(1, width)));
  const WB = W.mmul(B);
  const straight = Matrix.add(W, WB.mmul(scaleRows(middle)));
  const switching = Matrix.mul(WB, Matrix.ones(WB.rows, 1).mmul(Matrix.rowVector(root)));
  const refined = operatorNorm(straight) + operatorNorm(switching) * operatorNorm(scaleRows(root));
  return Math.min(refined, operatorNorm(W) * mlpFactor(model.config, operatorNorm(A), operatorNorm(B)));
}
