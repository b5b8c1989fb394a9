import type { Batch } from '../batch.ts';
import { type Dispatch, inOrder } from '../dispatch.ts';
import type { Kernels } from '../kernels.ts';
import { classQuery } from './class-query.ts';
import { classReadout } from './class-readout.ts';
import { denseStack } from './dense-stack.ts';

/** A model over a batch. Whoever wants both ways asks for both before waiting for one, so that all kernels compile side by side. */
export interface Network {
  /** f of every prefix that is read, from the tokens: `batch.outputs`. */
  forward: Promise<Dispatch[]>;
  /** From `batch.gradOutputs` to the gradient of every parameter, after a forward pass over one chunk. */
  backward(): Promise<Dispatch[]>;
}

/**
 * Composes the layers of a model by the paths that its arena was laid out for (paths.ts); `gradients` says whether a backward pass will
 * follow.
 */
export function networkOf(kernels: Kernels, batch: Batch, gradients: boolean): Promise<Network> {
  switch (kernels.weights.arena.paths.at(-1)) {
    case 'class':
      return classReadout(kernels, batch, gradients);
    case 'query':
      return classQuery(kernels, batch);
    default:
      return denseStack(kernels, batch);
  }
}

/** f of every prefix that is read. */
export async function forwardPass(kernels: Kernels, batch: Batch): Promise<Dispatch[]> {
  return (await networkOf(kernels, batch, false)).forward;
}

/** Loss of every read and the gradient of the mean loss with respect to the outputs. */
export async function lossPass(kernels: Kernels, batch: Batch): Promise<Dispatch[]> {
  const { outputs, targets, weights, labels, losses, gradOutputs, reads } = batch;
  const buffers = { space: reads.space, outputs, targets, weights, labels, losses, gradOutputs };
  return [await kernels.run('loss', buffers, { threads: reads.rows })];
}

/** Whether each read is right, of a task whose targets are classes: `correct` [reads]. */
export async function correctPass(kernels: Kernels, batch: Batch, correct: GPUBuffer): Promise<Dispatch[]> {
  const { outputs, targets, weights, reads } = batch;
  const buffers = { space: reads.space, outputs, targets, weights, correct };
  return [await kernels.run('correct', buffers, { threads: reads.rows })];
}

/** Outputs, losses, and the gradient of every parameter of the mean loss, from tokens and targets. */
export async function gradientPass(kernels: Kernels, batch: Batch): Promise<Dispatch[]> {
  const network = await networkOf(kernels, batch, true);
  return inOrder([network.forward, lossPass(kernels, batch), network.backward()]);
}
