import { initialise, learningRateMultipliers } from '../model/initialise.ts';
import { pathsOf } from '../model/paths.ts';
import { learningRateFactor } from '../model/schedule.ts';
import type { EngineEvent, Pack, PackState } from '../shared/protocol.ts';
import { STREAM } from '../shared/random.ts';
import { lengthsOf, tokensOf } from '../shared/task.ts';
import { allocateBatch, type BatchShape } from './batch.ts';
import type { Device } from './device.ts';
import { type Dispatch, inOrder } from './dispatch.ts';
import { offsetsOf, specialisationOf } from './draw.ts';
import type { Want } from './engine.ts';
import { Feed, sequencesPass } from './feed.ts';
import { Kernels, RING } from './kernels.ts';
import { gradientPass } from './layers/network.ts';
import { Memory } from './memory.ts';
import { Pace } from './pace.ts';
import { uploadReplicas } from './replicas.ts';
import { Standing, type StandingOptions, writeStates } from './standing.ts';
import { allocateWeights, type Weights } from './weights.ts';

type Progress = Extract<EngineEvent, { event: 'progress' }>;

/** What training leaves behind. Its weights live in `memory`. */
export interface Trained {
  weights: Weights;
  standing: Standing;
  seconds: number;
}

/** The weights that a pack begins with, or goes on from. */
function startingWeights(memory: Memory, pack: Pack, resume?: PackState): Weights {
  const { model, phiInit, baseWidth, replicas } = pack;
  const paths = pathsOf(model, pack.positions);
  const weights = allocateWeights(memory, model, paths, replicas.length, pack.batch);
  if (resume) writeStates(memory, weights, resume.replicas);
  else
    replicas.forEach(({ seed }, r) => {
      const initial = initialise(model, { phiInit, baseWidth, seed }) as Float32Array<ArrayBuffer>;
      memory.device.gpu.queue.writeBuffer(weights.buffer, r * weights.arena.stride * 4, initial);
    });
  return weights;
}

/** Adam's schedule: rate factor and bias corrections of every step, as shaders/adam.wgsl reads them. */
function scheduleTable({ optimiser, steps }: Pack): Float32Array<ArrayBuffer> {
  const table = new Float32Array(4 * steps);
  for (let t = 1; t <= steps; t++) {
    const { beta1, beta2 } = optimiser;
    table.set(
      [learningRateFactor(t, optimiser, steps), 1 / (1 - beta1 ** t), 1 / (1 - beta2 ** t)],
      4 * (t - 1),
    );
  }
  return table;
}

/** Everything that a training run needs on the device: weights, and the dispatches of one optimiser step. */
export interface Training {
  weights: Weights;
  /** Steps done, and the slot of the ring for the next. */
  clock: GPUBuffer;
  step: Dispatch[];
  /** Mean batch losses [RING, replicas], a slot a step. */
  ring: GPUBuffer;
  /** What has to hold a step before it is taken, where sequences are made on the host. */
  feed: Feed | undefined;
}

/**
 * Prepares a pack whose sequences are drawn on the device for training: weights in `memory`, which outlives training, the rest in
 * `scratch`.
 */
export async function prepareTraining(memory: Memory, scratch: Memory, pack: Pack): Promise<Training> {
  return prepareSteps(scratch, pack, startingWeights(memory, pack), 0);
}

/** Everything for training steps after the first `done`. */
async function prepareSteps(
  scratch: Memory,
  pack: Pack,
  weights: Weights,
  done: number,
  want?: Want,
): Promise<Training> {
  const { model, arena, buffer, replicas } = weights;
  const kernels = new Kernels(scratch, weights, specialisationOf(pack));
  const batch = allocateBatch(scratch, model, replicas, {
    sequences: pack.batch,
    longest: tokensOf(lengthsOf(pack.task), Math.max(...pack.replicas.map(replica => replica.trainLength))),
    uniformLength: pack.lengthMode === 'uniform',
    reads: pack.positions,
    whole: true,
  });
  const table = uploadReplicas(scratch, pack.replicas, STREAM.train);
  const clock = scratch.upload('clock', Uint32Array.of(done, done % RING));
  const ring = scratch.storage('loss ring', RING * replicas);
  const norms = scratch.storage('gradient norms', replicas);
  const schedule = scratch.upload('schedule', scheduleTable(pack));
  const rates = learningRateMultipliers(model, pack.baseWidth) as Float32Array<ArrayBuffer>;
  const multipliers = scratch.upload('multipliers', rates);
  const { losses, labels, reads } = batch;
  const single = { groups: 1, replicas: 1 };
  const feed = want && feedOf(scratch, pack, batch.shape, want);
  const step = await inOrder([
    sequencesPass(kernels, batch, { task: pack.task, offsets: offsetsOf(pack), feed }, table, clock),
    gradientPass(kernels, batch),
    kernels.run(
      'lossMean',
      { space: reads.space, clock, losses, labels, ring },
      { groups: replicas, replicas: 1 },
    ),
    kernels.run('gradientNorm', { arena: buffer, norms }, { groups: replicas, replicas: 1 }),
    kernels.run(
      'adam',
      { clock, schedule, replicas: table, multipliers, norms, arena: buffer },
      { threads: arena.parameterFloats / 4 },
    ),
    kernels.run('advance', { clock }, single),
  ]);
  return { weights, clock, step, ring, feed };
}

