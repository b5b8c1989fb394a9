import { layoutOf } from '../../src/model/layout.ts';
import type { CellResult } from '../../src/queue/results.ts';
import type { PackHooks, PackTrainer } from '../../src/queue/worker.ts';
import { toBase64 } from '../../src/shared/base64.ts';
import type { Pack } from '../../src/shared/protocol.ts';

/** What a made-up training of a cell comes to: a function of the cell alone. */
export function madeUp(pack: Pack, r: number): CellResult {
  const { cell, seed, trainLength } = pack.replicas[r]!;
  const loss = 1 / (1 + seed + trainLength);
  const weights = Float32Array.from({ length: layoutOf(pack.model).stride }, (_, i) => Math.sin(i + seed));
  return {
    outcome: {
      cell,
      divergedAtStep: null,
      trainLoss: loss,
      trainLossStderr: 0,
      test: pack.test.lengths.map(length => ({ length, loss, stderr: 0 })),
      weights: toBase64(weights),
    },
    curve: [[pack.logEvery, loss]],
    adapter: {
      vendor: 'none',
      architecture: '',
      device: '',
      description: 'made up',
      software: true,
      features: [],
      limits: {},
    },
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
