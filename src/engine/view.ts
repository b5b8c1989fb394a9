/** A tensor inside every replica's block of the arena: floats from the block's start, with strides in floats. */
export interface View {
  offset: number;
  sizes: number[];
  strides: number[];
}

/** Row-major view of `sizes` at `offset`. */
export function contiguous(offset: number, sizes: number[]): View {
  const strides = sizes.map((_, axis) => sizes.slice(axis + 1).reduce((a, b) => a * b, 1));
  return { offset, sizes, strides };
}

/** The same memory with its first axis split into `first` × `second`. */
export function splitFirst(view: View, first: number, second: number): View {
  return {
    offset: view.offset,
    sizes: [first, second, ...view.sizes.slice(1)],
    strides: [second * view.strides[0]!, ...view.strides],
  };
}

/** Columns `first … first + count − 1` of the last axis. */
export function columnsOf(view: View, first: number, count: number): View {
  return { offset: view.offset + first, sizes: [...view.sizes.slice(0, -1), count], strides: view.strides };
}
