import { type Dispatch, dispatch } from './dispatch.ts';
import type { Memory } from './memory.ts';
import { oneLayerBackward, oneLayerForward } from './one-layer.ts';
import { compilePrograms, type Specialisation } from './programs.ts';
import type { Rows } from './rows.ts';
import { twoLayerBackward, twoLayerForward } from './two-layer.ts';
import type { Weights } from './weights.ts';

/** f(x) of every sequence of a batch, from its tokens: `rows.outputs`. */
export async function forwardPass(
  memory: Memory,
  weights: Weights,
  rows: Rows,
  how: Specialisation,
): Promise<Dispatch[]> {
  if (weights.model.layers === 1) return oneLayerForward(memory, weights, rows, how);
  return (await twoLayerForward(memory, weights, rows, how, false)).dispatches;
}

/** Loss of every row and its gradient with respect to the outputs. */
export async function lossPass(memory: Memory, rows: Rows, how: Specialisation): Promise<Dispatch[]> {
  const programs = await compilePrograms(memory.device.gpu, ['loss'], how);
  const { batch, outputs, targets, losses, gradOutputs } = rows;
  const buffers = [batch, outputs, targets, losses, gradOutputs];
  return [dispatch(memory.device.gpu, programs.loss, buffers, rows.shape.rows, rows.replicas)];
}

/** Outputs, losses, and the gradient of every parameter of the mean loss, from tokens and targets. */
export async function gradientPass(
  memory: Memory,
  weights: Weights,
  rows: Rows,
  how: Specialisation,
): Promise<Dispatch[]> {
  const loss = await lossPass(memory, rows, how);
  if (weights.model.layers === 1) {
    const forward = await oneLayerForward(memory, weights, rows, how);
    return [...forward, ...loss, ...(await oneLayerBackward(memory, weights, rows, how))];
  }
  const { dispatches, windows } = await twoLayerForward(memory, weights, rows, how, true);
  return [...dispatches, ...loss, ...(await twoLayerBackward(memory, weights, rows, how, windows))];
}
