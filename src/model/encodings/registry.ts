import { z } from 'zod';
import type { Attention } from '../../shared/model-config.ts';
import { absolute } from './absolute.ts';
import { alibi } from './alibi.ts';
import type { Encoding } from './encoding.ts';
import { none } from './none.ts';
import { periodic } from './periodic.ts';
import { rope } from './rope.ts';

/** Every encoding of softmax attention by its name in model and experiment files. A new one is one file and its name here. */
const ENCODINGS = { none, absolute, rope, alibi };

type EncodingName = keyof typeof ENCODINGS;

/** The name of an encoding; files are held to it. */
export const encodingSchema = z.enum(Object.keys(ENCODINGS) as [EncodingName, ...EncodingName[]]);

/** The encoding of a model: a limit rule's is periodic, softmax names its own. Names are checked where files are read. */
export function encodingOf(attention: Attention): Encoding {
  return 'encoding' in attention ? ENCODINGS[encodingSchema.parse(attention.encoding)] : periodic;
}
