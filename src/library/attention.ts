/// <reference types="@webgpu/types" />
import { attentionBackward, attentionForward } from '../engine/attention/attention.ts';
import { uploadRowSet } from '../engine/attention/given-rows.ts';
import type { AttentionForward, AttentionInputs, RowTensor } from '../engine/attention/inputs.ts';
import { rotate } from '../engine/attention/rotate.ts';
import { type Device, givenDevice } from '../engine/device.ts';
import { type Dispatch, record } from '../engine/dispatch.ts';
import { type Allocate, Memory } from '../engine/memory.ts';
import type { RowSet } from '../engine/row-set.ts';
import { encodingOf } from '../model/encodings/registry.ts';
import { ruleOf } from '../model/rules/registry.ts';
import { DENSE_VARIANTS, type DenseVariant, defaultVariant, supports } from '../shared/attention-variants.ts';
import { InputError } from '../shared/errors.ts';
import { type Attention, attentionSchema, isSoftmax } from '../shared/model-config.ts';

export type { Allocate, Attention, DenseVariant };
export { DENSE_VARIANTS };

/** What attention is compiled for. */
export interface AttentionDescriptor {
  heads: number;
  /** Floats of a query and a key of one head, and of a value; multiples of 4. */
  keyWidth: number;
  valueWidth: number;
  /** The rule, as `attention` of a model file: `{ rule: 'softmax', encoding: 'rope', … }` or `{ precision: 'infinite', scale }`. */
  attention: Attention;
  /** τ of a limit rule; 0 unless given. */
  locality?: number;
  /** A kernel by its name; the one that suits the device unless given. */
  variant?: DenseVariant;
  /** Makes every buffer, which must be zeroed; the device's own `createBuffer` unless given. */
  allocate?: Allocate;
}

/** Storage buffers that one kernel binds at most; a device has 8 unless it was asked for more. */
const STORAGE_BUFFERS = 10;

/** What to give `adapter.requestDevice` so that every kernel runs that the adapter can run. */
export function attentionDevice(adapter: Pick<GPUAdapter, 'features' | 'limits'>): GPUDeviceDescriptor {
  const { maxStorageBuffersPerShaderStage, maxStorageBufferBindingSize, maxBufferSize } = adapter.limits;
  return {
    requiredFeatures: adapter.features.has('subgroups') ? ['subgroups'] : [],
    requiredLimits: {
      maxStorageBuffersPerShaderStage: Math.min(STORAGE_BUFFERS, maxStorageBuffersPerShaderStage),
      maxStorageBufferBindingSize,
      maxBufferSize,
    },
  };
}

/** Rows of one or several sequences, one behind another; each begins at a multiple of 4, and what is left of four rows is padding. */
export interface AttentionRows {
  /** Rows in all, padding included. */
  rows: number;
  /** The first row of each sequence, and `rows`. */
  starts: readonly number[];
  lengths: readonly number[];
}

/** Where the rows of sequences of these lengths lie. */
export function attentionRows(lengths: readonly number[]): AttentionRows {
  if (lengths.length === 0 || lengths.some(length => !Number.isInteger(length) || length < 1))
    throw new InputError(`lengths: [${lengths}]`, 'Give at least one length, each a whole number from 1.');
  const starts = [0];
  for (const length of lengths) starts.push(starts.at(-1)! + 4 * Math.ceil(length / 4));
  // A single sequence has no other behind it.
  if (lengths.length === 1) starts[1] = lengths[0]!;
  return { rows: starts.at(-1)!, starts, lengths: [...lengths] };
}

/** Float32 buffers with usage STORAGE, COPY_SRC too where rope copies them. */
export interface AttentionTensors {
  /** [rows][heads][keyWidth], without the scale. */
  queries: GPUBuffer;
  keys: GPUBuffer;
  /** [rows][heads][valueWidth]. */
  values: GPUBuffer;
  /** φ [heads][τ + 1] of a limit rule, usage COPY_SRC. */
  phi?: GPUBuffer;
  /** σ [heads] of softmax with `logScale`, usage COPY_SRC. */
  logScale?: GPUBuffer;
}

/** Something that is ready to be recorded as often as wanted, into any encoder of its device: it reads its buffers when that runs. */
export interface Recorded {
  record(encoder: GPUCommandEncoder): void;
  /** Bytes that were allocated for it. */
  bytes: number;
  /** Destroys what was allocated for it, results included. Buffers that were given are left alone. */
  destroy(): void;
}

