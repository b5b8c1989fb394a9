import type { Pack, Positions } from '../shared/protocol.ts';
import { ASIDE, below, WordStream } from '../shared/random.ts';
import { lawOf } from './laws/registry.ts';
import type { Knobs, Task } from './task.ts';

/** Which sequences are drawn, and from which random stream. */
export interface Drawing {
  task: Task;
  knobs: Knobs;
  law: string;
  alphaThousandths: number;
  lengthMode: Pack['lengthMode'];
  /** The longest length in `uniform` mode, the length in `fixed` mode. */
  length: number;
  positions: Positions;
  /** Rows of an absolute encoding's table in which a sequence starts at random; null: at the first. */
  offsets: number | null;
  key: number;
  step: number;
}

/**
 * One sequence: its tokens, the positions that carry a target, from 1 and rising, the float64 target of each, and where it starts in the
 * table.
 */
export interface Example {
  tokens: Uint8Array;
  reads: number[];
  targets: number[][];
  offset: number;
}

/**
 * Draws sequence number `sequence`: the TypeScript twin of shaders/sample.wgsl, draw_reads.wgsl and target.wgsl. Integers are equal
 * bit for bit. The first word of the stream is the length's, whether it is used or not.
 */
export function sampleSequence(drawing: Drawing, sequence: number): Example {
  const { task, knobs, law, alphaThousandths, lengthMode, length, positions, offsets, key, step } = drawing;
  const { vocabulary, order } = task.shape(knobs);
  const stream = new WordStream(key, step, sequence);
  const drawnBy = lawOf(law, task.law);
  const { shortest = 1 } = drawnBy;
  const drawn = below(stream.next(), length - shortest + 1) + shortest;
  const tokens = drawnBy.draw(stream, lengthMode === 'uniform' ? drawn : length, {
    vocabulary,
    alphaThousandths,
    order,
    knobs,
  });
  const aside = (what: number) => new WordStream((key ^ what) >>> 0, step, sequence);
  const reads = drawReads(aside(ASIDE.reads), tokens.length, positions);
  const targets = task.targets(tokens, knobs, reads);
  return {
    tokens,
    reads: reads.filter((_, r) => targets[r]),
    targets: targets.filter(target => target !== null),
    offset: offsets === null ? 0 : below(aside(ASIDE.offset).next(), offsets - tokens.length + 1),
  };
}

/**
 * The positions of a sequence of `length` tokens that are read. So many of them: uniformly without repetition, rising, by selection
 * sampling (Knuth, The Art of Computer Programming 3.4.2, algorithm S), one word a position.
 */
function drawReads(stream: WordStream, length: number, positions: Positions): number[] {
  if (positions === 'last') return [length];
  const all = Array.from({ length }, (_, i) => i + 1);
  if (positions === 'every') return all;
  let needed = Math.min(positions, length);
  return all.filter(i => {
    const taken = below(stream.next(), length - i + 1) < needed;
    if (taken) needed--;
    return taken;
  });
}
