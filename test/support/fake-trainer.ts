import type { CellResult } from '../../src/queue/results.ts';
import type { PackHooks, PackTrainer } from '../../src/queue/worker.ts';
import type { Pack } from '../../src/shared/protocol.ts';
import { madeUpOutcome, NO_ADAPTER } from './made-up.ts';

/** A cell of a pack as a worker hands it in. */
export function madeUp(pack: Pack, r: number): CellResult {
  const outcome = madeUpOutcome(pack, r);
  return {
    outcome,
    curve: [[pack.logEvery, outcome.trainLoss]],
    adapter: NO_ADAPTER,
    version: 'made up',
    seconds: 0.002,
    trainSeconds: 0.001,
    trainSequences: pack.steps * pack.batch,
    trainLabels: pack.steps * pack.batch,
  };
}

/** A trainer that trains nothing. `before` may take its time, or throw. */
export function fakeTrainer(
  before: (pack: Pack, hooks: PackHooks) => unknown = () => {},
  adapter = 'none, made up',
): PackTrainer {
  return {
    adapter,
    runtime: 'made up',
    async train(pack, hooks) {
      await before(pack, hooks);
      await hooks.onCells(pack.replicas.map((_, r) => madeUp(pack, r)));
    },
  };
}
