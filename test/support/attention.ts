import { isSoftmax, type ModelConfig } from '../../src/shared/model-config.ts';
import { pcg4d } from '../../src/shared/random.ts';

/*
 * Dense attention over the rows of many sequences in float64 loops, straight from docs/theory.md §§1 and 10.
 */

/** What of a test's attention is not data. */
export interface AttentionCase {
  model: Pick<ModelConfig, 'heads' | 'period' | 'locality' | 'keyWidth' | 'attention'>;
  keyWidth: number;
  valueWidth: number;
  /** Lengths of the sequences of each replica. */
  lengths: number[][];
  /** Positions that are queries, rising; every one unless given. */
  queries?: (length: number) => number[];
  sharedHeads?: boolean;
  keyed?: boolean;
}

/** Rows of the given positions of every sequence, each padded to a multiple of 4, with some room behind the last. */
export function rowsOf(sequences: number[][][]) {
  const starts = sequences.map(replica => {
    const out = [0];
    for (const positions of replica) out.push(out.at(-1)! + 4 * Math.ceil(positions.length / 4));
    return out;
  });
  const rows = Math.max(...starts.map(own => own.at(-1)!)) + 3;
  const positions = Array<number>(rows * starts.length).fill(0);
  sequences.forEach((replica, r) => {
    replica.forEach((own, b) => {
      own.forEach((position, i) => {
        positions[r * rows + starts[r]![b]! + i] = position;
      });
    });
  });
  return { rows, starts, positions };
}

const upTo = (length: number) => Array.from({ length }, (_, i) => i + 1);

export function rowSetsOf({ lengths, queries }: AttentionCase) {
  const keyRows = rowsOf(lengths.map(replica => replica.map(upTo)));
  return { keyRows, queryRows: queries && rowsOf(lengths.map(replica => replica.map(queries))) };
}

/** Floats in −1…1. */
function noise(count: number, seed: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: count }, (_, i) => pcg4d(i, seed, 0, 0)[0] / 2 ** 31 - 1);
}

/** Random inputs, in padding too: it must not matter. */
export function attentionInputs(shape: AttentionCase, seed: number) {
  const { model, keyWidth, valueWidth, lengths, sharedHeads, keyed } = shape;
  const { keyRows, queryRows = keyRows } = rowSetsOf(shape);
  const replicas = lengths.length;
  const queries = replicas * queryRows.rows * model.heads;
  const keys = replicas * keyRows.rows * (sharedHeads ? 1 : model.heads);
  return {
    queries: noise(queries * keyWidth, seed),
    keys: noise(keys * keyWidth, seed + 1),
    values: keyed ? new Float32Array(0) : noise(keys * valueWidth, seed + 2),
    gradMeans: noise(queries * valueWidth, seed + 3),
    phi: noise(replicas * model.heads * (model.locality + 1), seed + 4).map(x => 1 + x),
    logScale: noise(replicas * model.heads, seed + 5).map(x => 0.5 + x),
  };
}

export type AttentionArrays = Record<keyof ReturnType<typeof attentionInputs>, Float32Array | Float64Array>;

/** Means, and the gradients of Σ means · gradMeans; those of shared keys and values by head. */
export function attentionTruth(shape: AttentionCase, inputs: AttentionArrays) {
  const { model, keyWidth, valueWidth, lengths, sharedHeads, keyed } = shape;
  const { heads: H, locality, attention } = model;
  const { keyRows, queryRows = keyRows } = rowSetsOf(shape);
  const replicas = lengths.length;
  const values = keyed ? inputs.keys : inputs.values;
  const queryFloats = replicas * queryRows.rows * H;
  const keyFloats = replicas * keyRows.rows * H;
  const gradKeys = new Float64Array(keyFloats * keyWidth);
  const out = {
    means: new Float64Array(queryFloats * valueWidth),
    gradQueries: new Float64Array(queryFloats * keyWidth),
    gradKeys,
    gradValues: keyed ? gradKeys : new Float64Array(keyFloats * valueWidth),
    gradPhi: new Float64Array(inputs.phi.length),
    gradLogScale: new Float64Array(inputs.logScale.length),
  };
  const limit = !isSoftmax(attention);
  const finite = limit && attention.precision === 'finite';
  const bits = limit && 'bits' in attention ? attention.bits : null;
  const logScale = !limit && attention.logScale;
  const alibi = !limit && attention.encoding === 'alibi';

  function row(r: number, b: number, query: number, i: number, h: number): void {
    const q = (query * H + h) * keyWidth;
    const o = (query * H + h) * valueWidth;
    const first = r * keyRows.rows + keyRows.starts[r]![b]!;
    const keyAt = (j: number) => (sharedHeads ? first + j : (first + j) * H + h);
    const phi = inputs.phi.subarray((r * H + h) * (locality + 1), (r * H + h + 1) * (locality + 1));
    const sigma = logScale ? inputs.logScale[r * H + h]! : 1;
    const factor = finite ? Math.log(i) : logScale ? sigma * Math.log(i) : 1;
    const logits = upTo(i).map((_, j) => {
      let sum = 0;
      for (let k = 0; k < keyWidth; k++)
        sum += inputs.queries[q + k]! * inputs.keys[keyAt(j) * keyWidth + k]!;
      return attention.scale * sum;
    });
    const scores = logits.map((c, j) => {
      const t = i - 1 - j;
      const suffix = limit && t <= locality ? Math.log(i) * phi[t]! : 0;
      return factor * c + suffix - (alibi ? 2 ** ((-8 * (h + 1)) / H) * t : 0);
    });
    const highest = Math.max(...scores);
    const kept = scores.map(s => Math.exp(s - highest)).map(w => (bits !== null && w <= 2 ** -bits ? 0 : w));
    const total = kept.reduce((a, w) => a + w);
    const weights = kept.map(w => w / total);
    const gradWeights = weights.map((w, j) => {
      let grad = 0;
      for (let k = 0; k < valueWidth; k++) {
        const value = values[keyAt(j) * valueWidth + k]!;
        const g = inputs.gradMeans[o + k]!;
        out.means[o + k]! += w * value;
        out.gradValues[((first + j) * H + h) * valueWidth + k]! += w * g;
        grad += g * value;
      }
      return grad;
    });
    const delta = weights.reduce((sum, w, j) => sum + w * gradWeights[j]!, 0);
    weights.forEach((w, j) => {
      const grad = w * (gradWeights[j]! - delta);
      const t = i - 1 - j;
      if (limit && t <= locality) out.gradPhi[(r * H + h) * (locality + 1) + t]! += Math.log(i) * grad;
      if (logScale) out.gradLogScale[r * H + h]! += Math.log(i) * logits[j]! * grad;
      for (let k = 0; k < keyWidth; k++) {
        const product = attention.scale * factor * grad;
        out.gradQueries[q + k]! += product * inputs.keys[keyAt(j) * keyWidth + k]!;
        out.gradKeys[((first + j) * H + h) * keyWidth + k]! += product * inputs.queries[q + k]!;
      }
    });
  }

  lengths.forEach((replica, r) => {
    replica.forEach((_, b) => {
      for (let start = queryRows.starts[r]![b]!; start < queryRows.starts[r]![b + 1]!; start++) {
        const query = r * queryRows.rows + start;
        const i = queryRows.positions[query]!;
        for (let h = 0; h < H && i > 0; h++) row(r, b, query, i, h);
      }
    });
  });
  return out;
}
