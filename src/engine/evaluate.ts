import { pathsOf } from '../model/paths.ts';
import type { Pack, Positions } from '../shared/protocol.ts';
import { STREAM } from '../shared/random.ts';
import { hasClasses, lengthsOf, testLengths, tokensOf } from '../shared/task.ts';
import { allocateBatch, type Batch, type BatchShape, batchUniform } from './batch.ts';
import type { Device } from './device.ts';
import { inOrder } from './dispatch.ts';
import { offsetsOf, specialisationOf } from './draw.ts';
import { Feed, sequencesPass } from './feed.ts';
import { Kernels } from './kernels.ts';
import { correctPass, forwardPass, lossPass } from './layers/network.ts';
import { sequenceBytes } from './layers/sequence-bytes.ts';
import { Memory } from './memory.ts';
import { Pace } from './pace.ts';
import { uploadReplicas } from './replicas.ts';
import { type Estimate, type Losses, LossSums } from './sums.ts';
import type { Trained, TrainOptions } from './train.ts';
import { weightsFor } from './weights.ts';

/** Sums of a point under way are told this often. */
const TOLD_MS = 1000;

/** Bytes that one evaluated batch may take, so that long test lengths go through in chunks. */
const BATCH_BYTES = 96 * 2 ** 20;

/** What is measured of each replica: fresh sequences of the training distribution, and every test length. */
export interface Evaluation {
  train: Estimate[];
  /** `test[length][replica]` in the order of `pack.test.lengths`. */
  test: Estimate[][];
  /** Reads of a training sequence that carry a target, in the mean. */
  labels: number[];
  seconds: number;
}

/**
 * Losses of trained replicas, and of classes how often they are right. Test sequences out of files are each evaluated once, at all their
 * targets. Others of nominal length T have lengths T−span+1 … T+Δ−1 in equal parts, those that there are, so that every
 * residue of the last position is met (docs/theory.md §9); a longer one goes on where the shorter one of its number ends, so one set of
 * strings gives all lengths. Points that `resume` has finished are not evaluated again, and one under way goes on with the first sequence
 * that it lacks.
 */
export async function evaluatePack(
  device: Device,
  pack: Pack,
  { weights, standing }: Pick<Trained, 'weights' | 'standing'>,
  { emit, want, profiler, resume, submissionMs }: TrainOptions,
): Promise<Evaluation> {
  const began = performance.now();
  const { gpu } = device;
  const { task } = pack;
  const pace = new Pace(device, submissionMs, profiler);
  const { model, replicas } = weights;
  const longestTrain = Math.max(...pack.replicas.map(replica => replica.trainLength));
  const total = pack.test.lengths.length + 1;
  const classes = hasClasses(pack.task);
  const law = lengthsOf(pack.task);
  let done = 0;

  // Test sequences stand at the first row of an absolute encoding's table.
  const offsetsIn = (stream: number) => (stream === STREAM.test ? null : offsetsOf(pack));

  const fed = task.source === 'host' ? task.points : undefined;
  const sequencesOf = (point: number) => (fed ? fed[point]!.sequences : pack.test.sequences);

  const measure = async (
    stream: number,
    shape: Omit<BatchShape, 'sequences' | 'whole'>,
  ): Promise<LossSums> => {
    const point = done++;
    const sums = new LossSums(replicas, classes, resume?.tested[point]);
    if (sums.count < sequencesOf(point)) await evaluate(point, sums, stream, shape);
    emit({ event: 'progress', phase: 'test', done, total, sequencesPerSecond: 0, curve: [] });
    return sums;
  };

  const evaluate = async (
    point: number,
    sums: LossSums,
    stream: number,
    shape: Omit<BatchShape, 'sequences' | 'whole'>,
  ): Promise<void> => {
    const scratch = new Memory(device);
    let told = performance.now();
    try {
      const paths = pathsOf(model, shape.reads);
      const whole = shape.reads === 'every' || paths.includes('dense');
      const sequences = sequencesOf(point);
      const bytes = sequenceBytes(model, paths, { ...shape, whole });
      const work = paths.includes('dense') ? denseMultiplyAdds(model, shape.longest) : 1;
      const most = Math.min(BATCH_BYTES / bytes, device.dispatchMultiplyAdds / work) / replicas;
      const part = partOf(sequences, most);
      const kernels = new Kernels(scratch, weightsFor(scratch, weights, paths, part), specialisationOf(pack));
      const batch = allocateBatch(scratch, model, replicas, { ...shape, sequences: part, whole });
      const table = uploadReplicas(scratch, pack.replicas, stream);
      // The same for every test length: a longer test string goes on where the shorter one of its number ends.
      const clock = scratch.upload('clock', Uint32Array.of(0, 0));
      const correct = classes ? scratch.storage('correct', replicas * batch.reads.rows) : undefined;
      const feed =
        task.source === 'device'
          ? undefined
          : new Feed(scratch, want, {
              ...{ task, point, replicas, outputs: model.outputs },
              shape: { ...shape, sequences: part },
            });
      const dispatches = await inOrder([
        sequencesPass(kernels, batch, { task, offsets: offsetsIn(stream), feed }, table, clock),
        forwardPass(kernels, batch),
        lossPass(kernels, batch),
        ...(correct ? [correctPass(kernels, batch, correct)] : []),
      ]);
      for (let first = sums.count; first < sequences; first += part) {
        const drawn = { ...batch.shape, firstSequence: first };
        gpu.queue.writeBuffer(batch.batch, 0, batchUniform(drawn));
        await feed?.holdSequences(first, sequences);
        const { result } = await pace.run(dispatches, 1, () => readLosses(scratch, batch, correct));
        // The last part may draw sequences past the end; they are left out of the mean.
        sums.add(result, Math.min(part, sequences - first));
        await standing.look();
        if (sums.count === sequences || performance.now() - told > TOLD_MS) {
          told = performance.now();
          emit({ event: 'tested', point, sums: sums.carried(), seconds: standing.seconds });
        }
      }
    } finally {
      scratch.destroy();
    }
  };

  const uniformLength = pack.lengthMode === 'uniform';
  profiler?.begin('evaluate');
  const train = await measure(STREAM.trainLoss, {
    longest: tokensOf(law, longestTrain),
    uniformLength,
    reads: pack.positions,
  });
  const { lengths, span } = pack.test;
  const test: Estimate[][] = [];
  for (const [t, nominal] of lengths.entries()) {
    const own =
      task.source === 'host'
        ? { length: nominal, spread: 1 }
        : testLengths(task, { period: model.period, span }, nominal);
    const reads: Positions = fed ? fed[t + 1]!.reads : (pack.test.positions ?? 'last');
    const shape = { ...own, longest: tokensOf(law, own.length + own.spread - 1), reads };
    test.push((await measure(STREAM.test, shape)).estimates());
  }
  const seconds = (performance.now() - began) / 1000;
  return { train: train.estimates(), test, labels: train.labels(), seconds };
}

/** Multiply-adds of dense attention over one sequence, every query. */
function denseMultiplyAdds({ heads, width, keyWidth }: Pack['model'], length: number): number {
  return (heads * (keyWidth + width) * length * length) / 2;
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

async function readLosses(
  memory: Memory,
  { losses, weights, reads }: Batch,
  correct?: GPUBuffer,
): Promise<Losses> {
  return {
    ...(correct ? { correct: new Float32Array(await memory.read(correct)) } : {}),
    losses: new Float32Array(await memory.read(losses)),
    weights: new Float32Array(await memory.read(weights)),
    starts: new Uint32Array(await memory.read(reads.starts)),
    rows: reads.rows,
  };
}
