import { canonicalHasher } from '../config/hash.ts';
import { trainingFloats } from '../model/memory.ts';
import { type Pack, packSchema, type Replica } from '../shared/protocol.ts';
import { type PackTask, tokensOf } from '../shared/task.ts';
import { drawnTask } from '../tasks/device.ts';
import { taskAndKnobs } from '../tasks/written.ts';
import type { Cell } from './cells.ts';
import { lawOfCell } from './resolve.ts';
import { streamSeeds } from './streams.ts';

/** A pack with the cells that its replicas are, in the same order. */
export interface PlannedPack {
  pack: Pack;
  cells: Cell[];
  /** Device memory while training, an estimate. */
  bytes: number;
}

/** Replicas of a pack at most: a pack's cells are saved together, when it ends. */
const MAX_REPLICAS = 64;
/** Device memory of a pack, unless the caller knows better: what a large GPU has. Supervision splits what an adapter cannot hold. */
const DEFAULT_BUDGET_BYTES = 2 ** 31;

/** What decides where packs are cut, besides the cells' shapes. */
export interface Cut {
  /** Device memory of a pack. */
  budgetBytes?: number;
  /** Optimiser steps that a cell has done by its checkpoint: cells of one pack take their steps together. */
  stepOf?: (hash: string) => number;
}

/**
 * Packs: cells that differ only in what a replica may differ in (training length, task knobs, seed, learning rate, α) train
 * in the same dispatches, because one small transformer cannot fill a GPU, if they go on at the same step. Packs are cut at `MAX_REPLICAS`
 * replicas and at `budgetBytes` of device memory.
 */
export function packsOf(
  cells: Cell[],
  { budgetBytes = DEFAULT_BUDGET_BYTES, stepOf = () => 0 }: Cut = {},
): PlannedPack[] {
  const groups = new Map<string, { shared: Omit<Pack, 'replicas'>; cells: Cell[] }>();
  const hashOf = canonicalHasher(16);
  const seedOf = streamSeeds();
  const taskFor = packTasks();
  for (const cell of cells) {
    const shared = sharedPart(cell, taskFor(cell));
    const key = `${stepOf(cell.hash)} ${hashOf(shared)}`;
    const group = groups.get(key) ?? { shared, cells: [] };
    group.cells.push(cell);
    groups.set(key, group);
  }
  return [...groups.values()].flatMap(({ shared, cells: members }) => {
    const longest = members.reduce(
      (most, { config }) => Math.max(most, tokensOf(lawOfCell(config), config.train.length)),
      0,
    );
    const perReplica = replicaBytes(shared, longest);
    const size = Math.max(1, Math.min(MAX_REPLICAS, Math.floor(budgetBytes / perReplica)));
    // Equal parts: 65 replicas make 33 + 32, not 64 + 1.
    const parts = Math.ceil(members.length / size);
    const partSize = Math.ceil(members.length / parts);
    return Array.from({ length: parts }, (_, part) => {
      const own = members.slice(part * partSize, (part + 1) * partSize);
      return {
        pack: packSchema.parse({
          ...shared,
          replicas: own.map(cell => replicaOf(cell, seedOf(cell.config))),
        }),
        cells: own,
        bytes: own.length * perReplica,
      };
    });
  });
}

/** What packs carry of cells' tasks: one value for all that have the same, so that each is hashed once. */
function packTasks(): (cell: Cell) => PackTask {
  const byWritten = new Map<string, PackTask>();
  const byText = new Map<string, PackTask>();
  return ({ config: { task, data, fed } }) => {
    if (fed) return fed;
    // A task's WGSL is long, and many cells write the same one.
    const written = JSON.stringify([task, data.law]);
    const known = byWritten.get(written);
    if (known) return known;
    const made = drawnTask(task, data.law);
    const text = JSON.stringify(made);
    const same = byText.get(text) ?? made;
    byText.set(text, same);
    byWritten.set(written, same);
    return same;
  };
}

function sharedPart({ config }: Cell, task: PackTask): Omit<Pack, 'replicas'> {
  const { model, train, test } = config;
  const { positions } = taskAndKnobs(config.task).task;
  const { phiInit, ...shape } = model;
  const { beta1, beta2, epsilon, warmup, schedule, clip } = train;
  return {
    model: shape,
    phiInit,
    baseWidth: train.baseWidth,
    task,
    loss: train.loss,
    lengthMode: train.lengthMode,
    positions: train.positions,
    positionOffset: train.positionOffset,
    steps: train.steps,
    batch: train.batch,
    optimiser: { beta1, beta2, epsilon, warmup, schedule, clip },
    logEvery: Math.max(1, Math.floor(train.steps / 100)),
    test: {
      lengths: test.length,
      sequences: test.sequences,
      ...(test.span === undefined ? {} : { span: test.span }),
      ...(positions ? { positions } : {}),
    },
  };
}

function replicaOf({ hash, config }: Cell, seed: number): Replica {
  const { task, knobs } = taskAndKnobs(config.task);
  return {
    cell: hash,
    seed,
    trainLength: config.train.length,
    learningRate: config.train.learningRate,
    alphaThousandths: Math.round(config.data.alpha * 1000),
    knobs,
    deviceKnobs: task.wgslKnobs(knobs),
  };
}

/** Device memory of one replica in training, in bytes. */
function replicaBytes({ model, batch, positions }: Omit<Pack, 'replicas'>, length: number): number {
  return 4 * trainingFloats(model, { batch, length, positions });
}
