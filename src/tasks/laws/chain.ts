import type { Vector } from '../../shared/linear.ts';
import { uniform, type WordStream } from '../../shared/random.ts';

/**
 * An ergodic token law: a stationary Markov chain of some order with positive rows, or, at order 0, independent tokens whose law may depend
 * on the position's residue. Grams are numbered in base S, the oldest token first.
 */
export interface TokenChain {
  vocabulary: number;
  /** Tokens that the next one depends on. */
  order: number;
  /** Law of the next token: one row a context [S^order][S]; at order 0 one a residue of positions mod `rows.length`. */
  rows: readonly Vector[];
}

/** Most contexts of a chain whose stationary law is computed. */
const MOST_CONTEXTS = 1024;

/** The row that the token at a position of residue `residue` is drawn from, after `context`. */
function rowAt({ order, rows }: TokenChain, context: number, residue: number): Vector {
  return order > 0 ? rows[context]! : rows[((residue % rows.length) + rows.length) % rows.length]!;
}

/**
 * The stationary law of contexts [S^order], by the elimination of Grassmann, Taksar and Heyman (Operations Research 33(5), 1985), which
 * never subtracts. @throws RangeError beyond 1,024 contexts.
 */
function stationaryContexts({ vocabulary, order, rows }: TokenChain): Vector {
  const n = vocabulary ** order;
  if (n > MOST_CONTEXTS) throw new RangeError(`${n} contexts: at most ${MOST_CONTEXTS}`);
  const moves = Array.from({ length: n }, (_, context) => {
    const row = new Float64Array(n);
    rows[context]!.forEach((p, token) => {
      row[(context * vocabulary + token) % n]! += p;
    });
    return row;
  });
  for (let s = n - 1; s > 0; s--) {
    const leaving = moves[s]!.subarray(0, s).reduce((a, b) => a + b, 0);
    for (let i = 0; i < s; i++) {
      moves[i]![s]! /= leaving;
      const through = moves[i]![s]!;
      if (through === 0) continue;
      for (let j = 0; j < s; j++) moves[i]![j]! += through * moves[s]![j]!;
    }
  }
  const law = new Float64Array(n);
  law[0] = 1;
  for (let s = 1; s < n; s++) for (let i = 0; i < s; i++) law[s]! += law[i]! * moves[i]![s]!;
  const total = law.reduce((a, b) => a + b, 0);
  return law.map(p => p / total);
}

const stationary = new WeakMap<TokenChain, Vector>();

function contextsOf(chain: TokenChain): Vector {
  const known = stationary.get(chain) ?? stationaryContexts(chain);
  stationary.set(chain, known);
  return known;
}

/** The law of n tokens in a row that end at a position of residue `residue` [S^n]. Sums to 1. */
export function gramFrequencies(chain: TokenChain, n: number, residue = 0): Vector {
  const { vocabulary: S, order } = chain;
  let law = contextsOf(chain);
  let length = order;
  for (; length > n; length--) {
    // Without the oldest token.
    const shorter = new Float64Array(law.length / S);
    law.forEach((p, gram) => {
      shorter[gram % shorter.length]! += p;
    });
    law = shorter;
  }
  for (; length < n; length++) {
    const longer = new Float64Array(law.length * S);
    law.forEach((p, gram) => {
      const row = rowAt(chain, gram % S ** order, residue - (n - 1 - length));
      row.forEach((q, token) => {
        longer[gram * S + token] = p * q;
      });
    });
    law = longer;
  }
  return law;
}

/** A string of the chain: its first tokens from the stationary law. Position i, from 1, has residue i. */
export function drawFromChain(chain: TokenChain, stream: WordStream, length: number): Uint8Array {
  const { vocabulary: S, order } = chain;
  const tokens = new Uint8Array(length);
  const contexts = S ** order;
  let context = pick(contextsOf(chain), uniform(stream));
  for (let i = 0; i < length; i++) {
    if (i < order) {
      tokens[i] = Math.floor(context / S ** (order - 1 - i)) % S;
      continue;
    }
    const token = pick(rowAt(chain, context, i + 1), uniform(stream));
    tokens[i] = token;
    context = (context * S + token) % contexts;
  }
  return tokens;
}

/** The index at which the running sum of a law passes u. */
export function pick(law: Vector, u: number): number {
  let rest = u;
  for (let i = 0; i < law.length - 1; i++) {
    rest -= law[i]!;
    if (rest < 0) return i;
  }
  return law.length - 1;
}

/** The tokens of a gram of n tokens, the oldest first. */
export function tokensOfGram(gram: number, n: number, vocabulary: number): number[] {
  return Array.from({ length: n }, (_, i) => Math.floor(gram / vocabulary ** (n - 1 - i)) % vocabulary);
}

/** The number of the gram of `n` tokens that ends `back` tokens before the end of a string. */
export function gramAt(tokens: ArrayLike<number>, n: number, vocabulary: number, back = 0): number {
  let gram = 0;
  for (let i = tokens.length - back - n; i < tokens.length - back; i++) gram = gram * vocabulary + tokens[i]!;
  return gram;
}
