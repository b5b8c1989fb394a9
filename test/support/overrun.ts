import { dispatch, submit } from '../../src/engine/dispatch.ts';
import type { Operations } from '../../src/engine/engine.ts';
import { Memory } from '../../src/engine/memory.ts';
import { compile } from '../../src/engine/shader.ts';
import type { TestEvent, TestRequest } from './protocol.ts';

/** Writes words 1 to 4 of a buffer of four into its words 0 to 3. */
const SHIFT = `
@group(0) @binding(0) var<storage, read_write> words: array<u32>;
@compute @workgroup_size(4)
fn main(@builtin(local_invocation_index) i: u32) { words[i] = words[i + 1u]; }`;

export const overrun: Operations<TestRequest, TestEvent>['overrun'] = async device => {
  const memory = new Memory(device);
  try {
    const pipeline = await compile(device.gpu, 'overrun', {}, [{ name: 'overrun', text: SHIFT }]);
    submit(device.gpu, [dispatch(device.gpu, pipeline, [memory.storage('words', 4)], 1, 1)]);
    await device.gpu.queue.onSubmittedWorkDone();
    return { event: 'probed', adapter: device.adapter };
  } finally {
    memory.destroy();
  }
};