export interface ForwardCall extends Recorded {
  /** [rows][heads][valueWidth]. */
  means: GPUBuffer;
  /**
   * The gradients of Σ means · gradMeans, `gradMeans` [rows][heads][valueWidth]. The forward call is to be recorded before, and not
   * destroyed.
   */
  backward(gradMeans: GPUBuffer): Promise<BackwardCall>;
}

export interface BackwardCall extends Recorded {
  /** As the tensors that they are gradients of. */
  gradQueries: GPUBuffer;
  gradKeys: GPUBuffer;
  gradValues: GPUBuffer;
  /** Where the rule has them. */
  gradPhi?: GPUBuffer;
  gradLogScale?: GPUBuffer;
}

/** Dense causal attention on a device of the caller's. */
export interface DenseAttention {
  /** The kernel that runs. */
  variant: DenseVariant;
  /**
   * Attention of every row to the rows of its sequence up to itself (docs/theory.md §§1, 10), O(T²) time and O(T) memory.
   * @throws InputError naming a buffer that is too small or lacks a usage; EngineFailure when a kernel does not compile.
   */
  forward(rows: AttentionRows, tensors: AttentionTensors): Promise<ForwardCall>;
}

/**
 * Our dense attention kernels on the caller's device. Nothing is submitted; buffers are made by `forward` and `backward` alone, by
 * `allocate`. The device needs the feature `subgroups` for the kernels that keep rows in registers.
 * @throws InputError for a descriptor that does not fit together, or a variant that does not support it here.
 */
export function denseAttention(gpu: GPUDevice, descriptor: AttentionDescriptor): DenseAttention {
  const parsed = attentionSchema.safeParse(descriptor.attention);
  if (!parsed.success)
    throw new InputError(
      `attention: ${parsed.error.issues[0]!.path.join('.')} ${parsed.error.issues[0]!.message}`,
    );
  const { heads, keyWidth, valueWidth, locality = 0 } = descriptor;
  const attention = parsed.data;
  checkShape({ heads, keyWidth, valueWidth, locality }, attention);
  if (gpu.limits.maxStorageBuffersPerShaderStage < STORAGE_BUFFERS)
    throw new InputError(
      `the device binds ${gpu.limits.maxStorageBuffersPerShaderStage} storage buffers a stage, and attention takes up to ${STORAGE_BUFFERS}`,
      'Open it with `adapter.requestDevice(attentionDevice(adapter))`, or with that limit among your own.',
    );
  const device = givenDevice(gpu);
  const shape = { model: { heads, period: 1, locality, keyWidth, attention }, keyWidth, valueWidth };
  const variant = descriptor.variant ?? defaultVariant(shape, device.adapter);
  if (!DENSE_VARIANTS.includes(variant))
    throw new InputError(`variant: there is no "${variant}"`, `Choose one of ${DENSE_VARIANTS.join(', ')}.`);
  const inUse: Call = { device, shape, variant, allocate: descriptor.allocate };
  return {
    variant,
    async forward(rows, tensors) {
      const dense = { ...shape.model, length: Math.max(...rows.lengths), keyWidth, valueWidth };
      if (!supports(variant, dense, gpu.features))
        throw new InputError(
          `variant ${variant} does not run here: ${gpu.features.has('subgroups') ? 'not at this shape' : 'the device has no subgroups'}`,
          'Leave `variant` out, or take quad, which runs everything.',
        );
      return forwardCall(inUse, rows, tensors);
    },
  };
}

interface Shape {
  heads: number;
  keyWidth: number;
  valueWidth: number;
  locality: number;
}

function checkShape({ heads, keyWidth, valueWidth, locality }: Shape, attention: Attention): void {
  const least = { heads: 1, keyWidth: 4, valueWidth: 4, locality: 0 };
  for (const [name, value] of Object.entries({ heads, keyWidth, valueWidth, locality })) {
    if (!Number.isInteger(value) || value < least[name as keyof Shape])
      throw new InputError(`${name}: ${value}`, `It is a whole number from ${least[name as keyof Shape]}.`);
  }
  for (const [name, width] of Object.entries({ keyWidth, valueWidth })) {
    if (width % 4 !== 0)
      throw new InputError(`${name}: ${width} is no multiple of 4`, 'Pad the rows with zeros.');
  }
  if (isSoftmax(attention) && locality !== 0)
    throw new InputError(`locality: ${locality}: softmax attention has none`, 'Leave it out.');
}

