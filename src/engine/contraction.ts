import type { View } from './arena.ts';

/** A tensor contraction inside every replica's block, ready for shaders/contract.wgsl. */
export interface Contraction {
  /** The uniform's 112 bytes. */
  uniform: ArrayBuffer;
  /** Output elements a replica: one thread each. */
  elements: number;
}

export interface ContractionOptions {
  scale?: number;
  /** Add to the output instead of replacing it. */
  accumulate?: boolean;
}

/**
 * Writes an einsum as strides: `contraction('hqk,hck->hqc', queries, keys, logits)`. One or two inputs, up to three
 * output axes and two summed axes; every letter must have one size throughout.
 * @throws Error when the expression does not fit the views.
 */
export function contraction(
  expression: string,
  inputs: View[],
  out: View,
  { scale = 1, accumulate = false }: ContractionOptions = {},
): Contraction {
  const [left, outLetters] = expression.split('->') as [string, string];
  const inputLetters = left.split(',');
  const size = new Map<string, number>();
  const check = (letters: string, view: View) => {
    if (letters.length !== view.sizes.length) throw new Error(`${expression}: ${letters} has ${view.sizes.length} axes`);
    [...letters].forEach((letter, axis) => {
      const known = size.get(letter) ?? view.sizes[axis]!;
      if (known !== view.sizes[axis]) throw new Error(`${expression}: ${letter} is ${known} and ${view.sizes[axis]}`);
      size.set(letter, known);
    });
  };
  inputLetters.forEach((letters, i) => {
    check(letters, inputs[i]!);
  });
  check(outLetters, out);
  const summed = [...size.keys()].filter(letter => !outLetters.includes(letter));
  if (inputLetters.length > 2 || outLetters.length > 3 || summed.length > 2) throw new Error(`${expression}: too many axes`);

  const strideOf = (i: number, letter: string | undefined): number => {
    const axis = letter === undefined ? -1 : (inputLetters[i] ?? '').indexOf(letter);
    return axis < 0 ? 0 : inputs[i]!.strides[axis]!;
  };
  // Leading axes of size 1 fill up to three, so that the last letter varies fastest between threads.
  const axes = [...Array(3 - outLetters.length).fill(undefined), ...outLetters] as (string | undefined)[];
  const sizes = axes.map(letter => (letter === undefined ? 1 : size.get(letter)!));
  const reduced = [...Array(2 - summed.length).fill(undefined), ...summed] as (string | undefined)[];
  const reducedSizes = reduced.map(letter => (letter === undefined ? 1 : size.get(letter)!));
  const outStrides = axes.map(letter => (letter === undefined ? 0 : out.strides[outLetters.indexOf(letter)]!));

  const uniform = new ArrayBuffer(112);
  new Uint32Array(uniform).set([
    ...sizes,
    inputLetters.length - 1,
    ...reducedSizes,
    accumulate ? 1 : 0,
    0,
    ...axes.map(letter => strideOf(0, letter)),
    inputs[0]!.offset,
    ...axes.map(letter => strideOf(1, letter)),
    inputs[1]?.offset ?? 0,
    ...outStrides,
    out.offset,
    ...reduced.map(letter => strideOf(0, letter)),
    ...reduced.map(letter => strideOf(1, letter)),
  ]);
  new Float32Array(uniform)[24] = scale;
  return { uniform, elements: sizes.reduce((a, b) => a * b, 1) };
}
