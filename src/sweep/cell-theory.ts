import { readFile } from 'node:fs/promises';
import { readModel } from '../model/safetensors.ts';
import type { CellConfig } from '../plan/resolve.ts';
import { sourceOf } from '../plan/source.ts';
import type { TheoryOfCell } from '../results/store.ts';
import { analyse } from '../theory/theory.ts';

/** What theory of a trained cell is asked for. Plain data: it crosses threads. */
export interface TheoryTask {
  /** The cell's weights. */
  modelFile: string;
  config: Pick<CellConfig, 'task' | 'data' | 'model'>;
  epsilons: readonly number[];
}

/** Theory of a trained cell, bounds at each ε and, to lay beside losses, at its square root. */
export async function theoryOfCell({ modelFile, config, epsilons }: TheoryTask): Promise<TheoryOfCell> {
  const model = readModel(await readFile(modelFile), modelFile);
  const { theory, attention } = await analyse(model, {
    epsilons: [...new Set([...epsilons, ...epsilons.map(Math.sqrt)])],
    bits: null,
    alpha: config.data.alpha,
    source: sourceOf(config),
  });
  return { theory, attention };
}
