import { median } from 'simple-statistics';
import { randomWeights } from '../model/initialise.ts';
import { flatten, layoutOf, unflatten } from '../model/layout.ts';
import { float32Bounds } from '../reference/bound.ts';
import { referenceForward } from '../reference/forward.ts';
import { packTokens, toBase64 } from '../shared/base64.ts';
import type { Model, ModelConfig } from '../shared/model-config.ts';
import type { AdapterPreference } from '../shared/protocol.ts';
import { below, WordStream } from '../shared/random.ts';
import { ask } from './ask.ts';
import type { Session } from './session.ts';

/** How an adapter did at f(x) of a two-layer limit transformer. */
export interface Trial {
  /** Largest |f(x) − float64 reference| over the short sequences, as a share of the derived float32 bound; at most 1 is right. */
  shareOfBound: number;
  right: boolean;
  /** Of the long sequences, kernels warm, answers included. */
  tokensPerSecond: number;
}

const CONFIG: ModelConfig = {
  layers: 2,
  heads: 2,
  width: 16,
  keyWidth: 16,
  mlpWidth: 32,
  vocabulary: 3,
  period: 1,
  locality: 2,
  outputs: 3,
  activation: 'relu',
  norm: 'none',
  attention: { precision: 'infinite', scale: 0.25 },
};
const SHORT = [1, 5, 33];
const [LONG, LONG_COUNT] = [1024, 16];
const TIMED = 3;

/**
 * Checks an adapter against the float64 reference and times it, on the kernels that every verb uses.
 * @throws MachineError when the adapter fails outright.
 */
export async function tryAdapter(session: Session, adapter: AdapterPreference): Promise<Trial> {
  const flat = randomWeights(CONFIG, { phiInit: [0, 1.5], baseWidth: CONFIG.width, seed: 7 });
  const model: Model = { config: CONFIG, tensors: unflatten(layoutOf(CONFIG), flat) };
  const weights = toBase64(flatten(layoutOf(CONFIG), model.tensors));
  const compute = (sequences: number[][]) =>
    ask(session, 'computed', {
      op: 'forward',
      adapter,
      model: CONFIG,
      weights,
      sequences: packTokens(sequences),
      allPositions: false,
      kernel: 'linear',
    });
  const short = SHORT.map((length, i) => randomTokens(length, i));
  const answer = await compute(short);
  const { outputs: bounds } = float32Bounds(
    model,
    short.map(tokens => ({ tokens, reads: [], targets: [] })),
  );
  const shares = short.flatMap((tokens, s) => {
    const exact = referenceForward(model, tokens).outputs.at(-1)!;
    return [...exact].map((value, o) => shareOf(answer.outputs[s]?.[0]?.[o], value, bounds[s]!));
  });
  const shareOfBound = Math.max(...shares);
  const long = Array.from({ length: LONG_COUNT }, (_, i) => randomTokens(LONG, SHORT.length + i));
  await compute(long);
  const times: number[] = [];
  for (let i = 0; i < TIMED; i++) {
    const began = performance.now();
    await compute(long);
    times.push(performance.now() - began);
  }
  return {
    shareOfBound,
    right: shareOfBound <= 1,
    tokensPerSecond: (1000 * LONG * LONG_COUNT) / median(times),
  };
}

/** Infinite where there is no number. */
function shareOf(got: number | null | undefined, want: number, bound: number): number {
  return typeof got === 'number' ? Math.abs(got - want) / bound : Number.POSITIVE_INFINITY;
}

function randomTokens(length: number, seed: number): number[] {
  const stream = new WordStream(seed, 0, 0);
  return Array.from({ length }, () => below(stream.next(), CONFIG.vocabulary));
}
