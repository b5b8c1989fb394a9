import { pathsOf } from '../model/paths.ts';
import type { EngineEvent, Pack } from '../shared/protocol.ts';
import { STREAM } from '../shared/random.ts';
import { allocateBatch, type Batch, type BatchShape, batchUniform } from './batch.ts';
import type { Device } from './device.ts';
import { submit } from './dispatch.ts';
import { drawingOf, drawPass, specialisationOf } from './draw.ts';
import { inOrder, Kernels } from './kernels.ts';
import { forwardPass, lossPass } from './layers/network.ts';
import { sequenceBytes } from './layers/sequence-bytes.ts';
import { Memory } from './memory.ts';
import type { Profiler } from './profiler.ts';
import { uploadReplicas } from './replicas.ts';
import { type Weights, weightsFor } from './weights.ts';

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

  // Test sequences stand at the first row of an absolute encoding's table.
  const drawing = (stream: number) =>
    stream === STREAM.test ? { ...drawingOf(pack), offsets: null } : drawingOf(pack);

  const measure = async (
    stream: number,
    shape: Omit<BatchShape, 'sequences' | 'whole'>,
  ): Promise<Estimate[]> => {
    const scratch = new Memory(device);
    try {
      const sums = new Sums(replicas);
      const paths = pathsOf(model, shape.reads);
      const whole = shape.reads === 'every' || paths.includes('dense');
      const { sequences } = pack.test;
      const bytes = sequenceBytes(model, paths, { ...shape, whole });
      const part = partOf(sequences, BATCH_BYTES / (replicas * bytes));
      const kernels = new Kernels(scratch, weightsFor(scratch, weights, paths, part), specialisationOf(pack));
      const batch = allocateBatch(scratch, model, replicas, { ...shape, sequences: part, whole });
      const table = uploadReplicas(scratch, pack, pack.replicas, stream);
      const clock = scratch.upload('clock', Uint32Array.of(shape.length ?? 0, 0));
      const dispatches = await inOrder([
        drawPass(kernels, batch, drawing(stream), table, clock),
        forwardPass(kernels, batch),
        lossPass(kernels, batch),
      ]);
      for (let first = 0; first < sequences; first += part) {
        const drawn = { ...batch.shape, firstSequence: first };
        gpu.queue.writeBuffer(batch.batch, 0, batchUniform(drawn));
        await (profiler ? profiler.submit(dispatches, 1) : submit(gpu, dispatches));
        // The last part may draw sequences past the end; they are left out of the mean.
        sums.add(await readLosses(scratch, batch), Math.min(part, sequences - first));
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
  const train = await measure(STREAM.trainLoss, {
    longest: longestTrain,
    uniformLength,
    reads: pack.positions,
  });
  const test: Estimate[][] = [];
  for (const length of pack.test.lengths) {
    const spread = model.period;
    test.push(await measure(STREAM.test, { longest: length + spread - 1, length, spread, reads: 'last' }));
  }
  return { train, test, seconds: (performance.now() - began) / 1000 };
}

/**
 * Sequences of one evaluated batch when at most `most` fit: all, or an 8th, 64th, … of them, and not the most that fit. Every other size
 * is another arena, and every other arena of a model whose last layer takes one query another fifty kernels to compile.
 */
function partOf(sequences: number, most: number): number {
  let parts = 1;
  while (Math.ceil(sequences / parts) > Math.max(1, most)) parts *= 8;
  return Math.ceil(sequences / parts);
}

/** Losses of a batch [replicas · reads], which reads count, and where the reads of each sequence begin [replicas][sequences + 1]. */
interface Losses {
  losses: Float32Array;
  weights: Float32Array;
  starts: Uint32Array;
  rows: number;
}

async function readLosses(memory: Memory, { losses, weights, reads }: Batch): Promise<Losses> {
  return {
    losses: new Float32Array(await memory.read(losses)),
    weights: new Float32Array(await memory.read(weights)),
    starts: new Uint32Array(await memory.read(reads.starts)),
    rows: reads.rows,
  };
}

/** Sums over sequences in float64, a replica: of L_b, the loss of sequence b over its n_b reads that count, of n_b, and of their products. */
class Sums {
  private count = 0;
  private readonly replicas: { L: number; n: number; LL: number; Ln: number; nn: number }[];

  constructor(replicas: number) {
    this.replicas = Array.from({ length: replicas }, () => ({ L: 0, n: 0, LL: 0, Ln: 0, nn: 0 }));
  }

  /** Adds the first `used` sequences of each replica. */
  add({ losses, weights, starts, rows }: Losses, used: number): void {
    this.count += used;
    const perReplica = starts.length / this.replicas.length;
    this.replicas.forEach((sums, r) => {
      for (let b = 0; b < used; b++) {
        let L = 0;
        let n = 0;
        const first = r * rows + starts[r * perReplica + b]!;
        const end = r * rows + starts[r * perReplica + b + 1]!;
        for (let row = first; row < end; row++) {
          L += losses[row]!;
          n += weights[row]!;
        }
        sums.L += L;
        sums.n += n;
        sums.LL += L * L;
        sums.Ln += L * n;
        sums.nn += n * n;
      }
    });
  }

  /** Mean over all reads, as training has it, with the standard error of a ratio of means over sequences. */
  estimates(): Estimate[] {
    const { count } = this;
    return this.replicas.map(({ L, n, LL, Ln, nn }) => {
      const loss = L / n;
      if (!Number.isFinite(loss)) return { loss: null, stderr: null };
      const residual = Math.max(0, LL - 2 * loss * Ln + loss * loss * nn) / Math.max(1, count - 1);
      const stderr = Math.sqrt(residual / count) / (n / count);
      return { loss, stderr: Number.isFinite(stderr) ? stderr : null };
    });
  }
}
