import { readFile } from 'node:fs/promises';
import { readModel } from '../model/safetensors.ts';
import type { TheoryOfCell } from '../results/store.ts';
import type { TokenSource } from '../tasks/laws/registry.ts';
import { analyse } from '../theory/theory.ts';

/** What theory of a trained cell is asked for. Plain data: it crosses threads. */
export interface TheoryTask {
  /** The cell's weights. */
  modelFile: string;
  /** The token law that it was trained on. */
  source: TokenSource;
  epsilons: readonly number[];
}

/** Theory of a trained cell, bounds at each ε and, to lay beside losses, at its square root. */
export async function theoryOfCell({ modelFile, source, epsilons }: TheoryTask): Promise<TheoryOfCell> {
  const model = readModel(await readFile(modelFile), modelFile);
  const { theory, attention } = await analyse(model, {
    epsilons: [...new Set([...epsilons, ...epsilons.map(Math.sqrt)])],
    bits: null,
    alpha: source.alphaThousandths / 1000,
    source,
  });
  return { theory, attention };
}
