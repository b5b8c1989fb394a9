import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Device } from '../../../src/engine/device.ts';
import { Memory } from '../../../src/engine/memory.ts';
import { prepareTraining } from '../../../src/engine/train.ts';
import type { Pack } from '../../../src/shared/protocol.ts';
import { NO_ADAPTER } from '../../support/made-up.ts';
import { kGramPack, pack } from '../../support/packs.ts';

beforeAll(() => void vi.stubGlobal('GPUBufferUsage', { STORAGE: 1, COPY_SRC: 2, COPY_DST: 4, UNIFORM: 8 }));
afterAll(() => void vi.unstubAllGlobals());

/** A device on which pipelines are compiled when it is told to; `asked` names those that were asked for until then. */
function patientDevice() {
  const asked: string[] = [];
  let release = () => {};
  const compiled = new Promise<void>(resolve => {
    release = resolve;
  });
  const gpu = {
    features: new Set(),
    queue: { writeBuffer() {} },
    createBuffer: ({ size }: { size: number }) => ({ size }),
    createBindGroup: () => ({}),
    pushErrorScope() {},
    popErrorScope: async () => null,
    createShaderModule: () => ({}),
    async createComputePipelineAsync({ label }: { label: string }) {
      asked.push(label);
      await compiled;
      return { getBindGroupLayout: () => ({}) };
    },
  };
  const limits = { maxStorageBufferBindingSize: 2 ** 30 };
  const adapter = { ...NO_ADAPTER, limits };
  return { device: { gpu, adapter } as unknown as Device, asked, release };
}

test.each<[string, Pack]>([
  ['one layer', pack()],
  ['two layers', kGramPack()],
])('every kernel of a step is compiled at the same time: %s', async (_, own) => {
  const { device, asked, release } = patientDevice();
  const prepared = prepareTraining(new Memory(device), new Memory(device), own);
  await new Promise(resolve => setTimeout(resolve, 100));
  const atOnce = [...asked];
  release();
  const { step } = await prepared;
  expect(step.length).toBeGreaterThan(10);
  expect(asked).toEqual(atOnce);
});
