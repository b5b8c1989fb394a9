import type { EngineEvent, Pack } from '../shared/protocol.ts';
import { STREAM } from '../shared/random.ts';
import { taskOf } from '../tasks/registry.ts';
import { arenaOf } from './arena.ts';
import type { Device } from './device.ts';
import { type Dispatch, submit } from './dispatch.ts';
import { drawPass } from './draw.ts';
import { Memory } from './memory.ts';
import { forwardPass, lossPass } from './network.ts';
import type { Profiler } from './profiler.ts';
import { uploadReplicas } from './replicas.ts';
import { allocateRows, type BatchShape, batchUniform, rowBytes } from './rows.ts';
import { type Weights, weightsFor } from './weights.ts';
import { positionBytes } from './windows.ts';

/** Bytes that one evaluated batch may take, so that long test lengths go through in chunks. */
const BATCH_BYTES = 96 * 2 ** 20;

/** Mean loss over sequences with its standard error; null when it is not finite. */
export interface Estimate {
  loss: number | null;
  stderr: number | null;
}

/** What is measured of each replica: fresh sequences of the training distribution, and every test length. */
export interface Evaluation {
  train: Estimate[];
  /** `test[length][replica]` in the order of `pack.test.lengths`. */
  test: Estimate[][];
  seconds: number;
}

/**
 * Losses of trained replicas. Test sequences of nominal length T have lengths T … T+Δ−1 in equal parts, so that every
 * residue of the last position is met (theory.md §9).
 */
export async function evaluatePack(
  device: Device,
  pack: Pack,
  weights: Weights,
  emit: (event: Extract<EngineEvent, { event: 'progress' }>) => void,
  profiler?: Profiler,
): Promise<Evaluation> {
  const began = performance.now();
  const { gpu } = device;
  const { model, replicas } = weights;
  const longestTrain = Math.max(...pack.replicas.map(replica => replica.trainLength));
  const total = pack.test.lengths.length + 1;
  let done = 0;

  const measure = async (stream: number, shape: Omit<BatchShape, 'rows'>): Promise<Estimate[]> => {
    const scratch = new Memory(device);
    try {
      const sums = new Sums(replicas);
      const sequences = pack.test.sequences;
      const chunk = chunkOf(sequences, BATCH_BYTES / (replicas * sequenceBytes(weights, shape.longest)));
      const sized = model.layers === 1 ? weights : weightsFor(scratch, weights, chunk);
      const { arena } = sized;
      const how = {
        model,
        arena,
        task: taskOf(pack.task),
        law: pack.law,
        order: pack.order,
        loss: pack.loss,
      };
      const rows = allocateRows(scratch, model, replicas, { ...shape, rows: chunk });
      const table = uploadReplicas(scratch, pack, pack.replicas, stream);
      const clock = scratch.upload('clock', Uint32Array.of(shape.length ?? 0, 0));
      const dispatches: Dispatch[] = [
        ...(await drawPass(scratch, rows, how, table, clock)),
        ...(await forwardPass(scratch, sized, rows, how)),
        ...(await lossPass(scratch, rows, how)),
      ];
      for (let first = 0; first < sequences; first += chunk) {
        gpu.queue.writeBuffer(rows.batch, 0, batchUniform({ ...shape, rows: chunk, firstSequence: first }));
        await (profiler ? profiler.submit(dispatches, 1) : submit(gpu, dispatches));
        // The last chunk may draw sequences past the end; they are left out of the mean.
        sums.add(
          new Float32Array(await scratch.read(rows.losses)),
          chunk,
          Math.min(chunk, sequences - first),
        );
      }
      done++;
      emit({ event: 'progress', phase: 'test', done, total, sequencesPerSecond: 0, curve: [] });
      return sums.estimates();
    } finally {
      scratch.destroy();
    }
  };

  const uniformLength = pack.lengthMode === 'uniform';
  profiler?.begin('evaluate');
  const train = await measure(STREAM.trainLoss, { longest: longestTrain, uniformLength });
  const test: Estimate[][] = [];
  for (const length of pack.test.lengths) {
    const spread = model.period;
    test.push(await measure(STREAM.test, { longest: length + spread - 1, length, spread }));
  }
  return { train, test, seconds: (performance.now() - began) / 1000 };
}

/**
 * Sequences of one evaluated batch when at most `most` fit: all, or an 8th, 64th, … of them, and not the most that fit. Every
 * other size is another arena, and every other arena of a two-layer model another fifty kernels to compile.
 */
function chunkOf(sequences: number, most: number): number {
  let parts = 1;
  while (Math.ceil(sequences / parts) > Math.max(1, most)) parts *= 8;
  return Math.ceil(sequences / parts);
}

/** Bytes a sequence takes in an evaluated batch; in two-layer models its positions and its place in the arena too. */
function sequenceBytes(weights: Weights, longest: number): number {
  const { model } = weights;
  if (model.layers === 1) return rowBytes(model, longest);
  return rowBytes(model, longest) + longest * positionBytes(weights) + 4 * arenaOf(model, 1).stride;
}

/** Sums of losses and their squares in float64, a replica. */
class Sums {
  private count = 0;
  private readonly sum: Float64Array;
  private readonly squares: Float64Array;

  constructor(replicas: number) {
    this.sum = new Float64Array(replicas);
    this.squares = new Float64Array(replicas);
  }

  /** Adds the first `used` of `rows` losses of each replica. */
  add(losses: Float32Array, rows: number, used: number): void {
    this.count += used;
    for (let r = 0; r < this.sum.length; r++) {
      for (let b = 0; b < used; b++) {
        const loss = losses[r * rows + b]!;
        this.sum[r]! += loss;
        this.squares[r]! += loss * loss;
      }
    }
  }

  estimates(): Estimate[] {
    const n = this.count;
    return Array.from(this.sum, (sum, r) => {
      const loss = sum / n;
      if (!Number.isFinite(loss)) return { loss: null, stderr: null };
      const variance = Math.max(0, this.squares[r]! - n * loss * loss) / Math.max(1, n - 1);
      return { loss, stderr: Number.isFinite(variance) ? Math.sqrt(variance / n) : null };
    });
  }
}
