import { median } from 'simple-statistics';
import { encodingOf } from '../model/encodings/registry.ts';
import { ruleOf } from '../model/rules/registry.ts';
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
import { attentionForward } from './attention/attention.ts';
import { oneSequence } from './attention/given-rows.ts';
import type { Device } from './device.ts';
import { submitInParts } from './dispatch.ts';
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

/** Rows of heads side by side; queries of the wanted rows only. */
interface Inputs {
  queries: Float32Array<ArrayBuffer>;
  keys: Float32Array<ArrayBuffer>;
  values: Float32Array<ArrayBuffer>;
  phi: Float32Array<ArrayBuffer>;
}

function inputsOf(shape: DenseShape): Inputs {
  const { heads, length, keyWidth, valueWidth, locality } = shape;
  const noise = (count: number, stream: number) =>
    Float32Array.from({ length: count }, (_, i) => pcg4d(i, stream, 0, 0)[0] / 2 ** 31 - 1);
  return {
    queries: noise(queriesOf(shape) * heads * keyWidth, 0),
    keys: noise(length * heads * keyWidth, 1),
    values: noise(length * heads * valueWidth, 2),
    phi: noise(heads * (locality + 1), 3),
  };
}

const modelOf = ({ heads, locality, keyWidth, attention }: DenseShape) => ({
  heads,
  period: 1,
  locality,
  keyWidth,
  attention,
});

async function prepare(memory: Memory, shape: DenseShape, inputs: Inputs, variant: DenseVariant) {
  const { heads, length, keyWidth, valueWidth } = shape;
  const tensor = (array: Float32Array<ArrayBuffer>, width: number) => ({
    buffer: memory.upload('tuning inputs', array),
    at: 0,
    row: heads * width,
    head: width,
  });
  const keyRows = oneSequence(memory, 'keys', length);
  const queryRows =
    queriesOf(shape) === length ? keyRows : oneSequence(memory, 'queries', length, firstQuery(shape) + 1);
  // A learned factor of the scores reads φ as if it were its own.
  const parameters = { buffer: memory.upload('phi', inputs.phi), stride: 0, phi: 0, logScale: 0 };
  return attentionForward(
    memory,
    { model: modelOf(shape), keyWidth, valueWidth },
    {
      queries: tensor(inputs.queries, keyWidth),
      keys: tensor(inputs.keys, keyWidth),
      values: tensor(inputs.values, valueWidth),
      queryRows,
      keyRows,
      parameters,
    },
    variant,
  );
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
    const { dispatches, means } = await prepare(memory, shape, inputs, variant);
    const compileMs = performance.now() - start;
    submitInParts(device.gpu, dispatches);
    const got = new Float32Array(await memory.read(means.buffer));
    return { compileMs, maxError: errorOf(shape, inputs, got) };
  } finally {
    memory.destroy();
  }
}

/** Largest difference of the wanted rows' means from float64 loops. */
function errorOf(shape: DenseShape, { queries, keys, values, phi }: Inputs, means: Float32Array): number {
  const { heads, keyWidth, valueWidth, locality, attention } = shape;
  let worst = 0;
  for (let h = 0; h < heads; h++) {
    const own = phi.subarray(h * (locality + 1), (h + 1) * (locality + 1));
    for (let row = 0; row < queriesOf(shape); row++) {
      const products = Float64Array.from({ length: firstQuery(shape) + row + 1 }, (_, j) => {
        let sum = 0;
        for (let k = 0; k < keyWidth; k++)
          sum += queries[(row * heads + h) * keyWidth + k]! * keys[(j * heads + h) * keyWidth + k]!;
        return attention.scale * sum;
      });
      const weights = weightsOf(shape, h, products, own, phi[h]!);
      for (let k = 0; k < valueWidth; k++) {
        const mean = weights.reduce((sum, w, j) => sum + w * values[(j * heads + h) * valueWidth + k]!, 0);
        const error = Math.abs(means[(row * heads + h) * valueWidth + k]! - mean);
        // Written so that a NaN stays.
        if (!(error <= worst)) worst = error;
      }
    }
  }
  return worst;
}

/** Weights of a row from its content logits, by the rule and the encoding. */
function weightsOf(
  shape: DenseShape,
  head: number,
  logits: Float64Array,
  phi: ArrayLike<number>,
  sigma: number,
): Float64Array {
  const rule = ruleOf(shape.attention);
  const encoding = encodingOf(shape.attention);
  const logPosition = Math.log(logits.length);
  const scores = logits.map((c, j) => {
    const t = logits.length - 1 - j;
    const suffix = t <= shape.locality ? rule.suffixBias(logPosition, phi[t]!) : 0;
    return rule.contentFactor(logPosition, sigma) * c + suffix + encoding.bias(modelOf(shape), head, t);
  });
  const highest = scores.reduce((a, b) => Math.max(a, b));
  const weights = scores.map(score => Math.exp(score - highest));
  const kept = weights.map(w => (w <= rule.leastWeight(shape.attention) ? 0 : w));
  const sum = kept.reduce((a, b) => a + b);
  return kept.map(w => w / sum);
}

/** Median time of one run, milliseconds. */
async function time(device: Device, shape: DenseShape, variant: DenseVariant): Promise<number> {
  const memory = new Memory(device);
  try {
    const { dispatches, means } = await prepare(memory, shape, inputsOf(shape), variant);
    const times: number[] = [];
    while (times.length < RUNS && times.every(ms => ms < PATIENCE_MS)) {
      const start = performance.now();
      submitInParts(device.gpu, dispatches);
      await memory.read(means.buffer, 16);
      times.push(performance.now() - start);
    }
    return median(times);
  } finally {
    memory.destroy();
  }
}
