import type { Device } from '../../src/engine/device.ts';
import { DISPATCH_MULTIPLY_ADDS } from '../../src/engine/dispatch.ts';
import { Memory } from '../../src/engine/memory.ts';

/** Anything that can be called and asked for properties, and does nothing. */
const nothing: unknown = new Proxy(() => nothing, {
  get: (_, key) => (key === 'then' || key === Symbol.toPrimitive ? undefined : nothing),
});

/** A device that allocates and compiles nothing: what an engine would have asked of it is in the bytes of its memories. */
export function countingMemory(): Memory {
  const flags = new Proxy({}, { get: () => 0 });
  Object.assign(globalThis, { GPUBufferUsage: flags, GPUMapMode: flags, GPUShaderStage: flags });
  const gpu = new Proxy(
    {
      createBuffer: ({ size }: { size: number }) => ({ size, destroy: () => {} }),
      createShaderModule: () => ({ getCompilationInfo: async () => ({ messages: [] }) }),
      createComputePipelineAsync: async () => nothing,
      popErrorScope: async () => null,
      features: new Set(),
      limits: { maxComputeWorkgroupsPerDimension: 65535 },
    },
    { get: (own, key) => own[key as keyof typeof own] ?? nothing },
  );
  const limits = { maxStorageBufferBindingSize: 2 ** 40, maxComputeWorkgroupsPerDimension: 65535 };
  const adapter = {
    vendor: '',
    architecture: '',
    device: '',
    description: '',
    software: true,
    features: [],
    limits,
  };
  return new Memory({
    gpu: gpu as unknown as GPUDevice,
    adapter,
    dispatchMultiplyAdds: DISPATCH_MULTIPLY_ADDS,
    failed: new Promise(() => {}),
  } satisfies Device);
}
