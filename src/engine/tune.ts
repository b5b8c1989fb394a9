import { median } from 'simple-statistics';
import { attentionRow } from '../reference/attention.ts';
import {
  DENSE_VARIANTS,
  type DenseShape,
  type DenseVariant,
  firstQuery,
  queriesOf,
  supports,
} from '../shared/attention-variants.ts';
import { pcg4d } from '../shared/random.ts';
import type { Trial } from '../shared/tuning.ts';
import { denseAttentionForward } from './dense-attention.ts';
import type { Device } from './device.ts';
import { submit } from './dispatch.ts';
import { EngineFailure } from './failure.ts';
import { Memory } from './memory.ts';

/** Length of the shape that is held against float64 loops: more than one tile of every variant but split-k's chunk. */
const CHECKED_LENGTH = 70;
/** Longer shapes are timed at this length, and the time scaled by the work. */
const TIMED_LENGTH = 2048;
const RUNS = 3;
/** A variant whose run takes longer is run once. */
const PATIENCE_MS = 1000;
/** Largest error of a right variant, values being in −1…1. */
const TOLERANCE = 1e-5;

/** Tries every variant that supports a shape: against float64 loops, then the clock. */
export async function tune(device: Device, shape: DenseShape): Promise<Trial[]> {
  const trials: Trial[] = [];
  for (const variant of DENSE_VARIANTS) {
    if (supports(variant, shape, device.gpu.features)) trials.push(await tryVariant(device, shape, variant));
  }
  return trials;
}

async function tryVariant(device: Device, shape: DenseShape, variant: DenseVariant): Promise<Trial> {
  const failed: Trial = { variant, compileMs: 0, runMs: 0, maxError: null, right: false };
  try {
    const { compileMs, maxError } = await check(device, cut(shape, CHECKED_LENGTH), variant);
    if (!(maxError <= TOLERANCE)) {
      return { ...failed, compileMs, maxError: Number.isFinite(maxError) ? maxError : null };
    }
    const timed = cut(shape, TIMED_LENGTH);
    const runMs = (await time(device, timed, variant)) * (workOf(shape) / workOf(timed));
    return { variant, compileMs, runMs, maxError, right: true };
  } catch (error) {
    // A variant that this adapter cannot compile or hold is one not to take; a lost device ends the tuning.
    if (error instanceof EngineFailure && error.reason !== 'device-lost') return failed;
    throw error;
  }
}

/** The shape at no more than `length` positions. */
function cut(shape: DenseShape, most: number): DenseShape {
  const length = Math.min(shape.length, most);
  return { ...shape, length, lastRows: Math.min(queriesOf(shape), length) };
}

/** Pairs of query and key. */
const workOf = (shape: DenseShape) => (queriesOf(shape) * (shape.length + firstQuery(shape) + 1)) / 2;

interface Inputs {
  queries: Float32Array<ArrayBuffer>;
  keys: Float32Array<ArrayBuffer>;
  values: Float32Array<ArrayBuffer>;
  phi: Float32Array<ArrayBuffer>;
}

function inputsOf({ heads, length, keyWidth, valueWidth, locality }: DenseShape): Inputs {
  const noise = (count: number, stream: number) =>
    Float32Array.from({ length: count }, (_, i) => pcg4d(i, stream, 0, 0)[0] / 2 ** 31 - 1);
  return {
    queries: noise(heads * length * keyWidth, 0),
    keys: noise(heads * length * keyWidth, 1),
    values: noise(heads * length * valueWidth, 2),
    phi: noise(heads * (locality + 1), 3),
  };
}

async function prepare(memory: Memory, shape: DenseShape, inputs: Inputs, variant: DenseVariant) {
  const { queries, keys, values } = inputs;
  const buffer = memory.storage('tuning inputs', queries.length + keys.length + values.length);
  const at = [0, queries.length, queries.length + keys.length];
  for (const [i, part] of [queries, keys, values].entries())
    memory.device.gpu.queue.writeBuffer(buffer, 4 * at[i]!, part);
  const phi = memory.upload('phi', inputs.phi);
  const places = { buffer, queries: at[0]!, keys: at[1]!, values: at[2]!, sharedValues: false, phi };
  return denseAttentionForward(memory, shape, places, variant);
}

/** Compile time and largest error on a small shape; NaN when a mean is no number. */
async function check(
  device: Device,
  shape: DenseShape,
  variant: DenseVariant,
): Promise<{ compileMs: number; maxError: number }> {
  const memory = new Memory(device);
  try {
    const inputs = inputsOf(shape);
    const start = performance.now();
    const { dispatches, outputs } = await prepare(memory, shape, inputs, variant);
    const compileMs = performance.now() - start;
    submit(device.gpu, dispatches);
    const means = new Float32Array(await memory.read(outputs.means));
    return { compileMs, maxError: errorOf(shape, inputs, means) };
  } finally {
    memory.destroy();
  }
}

/** Largest difference of the wanted rows' means from float64 loops. */
function errorOf(shape: DenseShape, { queries, keys, values, phi }: Inputs, means: Float32Array): number {
  const { heads, length, keyWidth, valueWidth, locality, attention } = shape;
  let worst = 0;
  for (let h = 0; h < heads; h++) {
    const own = phi.subarray(h * (locality + 1), (h + 1) * (locality + 1));
    for (let i = firstQuery(shape); i < length; i++) {
      const row = h * length + i;
      const logits = Float64Array.from({ length: i + 1 }, (_, j) => {
        let sum = 0;
        for (let k = 0; k < keyWidth; k++)
          sum += queries[row * keyWidth + k]! * keys[(h * length + j) * keyWidth + k]!;
        return attention.scale * sum;
      });
      const weights = attentionRow(shape, logits, own);
      for (let k = 0; k < valueWidth; k++) {
        const mean = weights.reduce((sum, w, j) => sum + w * values[(h * length + j) * valueWidth + k]!, 0);
        const error = Math.abs(means[row * valueWidth + k]! - mean);
        // Written so that a NaN stays.
        if (!(error <= worst)) worst = error;
      }
    }
  }
  return worst;
}

/** Median time of one run, milliseconds. */
async function time(device: Device, shape: DenseShape, variant: DenseVariant): Promise<number> {
  const memory = new Memory(device);
  try {
    const { dispatches, outputs } = await prepare(memory, shape, inputsOf(shape), variant);
    const times: number[] = [];
    while (times.length < RUNS && times.every(ms => ms < PATIENCE_MS)) {
      const start = performance.now();
      submit(device.gpu, dispatches);
      await memory.read(outputs.means, 16);
      times.push(performance.now() - start);
    }
    return median(times);
  } finally {
    memory.destroy();
  }
}
