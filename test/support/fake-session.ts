import { layoutOf } from '../../src/model/layout.ts';
import type { Session } from '../../src/runtime/session.ts';
import { toBase64 } from '../../src/shared/base64.ts';
import type { AdapterInfo, CellOutcome, Pack } from '../../src/shared/protocol.ts';

const ADAPTER: AdapterInfo = {
  vendor: 'none',
  architecture: '',
  device: '',
  description: 'made up',
  software: true,
  features: [],
  limits: {},
};

/** A session that trains nothing: weights and losses are made up from the seed of each replica. */
export function fakeSession({ onTrain = () => {} }: { onTrain?: (pack: Pack) => unknown } = {}): Session {
  return {
    runtime: 'dawn',
    version: 'made up',
    pid: undefined,
    profile: undefined,
    close: async () => {},
    tell() {},
    async send(request, { onProgress } = {}) {
      if (request.op === 'probe') return { event: 'probed', adapter: ADAPTER };
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
        adapter: ADAPTER,
        cells: pack.replicas.map(replica => outcomeOf(pack, replica)),
        trainSeconds: 1,
        testSeconds: 1,
        stateSeconds: 0,
        trainSequences: pack.replicas.length * pack.steps * pack.batch,
        trainLabels: pack.replicas.length * pack.steps * pack.batch,
      };
    },
  };
}

function outcomeOf({ model, test }: Pack, { cell, seed }: Pack['replicas'][number]): CellOutcome {
  const weights = Float32Array.from({ length: layoutOf(model).stride }, (_, i) => Math.sin(i + 1 + seed) / 4);
  return {
    cell,
    divergedAtStep: null,
    trainLoss: 0.1,
    trainLossStderr: 0.01,
    test: test.lengths.map(length => ({ length, loss: 0.2, stderr: 0.01 })),
    weights: toBase64(weights),
  };
}
