import { type Attention, isSoftmax } from '../../shared/model-config.ts';
import { absolute } from './absolute.ts';
import { alibi } from './alibi.ts';
import type { Encoding } from './encoding.ts';
import { none } from './none.ts';
import { periodic } from './periodic.ts';
import { rope } from './rope.ts';

const ENCODINGS = { none, absolute, rope, alibi };

/** The encoding of a model: a limit rule's is periodic, softmax names its own. */
export function encodingOf(attention: Attention): Encoding {
  return isSoftmax(attention) ? ENCODINGS[attention.encoding] : periodic;
}
