import type { Operations } from '../../src/engine/engine.ts';
import { EngineFailure } from '../../src/engine/failure.ts';
import { Memory } from '../../src/engine/memory.ts';
import type { TestEvent, TestRequest } from './protocol.ts';

type Ops = Operations<TestRequest, TestEvent>;
type Faults = Omit<Extract<TestRequest, { op: 'faults' }>, 'op' | 'adapter'>;

let faults: Faults = {};

export const setFaults: Ops['faults'] = async ({ adapter: info }, { op: _, adapter: __, ...wanted }) => {
  faults = wanted;
  return { event: 'probed', adapter: info };
};

/** Training in which things go wrong as `setFaults` was told. */
export function withFaults(train: Ops['train']): Ops['train'] {
  return (device, request, emit, state, want) => {
    const { adapter } = device;
    const { bindingBytes = adapter.limits.maxStorageBufferBindingSize!, loseAfter } = faults;
    const limits = { ...adapter.limits, maxStorageBufferBindingSize: bindingBytes };
    const tell: typeof emit = event => {
      emit(event);
      if (event.event !== 'progress' || !loseAfter) return;
      if (event.phase === loseAfter.phase && event.done >= loseAfter.done)
        throw new EngineFailure('device-lost', 'the device was lost, as asked');
    };
    return train({ ...device, adapter: { ...adapter, limits } }, request, tell, state, want);
  };
}

const { storage } = Memory.prototype;
Memory.prototype.storage = function (label, words) {
  if (this.bytes + 4 * words > (faults.memoryBytes ?? Number.POSITIVE_INFINITY))
    throw new EngineFailure('out-of-memory', `no memory for ${label}, as asked`);
  return storage.call(this, label, words);
};
