import type { Session } from '../../src/runtime/session.ts';
import type { Pack } from '../../src/shared/protocol.ts';
import { madeUpOutcome, NO_ADAPTER } from './made-up.ts';

/** A session that trains nothing: weights and losses are made up from the seed of each replica. */
export function fakeSession({ onTrain = () => {} }: { onTrain?: (pack: Pack) => unknown } = {}): Session {
  return {
    runtime: 'dawn',
    version: 'made up',
    pid: undefined,
    driver: undefined,
    profile: undefined,
    close: async () => {},
    tell() {},
    async send(request, { onProgress } = {}) {
      if (request.op === 'probe') return { event: 'probed', adapter: NO_ADAPTER };
      if (request.op !== 'train') throw new Error(`${request.op} is not made up`);
      const { pack } = request;
      onProgress?.({
        event: 'progress',
        phase: 'train',
        done: pack.steps,
        total: pack.steps,
        sequencesPerSecond: 1,
        curve: [{ step: pack.logEvery, losses: pack.replicas.map(() => 0.5) }],
      });
      await onTrain(pack);
      return {
        event: 'trained',
        adapter: NO_ADAPTER,
        cells: pack.replicas.map((_, r) => madeUpOutcome(pack, r)),
        trainSeconds: 1,
        testSeconds: 1,
        stateSeconds: 0,
        trainSequences: pack.replicas.length * pack.steps * pack.batch,
        trainLabels: pack.replicas.length * pack.steps * pack.batch,
      };
    },
  };
}
