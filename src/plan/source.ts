import { STREAM, streamKey } from '../shared/random.ts';
import { OWN_LAW, type TokenSource } from '../tasks/laws/registry.ts';
import { taskAndKnobs } from '../tasks/written.ts';
import type { CellConfig } from './resolve.ts';

/**
 * The token law that a cell trains on, for sequences that its theory is measured with. Theory is about ergodic laws: where the task has a
 * law of its own, its sequences are uniform-iid tokens.
 */
export function sourceOf({
  task,
  data,
  model,
}: Pick<CellConfig, 'task' | 'data'> & {
  model: Pick<CellConfig['model'], 'vocabulary'>;
}): TokenSource {
  const { task: own, knobs } = taskAndKnobs(task);
  return {
    law: data.law === OWN_LAW ? 'uniform-iid' : data.law,
    vocabulary: model.vocabulary,
    alphaThousandths: Math.round(1000 * data.alpha),
    order: own.shape(knobs).order,
    key: streamKey(0, STREAM.theory),
  };
}
