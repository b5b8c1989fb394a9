import type { ModelConfig } from '../shared/model-config.ts';
import { below, STREAM, streamKey, uniform, WordStream } from '../shared/random.ts';
import { drawTokens, type TokenSource } from '../tasks/laws/registry.ts';
import { deterministicShort } from './deterministic.ts';
import { distance, type Evaluate } from './simulate.ts';

/** What a search maximises: a score for each string. */
export type Score = (strings: Uint8Array[]) => Promise<number[]>;

export interface SearchOptions {
  /** Length of the strings. */
  length: number;
  /** Climbers, each from a start of its own. */
  restarts: number;
  rounds: number;
  /** Changed strings that each climber tries in a round. */
  tries: number;
  seed: number;
}

/** The worst string that was found. */
export interface Worst {
  score: number;
  tokens: Uint8Array;
  /** Strings looked at. */
  evaluations: number;
}

/** Starts are drawn from laws between nearly constant and nearly uniform. */
const ALPHA_THOUSANDTHS = [20, 200, 1000, 20_000];

/**
 * Hill-climbing over strings: every climber tries changed copies of its string, and keeps the best one when it scores higher. Finds bad
 * strings that random ones never show; proves nothing when it finds none.
 */
export async function worstString(score: Score, config: ModelConfig, options: SearchOptions): Promise<Worst> {
  const { length, restarts, rounds, tries, seed } = options;
  const key = streamKey(seed, STREAM.adversary);
  let climbers = Array.from({ length: restarts }, (_, i) => start(config, key, i, length));
  let scores = await score(climbers);
  let evaluations = restarts;
  for (let round = 1; round <= rounds; round++) {
    const changed = climbers.map((tokens, i) =>
      Array.from({ length: tries }, (_, t) =>
        change(tokens, config, new WordStream(key, round * tries + t, i)),
      ),
    );
    const found = await score(changed.flat());
    evaluations += found.length;
    const before = scores;
    scores = before.map((own, i) => Math.max(own, ...found.slice(i * tries, (i + 1) * tries)));
    climbers = climbers.map((tokens, i) => {
      if (scores[i] === before[i]) return tokens;
      return changed[i]![found.slice(i * tries, (i + 1) * tries).indexOf(scores[i]!)]!;
    });
  }
  const top = scores.indexOf(Math.max(...scores));
  return { score: scores[top]!, tokens: climbers[top]!, evaluations };
}

/** Keeps scores finite where nothing but equality was certified. */
const LEAST = 1e-30;

/** The score that tries to break a certificate: ‖f(x) − f(z)‖ of the deterministic z of length ≤ n, over what was certified for |z|. */
export function simulationError(
  evaluate: Evaluate,
  config: ModelConfig,
  n: number,
  certified: (shortLength: number) => number,
): Score {
  return async strings => {
    const shorts = strings.map(tokens => deterministicShort(tokens, n, config));
    const outputs = await evaluate([...strings, ...shorts]);
    return shorts.map(
      (short, i) =>
        distance(outputs[i]!, outputs[strings.length + i]!) / Math.max(LEAST, certified(short.length)),
    );
  };
}

/** The score of Theorem 4.1: ‖f(x) − f*(x)‖. */
export function targetError(evaluate: Evaluate, target: (tokens: Uint8Array) => number[]): Score {
  return async strings => {
    const outputs = await evaluate(strings);
    return strings.map((tokens, i) => distance(outputs[i]!, target(tokens)));
  };
}

function start(config: ModelConfig, key: number, i: number, length: number): Uint8Array {
  const { vocabulary } = config;
  // The first climbers start from the constant strings.
  if (i < vocabulary) return new Uint8Array(length).fill(i);
  const alphaThousandths = ALPHA_THOUSANDTHS[i % ALPHA_THOUSANDTHS.length]!;
  const source: TokenSource = { law: 'dirichlet-iid', vocabulary, alphaThousandths, order: 0, key };
  return drawTokens(source, i, length);
}

/** One token, a run, a whole residue of a run, or the end of a string replaced. */
function change(tokens: Uint8Array, config: ModelConfig, stream: WordStream): Uint8Array {
  const { vocabulary, period, locality } = config;
  const changed = tokens.slice();
  const T = tokens.length;
  const kind = below(stream.next(), 4);
  const token = below(stream.next(), vocabulary);
  const at = below(stream.next(), T);
  if (kind === 0) {
    changed[at] = token;
  } else if (kind === 3) {
    const near = Math.max(0, T - 1 - below(stream.next(), locality + 2));
    changed[near] = token;
  } else {
    // Run lengths are spread evenly over scales.
    const run = Math.ceil(T ** uniform(stream));
    const step = kind === 1 ? 1 : period;
    for (let i = at; i < Math.min(T, at + run); i += step) changed[i] = token;
  }
  return changed;
}
