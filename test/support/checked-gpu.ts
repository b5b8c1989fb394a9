import type { Device } from '../../src/engine/device.ts';
import type { Operations } from '../../src/engine/engine.ts';
import { EngineFailure } from '../../src/engine/failure.ts';
import type { TestEvent, TestRequest } from './protocol.ts';

/*
 * The engines that ship switch off WGSL's bounds checks (shared/unchecked.ts). Here every index that a kernel uses is looked at
 * instead: source is rewritten on its way to the driver so that `name[i]` of a binding or workgroup array counts an `i` past its end
 * in a buffer of our own, and the engine of the tests fails the request that did it.
 */

/** Where the counters bind: a number that no kernel uses. */
const BINDING = 31;
const KERNELS = 1024;

/** Names of kernels, in the order of their counters. */
const labels: string[] = [];
const counters = new WeakMap<GPUDevice, GPUBuffer>();

const countersOf = (device: GPUDevice): GPUBuffer => {
  const { STORAGE, COPY_SRC, COPY_DST } = GPUBufferUsage;
  const known =
    counters.get(device) ?? device.createBuffer({ size: 4 * KERNELS, usage: STORAGE | COPY_SRC | COPY_DST });
  counters.set(device, known);
  return known;
};

/** Has every index of every kernel compiled from here on looked at. Call before a device is opened. */
export function checkBounds(): void {
  const { createShaderModule, createBindGroup } = GPUDevice.prototype;
  GPUDevice.prototype.createShaderModule = function (descriptor) {
    const label = descriptor.label ?? 'unnamed';
    const number = labels.includes(label) ? labels.indexOf(label) : labels.push(label) - 1;
    if (number >= KERNELS) throw new Error('more kernels than counters');
    return createShaderModule.call(this, { ...descriptor, code: checkedSource(descriptor.code, number) });
  };
  GPUDevice.prototype.createBindGroup = function (descriptor) {
    const own = { binding: BINDING, resource: { buffer: countersOf(this) } };
    return createBindGroup.call(this, { ...descriptor, entries: [...descriptor.entries, own] });
  };
}

type Operation = (device: Device, ...asked: never[]) => Promise<TestEvent>;

/** The same operations, failing where one of their kernels went past the end of something. */
export function withinBounds(operations: Operations<TestRequest, TestEvent>): typeof operations {
  const checked = Object.entries<Operation>(operations).map(([op, operation]) => {
    const run: Operation = async (device, ...asked) => {
      const answer = await operation(device, ...asked);
      const past = await outOfBounds(device.gpu);
      if (past.length > 0) throw new EngineFailure('internal', `out of bounds: ${past.join('; ')}`);
      return answer;
    };
    return [op, run];
  });
  return Object.fromEntries(checked) as typeof operations;
}

/** Kernels that went past the end of something since the last call, with how often. */
async function outOfBounds(device: GPUDevice): Promise<string[]> {
  const size = 4 * KERNELS;
  const read = device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(countersOf(device), 0, read, 0, size);
  encoder.clearBuffer(countersOf(device));
  device.queue.submit([encoder.finish()]);
  await read.mapAsync(GPUMapMode.READ);
  const counts = [...new Uint32Array(read.getMappedRange())];
  read.destroy();
  return counts.flatMap((count, i) => (count > 0 ? [`${labels[i]}: ${count} indices past the end`] : []));
}

/** WGSL that counts in counter `number` every index past the end of its bindings and workgroup arrays, and takes the last element there. */
export function checkedSource(code: string, number: number): string {
  const bound = [...code.matchAll(/var<storage[^>]*>\s*(\w+)\s*:\s*array</g)].map(([, name]) => ({
    name: name!,
    length: `arrayLength(&${name})`,
  }));
  const shared = [...code.matchAll(/var<workgroup>\s*(\w+)\s*:\s*array<.*,\s*([^,>]+)>;/g)].map(
    ([, name, length]) => ({ name: name!, length: `u32(${length})` }),
  );
  const arrays = [...bound, ...shared];
  const guards = arrays.map(
    ({ name, length }) => `fn within_${name}(i: u32) -> u32 {
  if (i >= ${length}) { atomicAdd(&indices_past[${number}], 1u); }
  return min(i, ${length} - 1u);
}`,
  );
  const counter = `@group(0) @binding(${BINDING}) var<storage, read_write> indices_past: array<atomic<u32>, ${KERNELS}>;`;
  const checked = checkedIndices(code, new Set(arrays.map(({ name }) => name)));
  // The pipeline's layout has the counters only where they are mentioned.
  const mentioned = checked.replace(/(fn main\([^{]*\{)/, '$1 _ = &indices_past;');
  return [mentioned, counter, ...guards].join('\n');
}

/** `name[i]` as `name[within_name(i)]`, for the arrays named, also within the index of another. */
function checkedIndices(code: string, names: Set<string>): string {
  const match = [...code.matchAll(/(?<![.\w])(\w+)\[/g)].find(([, found]) => names.has(found!));
  if (!match) return code;
  const name = match[1]!;
  const open = match.index + name.length;
  let depth = 0;
  let end = open;
  do {
    if (code[end] === '[') depth++;
    if (code[end] === ']') depth--;
    end++;
  } while (depth > 0);
  const index = checkedIndices(code.slice(open + 1, end - 1), names);
  return `${code.slice(0, open)}[within_${name}(${index})]${checkedIndices(code.slice(end), names)}`;
}