/** What every call of one attention shares. */
interface Call {
  device: Device;
  shape: {
    model: AttentionModel;
    keyWidth: number;
    valueWidth: number;
  };
  variant: DenseVariant;
  allocate: Allocate | undefined;
}
type AttentionModel = Parameters<typeof attentionForward>[1]['model'];

const FLOAT_BYTES = Float32Array.BYTES_PER_ELEMENT;

/** @throws InputError when a buffer lacks a usage or is too small, by its name. */
function checkBuffer(name: string, buffer: GPUBuffer | undefined, floats: number, usage: number): GPUBuffer {
  if (!buffer) throw new InputError(`${name}: this rule reads it, and there is no buffer`);
  const bytes = floats * FLOAT_BYTES;
  if (buffer.size < bytes)
    throw new InputError(`${name}: the buffer has ${buffer.size} bytes, and ${bytes} are read`);
  if ((buffer.usage & usage) !== usage)
    throw new InputError(
      `${name}: the buffer's usage is ${buffer.usage}`,
      `It needs ${usage & GPUBufferUsage.STORAGE ? 'STORAGE' : ''}${usage & GPUBufferUsage.COPY_SRC ? ' COPY_SRC' : ''}.`,
    );
  return buffer;
}

/** A copy between buffers, whole. */
interface Copy {
  from: GPUBuffer;
  to: GPUBuffer;
  /** In bytes. */
  at: number;
  bytes: number;
  /** Where in `from`. */
  offset?: number;
}

/** Dispatches between copies that come before and after. */
function recorded(
  memory: Memory,
  dispatches: Dispatch[],
  { before = [], after = [] }: { before?: Copy[]; after?: Copy[] } = {},
): Recorded {
  const copy = (encoder: GPUCommandEncoder, copies: Copy[]) => {
    for (const { from, offset = 0, to, at, bytes } of copies)
      encoder.copyBufferToBuffer(from, offset, to, at, bytes);
  };
  return {
    record(encoder) {
      copy(encoder, before);
      record(encoder, dispatches);
      copy(encoder, after);
    },
    bytes: memory.bytes,
    destroy: () => memory.destroy(),
  };
}

/** The rule's own parameters, φ then log_scale, and behind them room for their gradients. */
function parametersOf({ shape }: Call, memory: Memory, tensors: AttentionTensors) {
  const { model } = shape;
  const own = ruleOf(model.attention).tensors(model);
  const places = { phi: 0, logScale: 0 };
  const copies: Copy[] = [];
  const parts: { name: 'phi' | 'logScale'; at: number; floats: number }[] = [];
  let floats = 0;
  for (const { name, shape: sizes } of own) {
    const key = name === 'phi' ? 'phi' : 'logScale';
    const count = sizes.reduce((a, b) => a * b, 1);
    places[key] = floats;
    parts.push({ name: key, at: floats, floats: count });
    floats += count;
  }
  const buffer = memory.storage('parameters', 2 * floats);
  for (const { name, at, floats: count } of parts) {
    const from = checkBuffer(name, tensors[name], count, GPUBufferUsage.COPY_SRC);
    copies.push({ from, to: buffer, at: at * FLOAT_BYTES, bytes: count * FLOAT_BYTES });
  }
  return {
    inputs: { buffer, stride: 2 * floats, ...places },
    gradients: { phi: floats + places.phi, logScale: floats + places.logScale },
    copies,
    parts: parts.map(part => ({ ...part, at: (floats + part.at) * FLOAT_BYTES })),
  };
}

/** Queries or keys as the kernels read them: where the encoding turns them, a copy that is turned, since what was given is left alone. */
async function turned(
  memory: Memory,
  shape: Call['shape'],
  rowSet: RowSet,
  given: GPUBuffer,
  name: string,
): Promise<{ buffer: GPUBuffer; copies: Copy[]; dispatches: Dispatch[] }> {
  if (!encodingOf(shape.model.attention).rotates) return { buffer: given, copies: [], dispatches: [] };
  const floats = rowSet.rows * shape.model.heads * shape.keyWidth;
  checkBuffer(name, given, floats, GPUBufferUsage.COPY_SRC);
  const buffer = memory.storage(`turned ${name}`, floats);
  const copies = [{ from: given, to: buffer, at: 0, bytes: floats * FLOAT_BYTES }];
  return { buffer, copies, dispatches: [await rotate(memory, shape, rowSet, buffer)] };
}

