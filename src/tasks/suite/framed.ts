import type { WordStream } from '../../shared/random.ts';
import { type Knobs, oneHot, type Task } from '../task.ts';

/**
 * A task of an input and its answer, in the form of Huang et al., *A Formal Framework for Understanding Length Generalization in
 * Transformers*
 * (ICLR 2025; repository lacoco-lab/length_generalization, algorithmic/language_modeling_train.py):
 *
 *     <bos> x_1 … x_n <sep> a_1 … a_m      with targets a_1 … a_m <eos> at <sep>, a_1, …, a_m
 *
 * Symbols are 0…K−1, then <bos>, <sep>, <eos>; outputs are the same tokens. The published sequence ends in an <eos> at which nothing is
 * predicted: it is left out, and so is padding. Training and test lengths are those of the input.
 */
export interface Framed
  extends Pick<Task, 'kind' | 'summary' | 'knobs' | 'complexity' | 'examples' | 'refuse'> {
  /** K. */
  symbols(knobs: Knobs): number;
  /** Layers that can express it. */
  layers: number;
  /** Symbols of the input of a sequence of a length; as many unless given. In WGSL `fn input_length(length: u32) -> u32`. */
  inputLength?: { of(length: number): number; wgsl: string };
  shortest?: number;
  longest?(knobs: Knobs): number;
  /** A sequence of length n has at most each · n + more tokens. */
  tokens: { each: number; more: number };
  /** Draws an input of n symbols of 0…K−1. */
  draw(stream: WordStream, n: number, symbols: number): number[];
  /**
   * `fn draw_input(stream: ptr<function, WordStream>, row: u32, n: u32)`: calls `put_symbol(row, i, symbol)`, i = 1…n, and may begin
   * again.
   */
  drawWgsl: string;
  /** The whole answer to an input. */
  answer(input: readonly number[], symbols: number): number[];
  /**
   * The same: `fn find_answer(row: u32, n: u32) -> u32`, which reads the input by `symbol_at(row, i)` and gives m, then
   * `fn answer_at(row: u32, n: u32, j: u32) -> u32`, called for j = 0, 1, … in order. Both shaders, that of the law and that of the
   * targets, include it. Constants `S` = K + 3, `BOS`, `SEP`, `EOS`.
   */
  answerWgsl: string;
}

/** Tokens that frame an input. */
const FRAME = 3;

const COMMON = /* wgsl */ `
const BOS = S - 3u;
const SEP = S - 2u;
const EOS = S - 1u;

fn symbol_at(row: u32, i: u32) -> u32 { return token_at(row, i + 1u); }
`;

const WHOLE = /* wgsl */ `
fn input_length(length: u32) -> u32 { return length; }
`;

const DRAW = /* wgsl */ `
fn put_symbol(row: u32, i: u32, symbol: u32) {
  if (i == 1u) { put_token(row, 1u, BOS); }
  put_token(row, i + 1u, symbol);
}

fn draw_tokens(stream: ptr<function, WordStream>, row: u32, length: u32, replica: Replica) -> u32 {
  let n = input_length(length);
  draw_input(stream, row, n);
  put_token(row, n + 2u, SEP);
  let m = find_answer(row, n);
  for (var j = 0u; j < m; j++) { put_token(row, n + 3u + j, answer_at(row, n, j)); }
  return n + 2u + m;
}
`;

const TARGETS = /* wgsl */ `
fn task_targets(sequence: u32, length: u32, knobs: vec4<f32>) {
  var separator = 2u;
  while (separator <= length && token_at(sequence, separator) != SEP) { separator += 1u; }
  if (separator > length) { return; }
  let n = separator - 2u;
  let m = find_answer(sequence, n);
  for (var i = separator; i <= min(length, separator + m); i++) {
    var due = EOS;
    if (i < separator + m) { due = answer_at(sequence, n, i - separator); }
    if (wanted(i)) { set_class(due); }
  }
}
`;

/** The task of a frame: targets are the answer that is due, whatever the prefix says of its own (greedy decoding sees only right ones). */
export function framed(frame: Framed): Task {
  const {
    kind,
    summary,
    knobs,
    complexity,
    examples,
    refuse,
    symbols,
    layers,
    draw,
    answer,
    drawWgsl,
    answerWgsl,
  } = frame;
  const { inputLength, shortest, longest, tokens } = frame;
  const vocabularyOf = (own: Knobs) => symbols(own) + FRAME;
  return {
    ...{ kind, summary, knobs, complexity, examples },
    ...(refuse ? { refuse } : {}),
    positions: 'every',
    classes: true,
    shape: own => ({
      vocabulary: vocabularyOf(own),
      outputs: vocabularyOf(own),
      ...{ period: 1, locality: 0, layers, order: 0 },
    }),
    law: {
      tokens,
      ...(shortest === undefined ? {} : { shortest }),
      ...(longest ? { longest } : {}),
      scratchWords: () => 0,
      draw(stream, length, { vocabulary }) {
        const K = vocabulary - FRAME;
        const input = draw(stream, inputLength?.of(length) ?? length, K);
        return Uint8Array.from([K, ...input, K + 1, ...answer(input, K)]);
      },
      wgsl: [COMMON, inputLength?.wgsl ?? WHOLE, drawWgsl, answerWgsl, DRAW].join(''),
    },
    targets(all, own, reads) {
      const K = symbols(own);
      const separator = Array.prototype.indexOf.call(all, K + 1, 1) + 1;
      if (separator === 0) return reads.map(() => null);
      const due = [...answer(Array.prototype.slice.call(all, 1, separator - 1), K), K + 2];
      return reads.map(i => {
        const next = i < separator ? undefined : due[i - separator];
        return next === undefined ? null : oneHot(next, K + FRAME);
      });
    },
    wgslKnobs: () => [0, 0, 0, 0],
    wgsl: [COMMON, answerWgsl, TARGETS].join(''),
  };
}

/** Examples of a frame, from its input and the answer written out so far; `next` is what is due, `end` where that is <eos>. */
export function framedExample(
  knobs: Knobs,
  symbols: number,
  input: readonly number[],
  given: readonly number[],
  next: number | 'end',
): Task['examples'][number] {
  return {
    knobs,
    tokens: [symbols, ...input, symbols + 1, ...given],
    target: oneHot(next === 'end' ? symbols + 2 : next, symbols + FRAME),
  };
}
