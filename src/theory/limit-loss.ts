import { classTables } from '../model/first-layer.ts';
import type { AnyModel } from '../shared/model-config.ts';
import { STREAM, streamKey, WordStream } from '../shared/random.ts';
import { drawFromChain, gramFrequencies, type TokenChain, tokensOfGram } from '../tasks/laws/chain.ts';
import { drawChain, type TokenSource } from '../tasks/laws/registry.ts';
import { limitFunction } from './limit.ts';

/** f* at T = ∞ for one token law, from the last tokens. */
export type LimitTarget = (chain: TokenChain) => (last: ArrayLike<number>) => ArrayLike<number>;

/** L(∞): the loss that the test loss tends to. Mean over token laws of the prior, with the standard error of that mean. */
export interface LimitLoss {
  loss: number;
  stderr: number;
  laws: number;
}

/** Up to this many ends of a string (last tokens × residues) are summed over; where there are more, `DRAWN` of each law are drawn. */
const MOST_ENDS = 4096;
const DRAWN = 256;

/** The last tokens of a string at T = ∞, with their probability. */
export interface End {
  last: ArrayLike<number>;
  residue: number;
  probability: number;
}

/** All ends of `length` tokens under a law, over all residues; a sample of them, keyed by `number`, where there are too many. */
export function endsOf(chain: TokenChain, length: number, period: number, number: number): End[] {
  const { vocabulary } = chain;
  const residues = Array.from({ length: period }, (_, r) => r);
  if (vocabulary ** length * period <= MOST_ENDS)
    return residues.flatMap(residue =>
      Array.from(gramFrequencies(chain, length, residue), (p, gram) => ({
        last: tokensOfGram(gram, length, vocabulary),
        residue,
        probability: p / period,
      })).filter(({ probability }) => probability > 0),
    );
  const key = streamKey(number, STREAM.chain);
  return Array.from({ length: DRAWN }, (_, i) => {
    // A string of `length` tokens that starts at position 1 ends at residue `length`: pad it to end where it should.
    const residue = i % period;
    const padding = (((residue - length) % period) + period) % period;
    const tokens = drawFromChain(chain, new WordStream(key, 1, i), length + padding);
    return { last: tokens.subarray(padding), residue, probability: 1 / DRAWN };
  });
}

/**
 * L(∞) = E ‖f(x) − f*(x)‖² at T = ∞ (docs/theory.md §12), over `laws` token laws of the source's prior and every end of a string. `order`:
 * last tokens that f* needs.
 */
export function lossAtInfinity(
  model: AnyModel,
  source: TokenSource,
  target: LimitTarget,
  { laws, order }: { laws: number; order: number },
): LimitLoss {
  const tables = classTables(model);
  const losses = Array.from({ length: laws }, (_, number) => {
    const chain = drawChain(source, number);
    const f = limitFunction(model, chain, tables);
    const wanted = target(chain);
    let loss = 0;
    for (const { last, residue, probability } of endsOf(
      chain,
      Math.max(f.reach, order),
      model.config.period,
      number,
    )) {
      const star = wanted(last);
      loss += probability * f.output(last, residue).reduce((sum, y, o) => sum + (y - star[o]!) ** 2, 0);
    }
    return loss;
  });
  const mean = losses.reduce((a, b) => a + b, 0) / laws;
  const squares = losses.reduce((sum, loss) => sum + (loss - mean) ** 2, 0);
  return { loss: mean, stderr: laws > 1 ? Math.sqrt(squares / (laws - 1) / laws) : 0, laws };
}
