import type { Device } from '../../src/engine/device.ts';
import { Memory } from '../../src/engine/memory.ts';
import type { TestEvent, TestRequest } from './protocol.ts';

type Faults = Omit<Extract<TestRequest, { op: 'faults' }>, 'op' | 'adapter'>;

let faults: Faults = {};

/** A quiet NaN; as an integer, an index far beyond every buffer. */
const NAN_BITS = 0x7fc00000;

const { storage } = Memory.prototype;
Memory.prototype.storage = function (label, words) {
  const buffer = storage.call(this, label, words);
  if (faults.poison)
    this.device.gpu.queue.writeBuffer(buffer, 0, new Uint32Array(buffer.size / 4).fill(NAN_BITS));
  return buffer;
};

/** Has things go wrong in the requests that follow. */
export async function setFaults(
  { adapter: info }: Device,
  { op: _, adapter: __, ...wanted }: Extract<TestRequest, { op: 'faults' }>,
): Promise<Extract<TestEvent, { event: 'probed' }>> {
  faults = wanted;
  return { event: 'probed', adapter: info };
}
