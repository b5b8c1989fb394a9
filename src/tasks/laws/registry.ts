import { z } from 'zod';
import { InputError } from '../../shared/errors.ts';
import { STREAM, streamKey, WordStream } from '../../shared/random.ts';
import type { TokenChain } from './chain.ts';
import { dirichletIid } from './dirichlet-iid.ts';
import { dirichletMarkov } from './dirichlet-markov.ts';
import { type ErgodicLaw, type Law, type LawParameters, ONE } from './law.ts';
import { uniformIid } from './uniform-iid.ts';

/** Every token law by its name in the YAML. A new law is one file and one line here. */
export const LAWS = {
  'dirichlet-iid': dirichletIid,
  'dirichlet-markov': dirichletMarkov,
  'uniform-iid': uniformIid,
} satisfies Record<string, ErgodicLaw>;

export type LawName = keyof typeof LAWS;

/** The name of a law. */
export const lawSchema = z.enum(Object.keys(LAWS) as [LawName, ...LawName[]]);

/** What the law that a task brings with it is called. */
export const OWN_LAW = 'task';

/** The law of a name, `own` being that of the task. @throws InputError when there is none. */
export function lawOf(name: string, own?: Law): Law {
  if (name === OWN_LAW && own) return own;
  const parsed = lawSchema.safeParse(name);
  if (parsed.success) return LAWS[parsed.data];
  throw new InputError(`unknown law "${name}"`, `Choose one of: ${lawSchema.options.join(', ')}.`);
}

/** Longest sequence for which the urn's integers stay below 2^32. */
export function longestSequence(vocabulary: number, alphaThousandths: number): number {
  return Math.floor((0xffffffff - vocabulary * alphaThousandths) / ONE);
}

/** A law with its parameters, and the stream that sequences are numbered in. */
export interface TokenSource extends LawParameters {
  law: LawName;
  key: number;
}

/** Sequence number `sequence` of a source, `length` tokens. A longer one begins with the same tokens. */
export function drawTokens(
  { law, key, ...parameters }: TokenSource,
  sequence: number,
  length: number,
): Uint8Array {
  return LAWS[law].draw(new WordStream(key, 0, sequence), length, parameters);
}

/** Ergodic law number `number` of a source: what its sequences are a mixture of. The numbering is not that of `drawTokens`. */
export function drawChain({ law, key, ...parameters }: TokenSource, number: number): TokenChain {
  return LAWS[law].prior(new WordStream(streamKey(key, STREAM.chain), 0, number), parameters);
}