/** What feeds the training of a pack, where its sequences are made on the host. */
function feedOf(
  memory: Memory,
  { task, replicas, model: { outputs } }: Pack,
  shape: BatchShape,
  want: Want,
): Feed | undefined {
  if (task.source === 'device') return undefined;
  return new Feed(memory, want, { task, point: null, replicas: replicas.length, outputs, shape });
}

/** How a pack is trained, besides what it is. */
export interface TrainOptions extends Omit<StandingOptions, 'emit'> {
  emit: (event: EngineEvent) => void;
  want: Want;
  /** Where to go on; the beginning unless given. */
  resume?: PackState | undefined;
  /** How long a submission should take. */
  submissionMs?: number | undefined;
}

/**
 * Trains all replicas of a pack together. Data is sampled on the device, many steps go into one submission, and only
 * the loss ring is read back, once a submission. Deterministic: equal packs on equal adapters give equal bits, in one go or resumed.
 * A replica whose loss stops being finite is noted and goes on by itself; no sum runs over replicas.
 * @throws EngineFailure when the device is lost or memory runs out.
 */
export async function trainPack(
  device: Device,
  memory: Memory,
  pack: Pack,
  options: TrainOptions,
): Promise<Trained> {
  const { resume, profiler, want } = options;
  const scratch = new Memory(device);
  const weights = startingWeights(memory, pack, resume);
  const standing = new Standing(memory, weights, options, resume);
  // Training that had ended needs no kernels any more.
  if (standing.step === pack.steps) return { weights, standing, seconds: 0 };
  try {
    const prepare = () => prepareSteps(scratch, pack, weights, standing.step, want);
    const training = await (profiler ? profiler.during('compile', prepare) : prepare());
    return { weights, standing, seconds: await loop(device, scratch, training, pack, standing, options) };
  } finally {
    scratch.destroy();
  }
}

/** Takes steps, as many at a time as their pace allows, and turns the loss ring into progress events. Gives the time that took. */
async function loop(
  device: Device,
  memory: Memory,
  { step, ring, feed }: Training,
  pack: Pack,
  standing: Standing,
  { emit, profiler, submissionMs }: TrainOptions,
): Promise<number> {
  const replicas = pack.replicas.length;
  const began = performance.now();
  const pace = new Pace(device, submissionMs, profiler);
  const read = () => memory.read(ring);
  const readLosses = () => (profiler ? profiler.during('read losses', read) : read());
  while (standing.step < pack.steps) {
    const done = standing.step;
    const submitted = performance.now();
    const hold = async () => (feed ? feed.holdStep(done, pack.steps) : RING);
    const held = await (profiler && feed ? profiler.during('wait for sequences', hold) : hold());
    const most = Math.min(RING, pack.steps - done, held);
    const { times: steps, result } = await pace.run(step, most, readLosses);
    const losses = new Float32Array(result);
    const elapsedMs = performance.now() - submitted;

    const curve: Progress['curve'] = [];
    for (let s = done; s < done + steps; s++) {
      const at = losses.subarray((s % RING) * replicas, (s % RING) * replicas + replicas);
      at.forEach((loss, r) => {
        if (!Number.isFinite(loss)) standing.divergedAtStep[r] ??= s + 1;
      });
      if ((s + 1) % pack.logEvery === 0 || s + 1 === pack.steps) {
        curve.push({ step: s + 1, losses: Array.from(at, loss => (Number.isFinite(loss) ? loss : null)) });
      }
    }
    standing.step += steps;
    emit({
      event: 'progress',
      phase: 'train',
      done: standing.step,
      total: pack.steps,
      sequencesPerSecond: (steps * pack.batch * replicas * 1000) / elapsedMs,
      curve,
    });
    if (standing.step < pack.steps) await standing.look();
  }
  await standing.ended();
  return (performance.now() - began) / 1000;
}
