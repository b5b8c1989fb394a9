import type { Dispatch } from '../dispatch.ts';
import type { Kernels } from '../kernels.ts';
import { allColumns, byReplica, segmentedOuter } from '../outer.ts';
import type { RowSet } from '../row-set.ts';
import type { View } from '../view.ts';
import type { Table } from './dense-tables.ts';

/** What is done to the rows before the map, and to the result. `add` and `slope` are rows of the output's width. */
export interface LinearOptions {
  /** Map ψ(input) instead of the input. */
  activate?: boolean;
  bias?: View;
  /** Output = these rows + product. */
  add?: GPUBuffer;
  /** Output = ψ'(these rows) · product. */
  slope?: GPUBuffer;
  /** Output += product. */
  accumulate?: boolean;
}

/** output = input · table for every row of a set, or input · tableᵀ on the way back (shaders/linear_rows.wgsl). */
export function linear(
  kernels: Kernels,
  rows: RowSet,
  { whole }: Table,
  input: GPUBuffer,
  output: GPUBuffer,
  { activate = false, bias, add, slope, accumulate = false }: LinearOptions = {},
  transposed = false,
): Promise<Dispatch> {
  const [inputs, outputs] = (transposed ? [...whole.sizes].reverse() : whole.sizes) as [number, number];
  const name = add ? 'linearAdd' : slope ? 'linearSlope' : accumulate ? 'linearAccumulate' : 'linearPlain';
  const other = add ?? slope;
  const { buffer: arena } = kernels.weights;
  const { space, starts } = rows;
  const places = kernels.memory.uniform('places', Uint32Array.of(whole.offset, bias?.offset ?? 0));
  return kernels.run(
    name,
    { space, starts, arena, input, output, places, ...(other ? { other } : {}) },
    { groups: Math.ceil(rows.rows / 256), z: outputs / 16 },
    {
      IN4: inputs / 4,
      OUT4: outputs / 4,
      TRANSPOSED: transposed,
      ACTIVATE: activate,
      HAS_BIAS: bias !== undefined,
    },
  );
}

/** The gradient of a table: Σ_rows input ⊗ gradient of the output, or ψ(input) where the map was of that. */
export function tableGradient(
  kernels: Kernels,
  rows: RowSet,
  { whole }: Table,
  input: GPUBuffer,
  gradOutput: GPUBuffer,
  activate = false,
): Promise<Dispatch[]> {
  const [inputs, outputs] = whole.sizes as [number, number];
  return segmentedOuter(
    kernels,
    allColumns(input, inputs),
    allColumns(gradOutput, outputs),
    kernels.weights.arena.gradientOf(whole),
    byReplica(rows),
    { activate },
  );
}

/** The gradient of a vector that is added to every row: the sum of the rows of its own gradient. */
export function vectorGradient(
  kernels: Kernels,
  rows: RowSet,
  vector: View,
  gradRows: GPUBuffer,
  width: number,
): Promise<Dispatch[]> {
  const ones = kernels.memory.upload('ones', new Float32Array(rows.replicas * rows.rows).fill(1));
  const row: View = { offset: vector.offset, sizes: [1, width], strides: [width, 1] };
  return segmentedOuter(
    kernels,
    allColumns(ones, 1),
    allColumns(gradRows, width),
    kernels.weights.arena.gradientOf(row),
    byReplica(rows),
  );
}
