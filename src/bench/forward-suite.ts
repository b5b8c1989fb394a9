import type { Device } from '../engine/device.ts';
import { forward } from '../engine/forward.ts';
import { randomWeights } from '../model/initialise.ts';
import { layoutOf, unflatten } from '../model/layout.ts';
import { linearTimeForward } from '../reference/linear-time.ts';
import { packTokens, toBase64 } from '../shared/base64.ts';
import type { Model, ModelConfig } from '../shared/model-config.ts';
import { below, WordStream } from '../shared/random.ts';
import { type Contender, type Load, type Posed, type Prepared, posed } from './contender.ts';
import type { ImplementationOf } from './names.ts';
import { peerVersion } from './peer-versions.ts';
import type { ForwardProblem } from './protocol.ts';

/** Rounding of float32 through two layers at T = 16384 is about 1e-6 of the read-out. */
const TOLERANCE = 1e-4;

interface ForwardData {
  model: Model;
  weights: string;
  tokens: Uint8Array;
}

/** A two-layer limit transformer as experiments/k-gram.yaml has it, with random weights. */
function forwardModel({ D, heads }: ForwardProblem): { model: Model; weights: string } {
  const config: ModelConfig = {
    layers: 2,
    heads,
    width: D,
    keyWidth: D,
    mlpWidth: 4 * D,
    vocabulary: 3,
    period: 1,
    locality: 2,
    outputs: 3,
    activation: 'relu',
    norm: 'none',
    attention: { precision: 'infinite', scale: 1 / Math.sqrt(D) },
  };
  const flat = randomWeights(config, { phiInit: [0, 1.5], baseWidth: D, seed: 1 });
  return { model: { config, tensors: unflatten(layoutOf(config), flat) }, weights: toBase64(flat) };
}

/** f(x) by one of our two kernels, as `lengthwise forward` runs them. */
function ours(kernel: 'linear' | 'dense'): Load<ForwardData> {
  return async (): Promise<Contender<ForwardData>> => ({
    version: peerVersion('lengthwise'),
    async prepare({ model, weights, tokens }: ForwardData, device: Device): Promise<Prepared> {
      const request = {
        op: 'forward' as const,
        adapter: 'auto' as const,
        model: model.config,
        weights,
        sequences: packTokens([tokens]),
        allPositions: false,
        kernel,
      };
      return {
        async run() {
          const { outputs } = await forward(device, request);
          return [outputs[0]![0]!.map(value => value ?? Number.NaN)];
        },
        dispose() {},
      };
    },
  });
}

const CONTENDERS: Record<ImplementationOf<'forward'>, Load<ForwardData>> = {
  'lengthwise/linear': ours('linear'),
  'lengthwise/dense': ours('dense'),
};

/** f(x) at the last of T random tokens. */
export function poseForward(problem: ForwardProblem): Posed {
  const { model, weights } = forwardModel(problem);
  const stream = new WordStream(1, 2, 3);
  const tokens = Uint8Array.from({ length: problem.T }, () => below(stream.next(), model.config.vocabulary));
  return posed({ model, weights, tokens }, [linearTimeForward(model, tokens)], TOLERANCE, CONTENDERS);
}
