import { layoutOf } from '../../src/model/layout.ts';
import { toBase64 } from '../../src/shared/base64.ts';
import type { AdapterInfo, CellOutcome, Pack } from '../../src/shared/protocol.ts';

/** An adapter that is none. */
export const NO_ADAPTER: AdapterInfo = {
  vendor: 'none',
  architecture: '',
  device: '',
  description: 'made up',
  software: true,
  features: [],
  limits: {},
};

/** What a made-up training of a cell comes to: a function of the cell alone. */
export function madeUpOutcome({ model, test, replicas }: Pack, r: number): CellOutcome {
  const { cell, seed, trainLength } = replicas[r]!;
  const loss = 1 / (1 + seed + trainLength);
  const weights = Float32Array.from({ length: layoutOf(model).stride }, (_, i) => Math.sin(i + 1 + seed) / 4);
  return {
    cell,
    divergedAtStep: null,
    trainLoss: loss,
    trainLossStderr: 0,
    test: test.lengths.map(length => ({ length, loss, stderr: 0 })),
    weights: toBase64(weights),
  };
}
