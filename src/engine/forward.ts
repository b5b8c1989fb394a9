import type { EngineEvent, Request } from '../shared/protocol.ts';
import { classCount, classOf, type ModelConfig } from '../shared/model-config.ts';
import type { Device } from './device.ts';
import { dispatch, submit } from './dispatch.ts';
import { uploadSequences, uploadWeights } from './inspect.ts';
import { Memory } from './memory.ts';
import { FORWARD_KERNELS, rowsForward, rowsReadout, tablesForward, type Weights } from './one-layer.ts';
import { BLOCK, compilePrograms, type Programs } from './programs.ts';
import { allocateRows, rowBytes } from './rows.ts';

type ForwardRequest = Extract<Request, { op: 'forward' }>;
type Computed = Extract<EngineEvent, { event: 'computed' }>;
type ForwardPrograms = Programs<(typeof FORWARD_KERNELS)[number] | 'classHistogramPrefix'>;

/** Bytes that one batch of rows may take: memory stays bounded whatever the sequence lengths. */
const BATCH_BYTES = 64 * 2 ** 20;

/** f(x) of each sequence, at the last position or at all, through the class histogram (theory.md §2). */
export async function forward(device: Device, request: ForwardRequest): Promise<Computed> {
  const memory = new Memory(device);
  try {
    const weights = uploadWeights(memory, request);
    const { model, arena } = weights;
    const kernels = [...FORWARD_KERNELS, 'classHistogramPrefix'] as const;
    const programs = await compilePrograms(device.gpu, kernels, { model, arena });
    submit(device.gpu, await tablesForward(device.gpu, weights));
    const outputs = request.allPositions
      ? await everyPosition(device, programs, weights, request.sequences)
      : await lastPosition(device, programs, weights, request.sequences);
    return { event: 'computed', adapter: device.adapter, outputs };
  } finally {
    memory.destroy();
  }
}

async function lastPosition(device: Device, programs: ForwardPrograms, weights: Weights, sequences: number[][]) {
  const { model } = weights;
  const longest = Math.max(...sequences.map(sequence => sequence.length));
  const chunk = Math.max(1, Math.floor(BATCH_BYTES / rowBytes(model, longest)));
  const outputs: Computed['outputs'] = [];
  for (let first = 0; first < sequences.length; first += chunk) {
    const some = sequences.slice(first, first + chunk);
    const memory = new Memory(device);
    try {
      const rows = allocateRows(memory, model, 1, { rows: some.length, longest }, false);
      uploadSequences(device, rows, some);
      submit(device.gpu, rowsForward(memory, programs, weights, rows));
      for (const output of await readOutputs(memory, rows.outputs, some.length, model)) outputs.push([output]);
    } finally {
      memory.destroy();
    }
  }
  return outputs;
}

async function everyPosition(device: Device, programs: ForwardPrograms, weights: Weights, sequences: number[][]) {
  const { model } = weights;
  const outputs: Computed['outputs'] = [];
  for (const sequence of sequences) {
    const memory = new Memory(device);
    try {
      const longest = sequence.length;
      const fitting = Math.max(1, Math.floor(BATCH_BYTES / rowBytes(model, 0) / BLOCK)) * BLOCK;
      const count = Math.min(longest, fitting);
      const tokens = memory.upload('sequence', packed(sequence));
      const positions: (number | null)[][] = [];
      for (let first = 0; first < longest; first += count) {
        const scratch = new Memory(device);
        try {
          const rowCount = Math.min(count, longest - first);
          const shape = { rows: rowCount, longest, firstSequence: first };
          const rows = { ...allocateRows(scratch, model, 1, { ...shape, longest: 0 }, false), shape, tokens };
          const starts = scratch.upload('block starts', blockStarts(model, sequence, first, rowCount));
          const buffers = [rows.batch, tokens, starts, rows.counts, rows.suffix, rows.lengths];
          submit(device.gpu, [
            dispatch(device.gpu, programs.classHistogramPrefix, buffers, Math.ceil(rowCount / BLOCK), 1),
            ...rowsReadout(scratch, programs, weights, rows),
          ]);
          positions.push(...(await readOutputs(scratch, rows.outputs, rowCount, model)));
        } finally {
          scratch.destroy();
        }
      }
      outputs.push(positions);
    } finally {
      memory.destroy();
    }
  }
  return outputs;
}

/** Class counts n_i of the first position of every block, suffix left out [blocks][C]. */
function blockStarts(model: ModelConfig, sequence: number[], first: number, rows: number): Uint32Array<ArrayBuffer> {
  const C = classCount(model);
  const starts = new Uint32Array(Math.ceil(rows / BLOCK) * C);
  const counts = new Uint32Array(C);
  let counted = 0;
  for (let block = 0; block * BLOCK < rows; block++) {
    const position = first + block * BLOCK + 1;
    for (; counted + 1 < position - model.locality; counted++) {
      counts[classOf(model, sequence[counted]!, counted + 1)]!++;
    }
    starts.set(counts, block * C);
  }
  return starts;
}

function packed(sequence: number[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Math.ceil(sequence.length / 4) * 4);
  bytes.set(sequence);
  return bytes;
}

async function readOutputs(memory: Memory, buffer: GPUBuffer, rows: number, model: ModelConfig) {
  const values = new Float32Array(await memory.read(buffer));
  return Array.from({ length: rows }, (_, b) =>
    Array.from(values.subarray(b * model.outputs, (b + 1) * model.outputs), x => (Number.isFinite(x) ? x : null)),
  );
}