async function forwardCall(
  call: Call,
  { rows, starts, lengths }: AttentionRows,
  tensors: AttentionTensors,
): Promise<ForwardCall> {
  const { device, shape, variant, allocate } = call;
  const { model, keyWidth, valueWidth } = shape;
  const { heads } = model;
  const { STORAGE } = GPUBufferUsage;
  const given = {
    queries: checkBuffer('queries', tensors.queries, rows * heads * keyWidth, STORAGE),
    keys: checkBuffer('keys', tensors.keys, rows * heads * keyWidth, STORAGE),
    values: checkBuffer('values', tensors.values, rows * heads * valueWidth, STORAGE),
  };
  const memory = new Memory(device, allocate);
  const positions = Array<number>(rows).fill(0);
  lengths.forEach((length, b) => {
    for (let i = 0; i < length; i++) positions[starts[b]! + i] = i + 1;
  });
  const rowSet = uploadRowSet(memory, 'rows', { rows, starts: [[...starts]], positions });
  const parameters = parametersOf(call, memory, tensors);
  const queries = await turned(memory, shape, rowSet, given.queries, 'queries');
  const keys = await turned(memory, shape, rowSet, given.keys, 'keys');
  const tensor = (buffer: GPUBuffer, width: number): RowTensor => ({
    buffer,
    at: 0,
    row: heads * width,
    head: width,
  });
  const inputs: AttentionInputs = {
    queries: tensor(queries.buffer, keyWidth),
    keys: tensor(keys.buffer, keyWidth),
    values: tensor(given.values, valueWidth),
    queryRows: rowSet,
    keyRows: rowSet,
    parameters: parameters.inputs,
  };
  const forward = await attentionForward(memory, shape, inputs, variant);
  const dispatches = [...queries.dispatches, ...keys.dispatches, ...forward.dispatches];
  const before = [...parameters.copies, ...queries.copies, ...keys.copies];
  return {
    ...recorded(memory, dispatches, { before }),
    means: forward.means.buffer,
    backward: gradMeans => backwardCall(call, { inputs, forward, parameters }, gradMeans),
  };
}

async function backwardCall(
  { device, shape, variant, allocate }: Call,
  {
    inputs,
    forward,
    parameters,
  }: { inputs: AttentionInputs; forward: AttentionForward; parameters: ReturnType<typeof parametersOf> },
  gradMeans: GPUBuffer,
): Promise<BackwardCall> {
  const { model, valueWidth } = shape;
  const { heads } = model;
  const rowSet = inputs.queryRows;
  checkBuffer('gradMeans', gradMeans, rowSet.rows * heads * valueWidth, GPUBufferUsage.STORAGE);
  const memory = new Memory(device, allocate);
  const grads = { buffer: gradMeans, at: 0, row: heads * valueWidth, head: valueWidth };
  const backward = await attentionBackward(
    memory,
    shape,
    inputs,
    forward,
    grads,
    parameters.gradients,
    variant,
  );
  const { gradQueries, gradKeys, gradValues } = backward;
  const back = encodingOf(model.attention).rotates
    ? await Promise.all(
        [gradQueries, gradKeys].map(({ buffer }) => rotate(memory, shape, rowSet, buffer, true)),
      )
    : [];
  const after: Copy[] = [];
  const written: Partial<Record<'gradPhi' | 'gradLogScale', GPUBuffer>> = {};
  for (const { name, at, floats } of parameters.parts) {
    const to = memory.storage(`${name} gradients`, floats);
    after.push({ from: parameters.inputs.buffer, offset: at, to, at: 0, bytes: floats * FLOAT_BYTES });
    written[name === 'phi' ? 'gradPhi' : 'gradLogScale'] = to;
  }
  const dispatches = [...backward.dispatches, ...back];
  return {
    ...recorded(memory, dispatches, { after }),
    gradQueries: gradQueries.buffer,
    gradKeys: gradKeys.buffer,
    gradValues: gradValues.buffer,
    ...written,
  };
}
