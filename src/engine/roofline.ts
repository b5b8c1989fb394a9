import { median } from 'simple-statistics';
import copySource from '../../shaders/roofline_copy.wgsl?raw';
import countSource from '../../shaders/roofline_count.wgsl?raw';
import expSource from '../../shaders/roofline_exp.wgsl?raw';
import scalarSource from '../../shaders/roofline_fma_scalar.wgsl?raw';
import vectorSource from '../../shaders/roofline_fma_vector.wgsl?raw';
import workSource from '../../shaders/roofline_work.wgsl?raw';
import type { Roofline } from '../shared/protocol.ts';
import type { Device } from './device.ts';
import { type Dispatch, dispatchGroups, submit } from './dispatch.ts';
import { EngineFailure } from './failure.ts';
import { Memory } from './memory.ts';
import { type Constants, compile, type Source, u32 } from './shader.ts';

/** Timed repetitions of each measurement; the median counts. */
const SAMPLES = 5;
/** What a timed submission is meant to take: long beside a round trip, short beside a driver's patience. */
const TARGET_MS = 40;

/** Workgroups of 64 threads: enough for every core of a large GPU. */
const GROUPS = 4096;
const THREADS = 64 * GROUPS;
/** Rounds that keep every sum of the FMA kernels below 2^24, where float32 counts exactly. */
const MOST_ROUNDS = 2 ** 16;
/** Multiply-adds of a chain in a round, and chains: what was fastest on SwiftShader. */
const UNROLL = 16;
const SCALAR_CHAINS = 12;
const VECTOR_CHAINS = 2;
/** 8 chains of 2 exponentials. */
const EXPS_A_ROUND = 8 * 2;
/** The root of x = exp(−x/2). */
const EXP_ROOT = 0.703467422498;
const EXP_TOLERANCE = 1e-5;

/** Bytes copied, where the adapter can bind that much: beyond any cache of a software adapter's host. */
const COPY_BYTES = 2 ** 27;
const COPY_PER_THREAD = 8;
const MOST_DISPATCHES = 4096;
const MOST_SUBMITS = 512;

/**
 * What the device can do at best: arithmetic, memory, exponentials, and what asking costs. Each kernel's result is checked,
 * so that a driver which leaves the work out, or does it wrong, is an error and not a record. Takes 2-3 s on SwiftShader.
 * @throws EngineFailure `internal` when a kernel's result is wrong.
 */
export async function measureRoofline(device: Device): Promise<Roofline> {
  const memory = new Memory(device);
  try {
    const clock = await clockOf(device, memory);
    const submitAndWaitMs = median(await samples(SAMPLES * 3, () => clock.time(1, 1)));
    // Of a long enough job, a round trip's own cost is taken off.
    const net = (ms: number) => Math.max(ms - submitAndWaitMs, ms / 2);
    const work = { device, memory, net };
    const vector = await arithmetic(
      work,
      { name: 'roofline_fma_vector.wgsl', text: vectorSource },
      VECTOR_CHAINS,
      4,
    );
    const scalar = await arithmetic(
      work,
      { name: 'roofline_fma_scalar.wgsl', text: scalarSource },
      SCALAR_CHAINS,
      1,
    );
    const costs = await clock.costs(net);
    return {
      gflops: Math.max(vector, scalar),
      gflopsVector: vector,
      gflopsScalar: scalar,
      gbytesPerSecond: await bandwidth(work),
      gexpPerSecond: await exponentials(work),
      ...costs,
      submitAndWaitMs,
    };
  } finally {
    memory.destroy();
  }
}

const WORK: Source = { name: 'roofline_work.wgsl', text: workSource };

interface Work {
  device: Device;
  memory: Memory;
  /** Milliseconds of a job without its round trip. */
  net: (ms: number) => number;
}

/** Multiply-adds of that many chains of `width` numbers, GFLOP/s. */
function arithmetic(work: Work, source: Source, chains: number, width: number): Promise<number> {
  const constants = { CHAINS: u32(chains), UNROLL: u32(UNROLL) };
  const flops = 2 * chains * width * UNROLL;
  const isRight = (value: number, thread: number, count: number) =>
    value === chains * width * ((thread & 7) + UNROLL * count);
  return rounds(work, source, constants, [1, 1], flops, isRight);
}

/** Exponentials, 10^9 a second. */
function exponentials(work: Work): Promise<number> {
  const source = { name: 'roofline_exp.wgsl', text: expSource };
  return rounds(
    work,
    source,
    {},
    [-0.5, 0],
    EXPS_A_ROUND,
    value => Math.abs(value - EXP_ROOT) < EXP_TOLERANCE,
  );
}

