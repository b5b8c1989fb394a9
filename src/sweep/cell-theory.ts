import { readFile } from 'node:fs/promises';
import { readModel } from '../model/safetensors.ts';
import type { TheoryOfCell } from '../results/store.ts';
import type { TokenSource } from '../tasks/laws/registry.ts';
import { TASKS } from '../tasks/registry.ts';
import type { Knobs } from '../tasks/task.ts';
import { populationLoss } from '../theory/population.ts';
import { analyse } from '../theory/theory.ts';

/** What theory of a trained cell is asked for. Plain data: it crosses threads. */
export interface TheoryTask {
  /** The cell's weights. */
  modelFile: string;
  /** The token law that it was trained on. */
  source: TokenSource;
  epsilons: readonly number[];
  /** What its squared errors were measured of, and at which lengths; null where its loss is another. */
  measured: { kind: string; knobs: Knobs; lengths: readonly number[] } | null;
}

/** Theory of a trained cell, its losses without sampling, bounds at each ε and, to lay beside losses, at its square root. */
export async function theoryOfCell({
  modelFile,
  source,
  epsilons,
  measured,
}: TheoryTask): Promise<TheoryOfCell> {
  const {
    theory,
    attention,
    model: double,
  } = await analyse(readModel(await readFile(modelFile), modelFile), {
    epsilons: [...new Set([...epsilons, ...epsilons.map(Math.sqrt)])],
    bits: null,
    alpha: source.alphaThousandths / 1000,
    source,
  });
  // Of tasks that are not built in nothing is known beside their targets.
  const task = TASKS.find(({ kind }) => kind === measured?.kind);
  if (!task || !measured) return { theory, attention };
  const { knobs, lengths } = measured;
  return { theory, attention, population: populationLoss(double, { source, task, knobs, lengths }) };
}
