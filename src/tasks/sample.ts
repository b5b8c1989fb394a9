import type { Law, Pack } from '../shared/protocol.ts';
import { below, WordStream } from '../shared/random.ts';
import { LAWS } from './laws.ts';
import type { Knobs, Task } from './task.ts';

/** Which sequences are drawn, and from which random stream. */
export interface Drawing {
  task: Task;
  knobs: Knobs;
  law: Law;
  alphaThousandths: number;
  lengthMode: Pack['lengthMode'];
  /** The longest length in `uniform` mode, the length in `fixed` mode. */
  length: number;
  key: number;
  step: number;
}

/** Tokens of one sequence and its float64 target. */
export interface Example {
  tokens: Uint8Array;
  target: number[];
}

/**
 * Draws sequence number `sequence`: the TypeScript twin of shaders/sample.wgsl and shaders/target.wgsl. Tokens are equal bit
 * for bit. The first word of the stream is the length's, whether it is used or not.
 */
export function sampleSequence(drawing: Drawing, sequence: number): Example {
  const { task, knobs, law, alphaThousandths, lengthMode, length, key, step } = drawing;
  const { vocabulary, order } = task.shape(knobs);
  const stream = new WordStream(key, step, sequence);
  const drawn = below(stream.next(), length) + 1;
  const tokens = LAWS[law].draw(stream, lengthMode === 'uniform' ? drawn : length, {
    vocabulary,
    alphaThousandths,
    order,
  });
  return { tokens, target: task.target(tokens, knobs) };
}
