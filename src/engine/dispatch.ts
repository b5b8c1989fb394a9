/**
 * Multiply-adds of a dispatch or a submission, about, at most: tenths of a second of a small GPU, where a driver's watchdog takes the
 * device away after two.
 */
export const DISPATCH_MULTIPLY_ADDS = 2 ** 34;
/** What a workgroup of 64 threads comes to where nothing more is known: a row of a wide layer a thread. */
const GROUP_MULTIPLY_ADDS = 2 ** 18;

/** One dispatch, ready to be recorded: workgroups along x, replicas (or their groups) along y, blocks along z. */
export interface Dispatch {
  pipeline: GPUComputePipeline;
  bindings: GPUBindGroup;
  x: number;
  y: number;
  z: number;
  /** What it does, about. */
  multiplyAdds: number;
}

/** Threads of a workgroup in every shader that works on rows or elements. */
export const WORKGROUP = 64;

/** A dispatch of at least `threads` threads for each of `replicas`. Buffers bind by their place in the list, which may have gaps. */
export function dispatch(
  gpu: GPUDevice,
  pipeline: GPUComputePipeline,
  buffers: GPUBuffer[],
  threads: number,
  replicas: number,
  blocks = 1,
): Dispatch {
  return dispatchGroups(gpu, pipeline, buffers, Math.ceil(threads / WORKGROUP), replicas, blocks);
}

/** As `dispatch`, with the number of workgroups given. */
export function dispatchGroups(
  gpu: GPUDevice,
  pipeline: GPUComputePipeline,
  buffers: GPUBuffer[],
  x: number,
  y: number,
  z = 1,
): Dispatch {
  const bindings = gpu.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: buffers.flatMap((buffer, binding) => [{ binding, resource: { buffer } }]),
  });
  return { pipeline, bindings, x, y, z, multiplyAdds: x * y * z * GROUP_MULTIPLY_ADDS };
}

/** Dispatches in order, compiled side by side. */
export async function inOrder(steps: (Promise<Dispatch | Dispatch[]> | Dispatch[])[]): Promise<Dispatch[]> {
  return (await Promise.all(steps)).flat();
}

/** Records one dispatch. */
export function encode(pass: GPUComputePassEncoder, { pipeline, bindings, x, y, z }: Dispatch): void {
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindings);
  pass.dispatchWorkgroups(x, y, z);
}

/** Records dispatches into one compute pass, `times` over. */
export function record(encoder: GPUCommandEncoder, dispatches: Dispatch[], times = 1): void {
  const pass = encoder.beginComputePass();
  for (let i = 0; i < times; i++) {
    for (const each of dispatches) encode(pass, each);
  }
  pass.end();
}

/** Submits dispatches as one command buffer. */
export function submit(gpu: GPUDevice, dispatches: Dispatch[], times = 1): void {
  const encoder = gpu.createCommandEncoder();
  record(encoder, dispatches, times);
  gpu.queue.submit([encoder.finish()]);
}

/** Submits dispatches of which no time is known: in as many command buffers as keep each far below a driver's watchdog. */
export function submitInParts(gpu: GPUDevice, dispatches: Dispatch[]): void {
  for (const part of partsOf(dispatches)) submit(gpu, part);
}

/** Stretches of a list, in order, of at most so many multiply-adds each or of one dispatch. */
export function partsOf(dispatches: Dispatch[], most = DISPATCH_MULTIPLY_ADDS): Dispatch[][] {
  const parts: Dispatch[][] = [];
  let room = 0;
  for (const each of dispatches) {
    if (parts.length === 0 || each.multiplyAdds > room) {
      parts.push([]);
      room = most;
    }
    parts.at(-1)!.push(each);
    room -= each.multiplyAdds;
  }
  return parts;
}
