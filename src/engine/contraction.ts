import { type Constants, f32, u32 } from './shader.ts';
import type { View } from './view.ts';

/** A tensor contraction inside every replica's block: what specialises shaders/contract.wgsl. */
export interface Contraction {
  label: string;
  constants: Constants;
  /** Where a, b and the output begin in a replica's block. */
  places: [a: number, b: number, out: number];
  /** Threads a replica: one a tile of up to 8 × 4 outputs. */
  threads: number;
  /** What it computes, for its adjoint (layers/adjoint.ts). */
  einsum: { expression: string; inputs: View[]; out: View; scale: number };
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

  const stridesOf = (letters: string, view: View, letter: string) => {
    const axis = letters.indexOf(letter);
    return axis < 0 ? 0 : view.strides[axis]!;
  };
  const axisOf = (letter: string): Axis => ({
    size: size.get(letter)!,
    a: stridesOf(inputLetters[0]!, inputs[0]!, letter),
    b: inputs[1] ? stridesOf(inputLetters[1]!, inputs[1], letter) : 0,
    out: stridesOf(outLetters, out, letter),
  });
  const [n0, n1, n2] = tileOrder(merge([...outLetters].map(axisOf)));
  const [u, v] = pad(merge(summed.map(axisOf)), 2);
  // What the shader calls a is the side that depends on i1 alone, where there is one.
  const two = inputs.length === 2;
  const swapped = two && n1!.a === 0 && n2!.b === 0;
  const product = swapped || (two && n1!.b === 0 && n2!.a === 0);
  const tiles1 = Math.ceil(n1!.size / (product ? MOST_ROWS : 4));
  const rows = Math.ceil(n1!.size / tiles1);
  const strides = (prefix: 'A' | 'B'): Constants => {
    const name = (prefix === 'A') === swapped ? 'b' : 'a';
    return {
      [`${prefix}0`]: u32(n0![name]),
      [`${prefix}1`]: u32(n1![name]),
      [`${prefix}2`]: u32(n2![name]),
      [`${prefix}U`]: u32(u![name]),
      [`${prefix}V`]: u32(v![name]),
    };
  };
  const constants = {
    N0: u32(n0!.size),
    N1: u32(n1!.size),
    N2: u32(n2!.size),
    ROWS: u32(rows),
    U: u32(u!.size),
    V: u32(v!.size),
    ...strides('A'),
    ...strides('B'),
    HAS_B: String(two),
    PRODUCT: String(product),
    OUT0: u32(n0!.out),
    OUT1: u32(n1!.out),
    OUT2: u32(n2!.out),
    SCALE: f32(scale),
    ACCUMULATE: String(accumulate),
  };
  const threads = n0!.size * tiles1 * 4 * Math.ceil(n2!.size / 16);
  const offsets = inputs.map(({ offset }) => offset);
  const [a, b] = (swapped ? [...offsets].reverse() : offsets) as [number, number?];
  const places: Contraction['places'] = [a, b ?? 0, out.offset];
  return { label: expression, constants, places, threads, einsum: { expression, inputs, out, scale } };
}

/** Values of i1 that one thread takes at most (shaders/contract.wgsl). */
const MOST_ROWS = 8;
/** Values of i2 that four lanes take. */
const LANES = 16;

/** An axis of a contraction: its length and what one step along it means to each tensor. */
interface Axis {
  size: number;
  a: number;
  b: number;
  out: number;
}

/** Joins neighbouring axes that every tensor walks through as if they were one. */
function merge(axes: Axis[]): Axis[] {
  const merged: Axis[] = [];
  for (const axis of axes) {
    const last = merged.at(-1);
    const joins = last && (['a', 'b', 'out'] as const).every(name => last[name] === axis.size * axis[name]);
    if (joins) merged[merged.length - 1] = { ...axis, size: last.size * axis.size };
    else merged.push(axis);
  }
  return merged;
}

/** Fills up with axes of length 1 in front. */
function pad(axes: Axis[], count: number): Axis[] {
  const one: Axis = { size: 1, a: 0, b: 0, out: 0 };
  return [...Array<Axis>(count - axes.length).fill(one), ...axes];
}

/** Output axes in the order of the shader: tiles cover the last axis and the longest of the others, four lanes the longer of both. */
function tileOrder(axes: Axis[]): Axis[] {
  const [first, second, last] = pad(axes, 3) as [Axis, Axis, Axis];
  const [outer, inner] = first.size > second.size ? [second, first] : [first, second];
  return last.size < LANES && inner.size > last.size ? [outer, last, inner] : [outer, inner, last];
}
