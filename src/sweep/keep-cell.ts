import { version } from '../../package.json';
import { layoutOf, unflatten } from '../model/layout.ts';
import { writeModel } from '../model/safetensors.ts';
import type { Cell } from '../plan/cells.ts';
import { ENGINE_HASH } from '../plan/engine-hash.ts';
import type { StoredCell } from '../results/store.ts';
import type { CurvePoint } from '../runtime/underway.ts';
import { type AdapterInfo, adapterName } from '../shared/adapter.ts';
import { floatsFromBase64 } from '../shared/base64.ts';
import type { CellOutcome } from '../shared/protocol.ts';
import type { OpenRun } from './open-run.ts';
import type { TheoryStage } from './theory-stage.ts';

/** A cell that was trained and tested, wherever that was. */
export interface TrainedCell {
  outcome: CellOutcome;
  curve: readonly CurvePoint[];
  adapter: AdapterInfo;
  /** What carried WebGPU, with its version. */
  driver?: string;
  /** Its share of the time of its pack. */
  seconds: number;
}

/** Stores a trained cell, weights and losses at once, and asks for its theory. */
export async function keepCell(
  { store, checkpoints }: OpenRun,
  cell: Cell,
  trained: TrainedCell,
  stage: TheoryStage | undefined,
): Promise<void> {
  const stored = storedCell(cell, trained);
  await store.add(
    stored,
    trained.curve.map(point => ({ cell: cell.hash, ...point })),
  );
  await checkpoints.remove(cell.hash);
  if (stored.line.theory === undefined) stage?.add(cell.hash);
}

/** As it is stored. Theory is still to come, but for what diverged, which has none. */
function storedCell(
  { hash, axes, config }: Cell,
  { outcome, adapter, driver, seconds }: Omit<TrainedCell, 'curve'>,
): StoredCell {
  const { phiInit: _, ...shape } = config.model;
  const { trainLoss, trainLossStderr, divergedAtStep, test } = outcome;
  const weights = floatsFromBase64(outcome.weights);
  const sound = divergedAtStep === null && weights.every(Number.isFinite);
  return {
    line: {
      cell: hash,
      axes,
      trainLoss,
      trainLossStderr,
      divergedAtStep,
      test,
      ...(sound ? {} : { theory: null, attention: null }),
      steps: config.train.steps,
      seconds,
      adapter: adapterName(adapter),
      ...(driver === undefined ? {} : { driver }),
      engine: ENGINE_HASH,
    },
    model: writeModel({
      config: shape,
      tensors: unflatten(layoutOf(shape), weights),
      training: {
        version,
        cell: hash,
        task: config.task,
        data: config.data,
        length: config.train.length,
        seed: config.seed,
      },
    }),
  };
}
