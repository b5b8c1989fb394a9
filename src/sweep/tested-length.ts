import { LossSums } from '../engine/sums.ts';
import type { LiveTested } from '../results/live.ts';
import type { Tested } from '../runtime/session.ts';
import type { Pack } from '../shared/protocol.ts';
import { hasClasses } from '../shared/task.ts';

/** Losses of a pack's cells at a test length, as far as it is evaluated, in the order of its replicas. */
export type TestedLength = Pick<LiveTested, 'length' | 'losses' | 'stderrs'>;

/**
 * What an event of the evaluation says of a test length: what the results will say, for it is estimated by the engine's own code.
 * Undefined for fresh sequences of the training distribution, which are the first point.
 */
export function testedLength(
  { point, sums }: Tested,
  { test, task, replicas }: Pack,
): TestedLength | undefined {
  const length = test.lengths[point - 1];
  if (length === undefined) return undefined;
  const estimates = new LossSums(replicas.length, hasClasses(task), sums).estimates();
  return {
    length,
    losses: estimates.map(({ loss }) => loss),
    stderrs: estimates.map(({ stderr }) => stderr),
  };
}
