import type { EngineEvent, Pack } from '../shared/protocol.ts';
import { STREAM } from '../shared/random.ts';
import { taskOf } from '../tasks/registry.ts';
import type { Device } from './device.ts';
import { dispatch, submit } from './dispatch.ts';
import { Memory } from './memory.ts';
import { FORWARD_KERNELS, rowsForward, rowsLoss, tablesForward, type Weights } from './one-layer.ts';
import { compilePrograms } from './programs.ts';
import { uploadReplicas } from './replicas.ts';
import { allocateRows, type BatchShape, batchUniform, rowBytes } from './rows.ts';

const EVALUATE_KERNELS = [...FORWARD_KERNELS, 'loss', 'sample', 'target'] as const;

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
): Promise<Evaluation> {
  const began = performance.now();
  const { model, arena } = weights;
  const programs = await compilePrograms(device.gpu, EVALUATE_KERNELS, {
    model,
    arena,
    task: taskOf(pack.task),
    law: pack.law,
    loss: pack.loss,
  });
  const memory = new Memory(device);
  submit(device.gpu, await tablesForward(device.gpu, weights));
  const longestTrain = Math.max(...pack.replicas.map(replica => replica.trainLength));
  const total = pack.test.lengths.length + 1;
  let done = 0;

  const measure = async (stream: number, shape: Omit<BatchShape, 'rows'>): Promise<Estimate[]> => {
    const scratch = new Memory(device);
    try {
      const sums = new Sums(weights.replicas);
      const sequences = pack.test.sequences;
      const fitting = Math.floor(BATCH_BYTES / (weights.replicas * rowBytes(model, shape.longest)));
      const chunk = Math.max(1, Math.min(sequences, fitting));
      const rows = allocateRows(scratch, model, weights.replicas, { ...shape, rows: chunk }, false);
      const table = uploadReplicas(scratch, pack, pack.replicas, stream);
      const clock = scratch.upload('clock', Uint32Array.of(shape.length ?? 0, 0));
      const { batch, lengths, tokens, targets } = rows;
      const dispatches = [
        dispatch(device.gpu, programs.sample, [batch, table, clock, lengths, tokens], chunk, weights.replicas),
        dispatch(device.gpu, programs.target, [batch, table, lengths, tokens, targets], chunk, weights.replicas),
        ...rowsForward(scratch, programs, weights, rows),
        ...rowsLoss(scratch, programs, rows),
      ];
      for (let first = 0; first < sequences; first += chunk) {
        device.gpu.queue.writeBuffer(batch, 0, batchUniform({ ...shape, rows: chunk, firstSequence: first }));
        submit(device.gpu, dispatches);
        // The last chunk may draw sequences past the end; they are left out of the mean.
        sums.add(new Float32Array(await scratch.read(rows.losses)), chunk, Math.min(chunk, sequences - first));
      }
      done++;
      emit({ event: 'progress', phase: 'test', done, total, sequencesPerSecond: 0, curve: [] });
      return sums.estimates();
    } finally {
      scratch.destroy();
    }
  };

  try {
    const uniformLength = pack.lengthMode === 'uniform';
    const train = await measure(STREAM.trainLoss, { longest: longestTrain, uniformLength });
    const test: Estimate[][] = [];
    for (const length of pack.test.lengths) {
      const spread = model.period;
      test.push(await measure(STREAM.test, { longest: length + spread - 1, length, spread }));
    }
    return { train, test, seconds: (performance.now() - began) / 1000 };
  } finally {
    memory.destroy();
  }
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
