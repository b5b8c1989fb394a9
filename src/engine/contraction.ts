import { type Constants, f32, u32 } from './shader.ts';
import type { View } from './view.ts';

/** A tensor contraction inside every replica's block: what specialises shaders/contract.wgsl. */
export interface Contraction {
  label: string;
  constants: Constants;
  /** Threads a replica: one for four outputs. */
  threads: number;
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
    if (letters.length !== view.sizes.length)
      throw new Error(`${expression}: ${letters} has ${view.sizes.length} axes`);
    [...letters].forEach((letter, axis) => {
      const known = size.get(letter) ?? view.sizes[axis]!;
      if (known !== view.sizes[axis])
        throw new Error(`${expression}: ${letter} is ${known} and ${view.sizes[axis]}`);
      size.set(letter, known);
    });
  };
  inputLetters.forEach((letters, i) => {
    check(letters, inputs[i]!);
  });
  check(outLetters, out);
  const summed = [...size.keys()].filter(letter => !outLetters.includes(letter));
  if (inputLetters.length > 2 || outLetters.length > 3 || summed.length > 2)
    throw new Error(`${expression}: too many axes`);

  const strideOf = (i: number, letter: string | undefined): number => {
    const axis = letter === undefined ? -1 : (inputLetters[i] ?? '').indexOf(letter);
    return axis < 0 ? 0 : inputs[i]!.strides[axis]!;
  };
  // Leading axes of size 1 fill up to three, so that the last letter varies fastest between threads.
  const axes = [...Array(3 - outLetters.length).fill(undefined), ...outLetters] as (string | undefined)[];
  const sizes = axes.map(letter => (letter === undefined ? 1 : size.get(letter)!));
  const reduced = [...Array(2 - summed.length).fill(undefined), ...summed] as (string | undefined)[];
  const reducedSizes = reduced.map(letter => (letter === undefined ? 1 : size.get(letter)!));
  const outStrides = axes.map(letter =>
    letter === undefined ? 0 : out.strides[outLetters.indexOf(letter)]!,
  );

  const strides = (name: string, i: number): Constants => {
    const [s0, s1, s2] = axes.map(letter => strideOf(i, letter));
    const [su, sv] = reduced.map(letter => strideOf(i, letter));
    return {
      [`${name}_AT`]: u32(inputs[i]?.offset ?? 0),
      [`${name}0`]: u32(s0!),
      [`${name}1`]: u32(s1!),
      [`${name}2`]: u32(s2!),
      [`${name}U`]: u32(su!),
      [`${name}V`]: u32(sv!),
    };
  };
  const constants = {
    N0: u32(sizes[0]!),
    N1: u32(sizes[1]!),
    N2: u32(sizes[2]!),
    U: u32(reducedSizes[0]!),
    V: u32(reducedSizes[1]!),
    ...strides('A', 0),
    ...strides('B', 1),
    HAS_B: String(inputLetters.length === 2),
    OUT_AT: u32(out.offset),
    OUT0: u32(outStrides[0]!),
    OUT1: u32(outStrides[1]!),
    OUT2: u32(outStrides[2]!),
    SCALE: f32(scale),
    ACCUMULATE: String(accumulate),
  };
  return { label: expression, constants, threads: sizes[0]! * sizes[1]! * Math.ceil(sizes[2]! / 4) };
}
