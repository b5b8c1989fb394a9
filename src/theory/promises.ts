import { classTables } from '../model/first-layer.ts';
import type { AnyModel } from '../shared/model-config.ts';
import { STREAM, streamKey } from '../shared/random.ts';
import { gramFrequencies } from '../tasks/laws/chain.ts';
import { drawChain, type TokenSource } from '../tasks/laws/registry.ts';
import { sum } from './complexity.ts';
import { isOneLayer } from './defined.ts';
import { type Lifted, lift, whyNotLifted } from './lifted.ts';
import {
  empiricalBernstein,
  type StatisticalOptions,
  statisticalCertificate,
  whyNoStatistical,
} from './statistical.ts';
import { averagedOrder, type TwoLayerCertificates, twoLayerCertificates } from './two-layers.ts';

/** A length N for ε by one of the certificates for two layers, with what it promises of ‖f(x) − f(z)‖ ≤ ε, |z| ≤ N. */
export interface TwoLayerBound {
  name: 'A' | 'B' | 'B-law' | 'B-drawn' | 'C';
  promise: string;
  epsilon: number;
  /** Null: there is none, and `note` says why. */
  log10N: number | null;
  note: string;
}

export interface PromiseOptions {
  epsilons: readonly number[];
  /** Of certificate C; null: it is not drawn. */
  drawn: StatisticalOptions | null;
}

export const PROMISES = {
  A: 'for every string x',
  B: 'on average over the last tokens of x, T → ∞, under every stationary ergodic law with positive rows',
} as const;

/** Certificates A, B and C of a model at every ε; none for one layer, which has a certificate of its own (certificate.ts). */
export function twoLayerBounds(
  model: AnyModel,
  source: TokenSource,
  options: PromiseOptions,
): TwoLayerBound[] {
  if (isOneLayer(model.config)) return [];
  return [...liftedBounds(model, source, options), ...drawnBounds(model, source, options)];
}

/** The law of a source, in words. */
const lawOf = ({ law, alphaThousandths }: TokenSource) =>
  `on average over the law (${law === 'uniform-iid' ? law : `${law}, α = ${alphaThousandths / 1000}`})`;

function liftedBounds(
  model: AnyModel,
  source: TokenSource,
  { epsilons, drawn }: PromiseOptions,
): TwoLayerBound[] {
  const order = averagedOrder(source);
  const promises = {
    A: PROMISES.A,
    B: PROMISES.B,
    ...(order === undefined ? {} : { 'B-law': `${lawOf(source)} and the last tokens, T → ∞` }),
  };
  type Name = keyof typeof promises & ('A' | 'B' | 'B-law');
  const rows = (log10N: (name: Name, epsilon: number) => number | null, note: string) =>
    (Object.entries(promises) as [Name, string][]).flatMap(([name, promise]) =>
      epsilons.map(epsilon => ({ name, promise, epsilon, log10N: log10N(name, epsilon), note })),
    );
  const tables = classTables(model);
  const why = whyNotLifted(model, tables);
  if (why !== undefined) return rows(() => null, `none: ${why}`);
  const lifted = lift(model, tables);
  const { everyString, average, averageOfLaw, errorUnder } = twoLayerCertificates(lifted, order);
  const certificates = { A: everyString, B: average, 'B-law': averageOfLaw };
  const slack = lifted.slack(1000);
  const note = `grams of ${lifted.gram} tokens; ${slack < 1e-12 ? 'layer 1 is exact' : `layer 1 is not exact, and its slack is counted: ${slack.toPrecision(2)} in a state at position 1,000`}`;
  const analytic = rows((name, epsilon) => certificates[name].log10Length(epsilon), note);
  if (!drawn) return analytic;
  const length = lengthOverLaws(lifted, errorUnder, source, drawn);
  const promise = `with probability ${1 - drawn.delta} over the ${LAWS * drawn.strings} laws drawn, ${lawOf(source)} and the last tokens, T → ∞`;
  return [
    ...analytic,
    ...epsilons.map((epsilon): TwoLayerBound => {
      const N = length(epsilon);
      return { name: 'B-drawn', promise, epsilon, log10N: N === null ? null : Math.log10(N), note };
    }),
  ];
}

/** Lengths that B over drawn laws tries: powers of 2 from 2^5, this many. No f is evaluated, so there are more laws than strings of C. */
const DOUBLINGS = 14;
const LAWS = 8;

/** The least length tried at which B's bound, in the mean over the prior's laws, is at most ε with confidence 1 − δ; null: none. */
function lengthOverLaws(
  lifted: Lifted,
  errorUnder: TwoLayerCertificates['errorUnder'],
  source: TokenSource,
  { strings, delta, seed }: StatisticalOptions,
): (epsilon: number) => number | null {
  const own = { ...source, key: streamKey(seed, STREAM.chain) };
  const laws = Array.from({ length: LAWS * strings }, (_, number) =>
    gramFrequencies(drawChain(own, number), lifted.gram),
  );
  const lengths = Array.from({ length: DOUBLINGS }, (_, i) => 2 ** (i + 5));
  const range = Math.max(...lifted.slopes) * sum(lifted.heads.map(({ spread }) => spread));
  const bounds = lengths.map(length => {
    // Never above `range` but for the query's own slack, which is the same under every law.
    const errors = laws.map(frequencies => errorUnder(frequencies, length));
    return errors[0] === Infinity ? Infinity : empiricalBernstein(errors, range, delta / lengths.length);
  });
  return epsilon => lengths[bounds.findIndex(bound => bound <= epsilon)] ?? null;
}

function drawnBounds(
  model: AnyModel,
  source: TokenSource,
  { epsilons, drawn }: PromiseOptions,
): TwoLayerBound[] {
  const rows = (promise: string, length: (epsilon: number) => number | null, note: string) =>
    epsilons.map((epsilon): TwoLayerBound => {
      const N = length(epsilon);
      return { name: 'C', promise, epsilon, log10N: N === null ? null : Math.log10(N), note };
    });
  const law = lawOf(source);
  const why = whyNoStatistical(model, source);
  if (why !== undefined) return rows(law, () => null, `none: ${why}`);
  if (drawn === null) return rows(law, () => null, 'none: no strings were drawn');
  const { points, range, longLength, length } = statisticalCertificate(model, source, drawn);
  const tried = points.map(point => `${point.length}: ${point.bound.toPrecision(2)}`).join(', ');
  return rows(
    `with probability ${1 - drawn.delta} over the ${drawn.strings} strings drawn, ${law}, T ${longLength === null ? '→ ∞' : `= ${longLength}`}`,
    length,
    `errors up to R = ${range.toPrecision(3)}; bound on the mean error by M: ${tried}`,
  );
}
