import { readFile } from 'node:fs/promises';
import { readModel } from '../model/safetensors.ts';
import type { CellConfig } from '../plan/resolve.ts';
import { sourceOf } from '../plan/source.ts';
import type { TheoryOfCell } from '../results/store.ts';
import { taskOf } from '../tasks/registry.ts';
import { populationLoss } from '../theory/population.ts';
import { analyse } from '../theory/theory.ts';

/** What theory of a trained cell is asked for. Plain data: it crosses threads. */
export interface TheoryTask {
  /** The cell's weights. */
  modelFile: string;
  config: Pick<CellConfig, 'task' | 'data' | 'model' | 'train' | 'test'>;
  epsilons: readonly number[];
}

/** Theory of a trained cell, its losses without sampling, bounds at each ε and, to lay beside losses, at its square root. */
export async function theoryOfCell({ modelFile, config, epsilons }: TheoryTask): Promise<TheoryOfCell> {
  const model = readModel(await readFile(modelFile), modelFile);
  const source = sourceOf(config);
  const {
    theory,
    attention,
    model: double,
  } = await analyse(model, {
    epsilons: [...new Set([...epsilons, ...epsilons.map(Math.sqrt)])],
    bits: null,
    alpha: config.data.alpha,
    source,
  });
  if (config.train.loss !== 'mse') return { theory, attention };
  const { kind, ...knobs } = config.task;
  const population = populationLoss(double, {
    source,
    task: taskOf(kind),
    knobs: knobs as Record<string, number>,
    lengths: config.test.length,
  });
  return { theory, attention, population };
}
