import type { ModelConfig } from '../shared/model-config.ts';
import { below, type WordStream } from '../shared/random.ts';

/**
 * Neighbours of a short string: one or two tokens before the τ-suffix replaced, or two of the same residue exchanged. Length, residues and
 * suffix stay. At least one position must lie before the suffix.
 */
export function neighbour(
  short: Uint8Array,
  { vocabulary, period, locality }: Pick<ModelConfig, 'vocabulary' | 'period' | 'locality'>,
  stream: WordStream,
): Uint8Array {
  const free = short.length - locality - 1;
  const changed = short.slice();
  const moves = below(stream.next(), 3);
  const at = below(stream.next(), free);
  if (moves === 2) {
    const partners = Math.ceil((free - (at % period)) / period);
    const other = (at % period) + period * below(stream.next(), partners);
    [changed[at], changed[other]] = [changed[other]!, changed[at]!];
    return changed;
  }
  changed[at] = below(stream.next(), vocabulary);
  if (moves === 1) changed[below(stream.next(), free)] = below(stream.next(), vocabulary);
  return changed;
}
