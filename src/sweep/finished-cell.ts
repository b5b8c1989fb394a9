import { layoutOf, unflatten } from '../model/layout.ts';
import { writeModel } from '../model/safetensors.ts';
import type { Cell } from '../plan/cells.ts';
import type { PlannedPack } from '../plan/packs.ts';
import { sourceOf } from '../plan/source.ts';
import type { StoredCell } from '../results/store.ts';
import type { Trained } from '../runtime/supervise.ts';
import { adapterName } from '../shared/adapter.ts';
import { floatsFromBase64 } from '../shared/base64.ts';
import type { Model } from '../shared/model-config.ts';
import { type Analysis, analyse } from '../theory/theory.ts';

/** Replica `r` of a trained pack, with its theory, as it is stored. */
export async function finishedCell(
  { pack, cells }: Pick<PlannedPack, 'pack' | 'cells'>,
  trained: Trained,
  r: number,
  epsilons: readonly number[],
): Promise<StoredCell> {
  const outcome = trained.cells[r]!;
  const weights = floatsFromBase64(outcome.weights);
  const model = { config: pack.model, tensors: unflatten(layoutOf(pack.model), weights) };
  const sound = outcome.divergedAtStep === null && weights.every(Number.isFinite);
  const analysis = sound ? await theoryOfCell(model, cells[r]!, epsilons) : null;
  return {
    line: {
      cell: outcome.cell,
      axes: cells[r]!.axes,
      trainLoss: outcome.trainLoss,
      trainLossStderr: outcome.trainLossStderr,
      divergedAtStep: outcome.divergedAtStep,
      test: outcome.test,
      theory: analysis?.theory ?? null,
      attention: analysis?.attention ?? null,
      steps: pack.steps,
      seconds: (trained.trainSeconds + trained.testSeconds) / cells.length,
      adapter: adapterName(trained.adapter),
    },
    model: writeModel(model),
  };
}

/** Theory of a trained cell, bounds at each ε and, to lay beside losses, at its square root. */
function theoryOfCell(model: Model, { config }: Cell, epsilons: readonly number[]): Promise<Analysis> {
  return analyse(model, {
    epsilons: [...new Set([...epsilons, ...epsilons.map(Math.sqrt)])],
    bits: null,
    alpha: config.data.alpha,
    source: sourceOf(config),
  });
}