/** 10^9 operations a second of a kernel that does `perRound` a thread in each of as many rounds as fill the target. */
async function rounds(
  { device, memory, net }: Work,
  source: Source,
  constants: Constants,
  [scale, shift]: [number, number],
  perRound: number,
  isRight: (value: number, thread: number, rounds: number) => boolean,
): Promise<number> {
  const { gpu } = device;
  const pipeline = await compile(gpu, source.name, constants, [WORK, source]);
  const settings = memory.storage('roofline settings', 4);
  const out = memory.storage('roofline out', THREADS);
  const job = [dispatchGroups(gpu, pipeline, [settings, out], GROUPS, 1)];
  const set = (count: number) => {
    const words = new ArrayBuffer(16);
    new Uint32Array(words)[0] = count;
    new Float32Array(words).set([scale, shift], 1);
    gpu.queue.writeBuffer(settings, 0, words);
  };
  const count = await fill(16, MOST_ROUNDS, n => {
    set(n);
    return timed(device, job);
  });
  set(count);
  const ms = net(median(await samples(SAMPLES, () => timed(device, job))));
  const values = new Float32Array(await memory.read(out));
  const wrong = values.findIndex((value, thread) => !isRight(value, thread, count));
  if (wrong >= 0) throw wrongResult(source.name, `${values[wrong]} in thread ${wrong}`);
  return (count * perRound * THREADS) / ms / 1e6;
}

/** GB/s of a copy by a kernel, bytes read and bytes written both counted. */
async function bandwidth({ device, memory, net }: Work): Promise<number> {
  const { gpu, adapter } = device;
  const step = 64 * 16 * COPY_PER_THREAD;
  const { maxStorageBufferBindingSize: binding, maxComputeWorkgroupsPerDimension: groups } = adapter.limits;
  const bytes = Math.floor(Math.min(COPY_BYTES, binding!, step * groups!) / step) * step;
  const pipeline = await compile(gpu, 'roofline_copy', { PER_THREAD: u32(COPY_PER_THREAD) }, [
    { name: 'roofline_copy.wgsl', text: copySource },
  ]);
  const source = memory.storage('roofline copied', bytes / 4);
  const to = memory.storage('roofline copy', bytes / 4);
  const last = new Uint32Array(64).map((_, i) => (i + 1) * 0x9e3779b1);
  gpu.queue.writeBuffer(source, bytes - last.byteLength, last);
  const job = [dispatchGroups(gpu, pipeline, [source, to], bytes / step, 1)];
  const times = await fill(1, 64, n => timed(device, job, n));
  const ms = net(median(await samples(SAMPLES, () => timed(device, job, times))));
  const copied = new Uint32Array(await memory.read(to, last.byteLength, bytes - last.byteLength));
  if (copied.some((word, i) => word !== last[i])) throw wrongResult('roofline_copy.wgsl', 'another word');
  return (2 * bytes * times) / ms / 1e6;
}

/** Times dispatches that do next to nothing: `submits` command buffers of `dispatches` each, and a wait. */
async function clockOf(device: Device, memory: Memory) {
  const { gpu } = device;
  const counter = memory.storage('roofline count', 4);
  const pipeline = await compile(gpu, 'roofline_count', {}, [
    { name: 'roofline_count.wgsl', text: countSource },
  ]);
  const job = [dispatchGroups(gpu, pipeline, [counter], 1, 1)];
  let expected = 0;
  const time = (dispatches: number, submits: number) => {
    expected += dispatches * submits;
    return timed(device, job, dispatches, submits);
  };
  await time(1, 1);
  return {
    time,
    /** Microseconds of one dispatch inside a pass, and of one command buffer with one dispatch in it. */
    async costs(net: (ms: number) => number) {
      const dispatches = await fill(16, MOST_DISPATCHES, n => time(n, 1));
      const dispatchMs = net(median(await samples(SAMPLES, () => time(dispatches, 1))));
      const submits = await fill(8, MOST_SUBMITS, n => time(1, n));
      const submitMs = net(median(await samples(SAMPLES, () => time(1, submits))));
      const [counted] = new Uint32Array(await memory.read(counter, 4));
      if (counted !== expected)
        throw wrongResult('roofline_count.wgsl', `${counted} dispatches of ${expected}`);
      return { dispatchMicros: (1000 * dispatchMs) / dispatches, submitMicros: (1000 * submitMs) / submits };
    },
  };
}

/** Milliseconds from the first of `submits` submissions to the end of the last, each doing the job `times` over. */
async function timed(device: Device, job: Dispatch[], times = 1, submits = 1): Promise<number> {
  const { gpu, failed } = device;
  const began = performance.now();
  for (let i = 0; i < submits; i++) submit(gpu, job, times);
  await Promise.race([gpu.queue.onSubmittedWorkDone(), failed]);
  return performance.now() - began;
}

/** The amount of work that takes about the target, found by growing it from `least`. */
async function fill(least: number, most: number, time: (amount: number) => Promise<number>): Promise<number> {
  let amount = least;
  // Never more than eightfold at once: a first run may be slow for reasons of its own.
  for (;;) {
    const ms = await time(amount);
    if (ms >= TARGET_MS / 2 || amount >= most) return amount;
    amount = Math.min(most, Math.ceil(amount * Math.min(8, (1.2 * TARGET_MS) / Math.max(ms, 0.01))));
  }
}

async function samples(count: number, time: () => Promise<number>): Promise<number[]> {
  const taken: number[] = [];
  for (let i = 0; i < count; i++) taken.push(await time());
  return taken;
}

function wrongResult(kernel: string, what: string): EngineFailure {
  return new EngineFailure('internal', `${kernel} gives wrong results on this adapter: ${what}`);
}
