import { adapterName, isSoftware } from '../shared/adapter.ts';
import type { AdapterInfo, AdapterPreference } from '../shared/protocol.ts';
import { EngineFailure } from './failure.ts';

/** A device with what its adapter says of itself. `failed` rejects when the device is lost or reports an error. */
export interface Device {
  gpu: GPUDevice;
  adapter: AdapterInfo;
  failed: Promise<never>;
}

const LIMITS = [
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
] as const;

/** Used where there: `subgroups` by shaders/common/quad_subgroup.wgsl, `timestamp-query` by profiler.ts. */
const OPTIONAL_FEATURES: GPUFeatureName[] = ['subgroups', 'timestamp-query'];

/** `requestAdapter()` was seen to return null on 2 of 14 first calls (docs/kernels.md). */
const ATTEMPTS = 4;

/** The adapter that is preferred, as `ask` (`gpu.requestAdapter`) gives it: asked again where it gives none. Null: there is none. */
export async function findAdapter(
  ask: GPU['requestAdapter'],
  preference: AdapterPreference,
): Promise<GPUAdapter | null> {
  const options: GPURequestAdapterOptions = {
    powerPreference: 'high-performance',
    ...(preference === 'software' ? { forceFallbackAdapter: true } : {}),
  };
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const adapter = await ask(options);
    if (adapter) return adapter;
    await new Promise(resolve => setTimeout(resolve, 100 * (attempt + 1)));
  }
  // Browsers started with a software adapter as the only one do not call it a fallback.
  const adapter = preference === 'software' ? await ask() : null;
  return adapter && describe(adapter).software ? adapter : null;
}

const describe = (adapter: GPUAdapter) => description(adapter.info, adapter);

function description(
  { vendor, architecture, device, description, isFallbackAdapter }: GPUAdapterInfo,
  { features, limits }: Pick<GPUDevice, 'features' | 'limits'>,
): AdapterInfo {
  const software =
    isFallbackAdapter === true || isSoftware(`${vendor} ${architecture} ${device} ${description}`);
  return {
    vendor,
    architecture,
    device,
    description,
    software,
    features: [...features].sort(),
    limits: Object.fromEntries(LIMITS.map(name => [name, limits[name]])),
  };
}

/**
 * A device that somebody else opened, with the features and limits that they asked for. Its errors are theirs: `failed` is of its loss
 * alone.
 */
export function givenDevice(gpu: GPUDevice): Device {
  const failed = gpu.lost.then(({ message }) => {
    throw new EngineFailure('device-lost', `the GPU device was lost: ${message}`);
  });
  failed.catch(() => {});
  return { gpu, adapter: description(gpu.adapterInfo, gpu), failed };
}

/**
 * Opens a device with the adapter's own limits.
 * @throws EngineFailure `no-adapter` when there is none of the wanted kind.
 */
export async function openDevice(gpu: GPU | undefined, preference: AdapterPreference): Promise<Device> {
  if (!gpu) throw new EngineFailure('no-adapter', 'this browser has no WebGPU (navigator.gpu is undefined)');
  const adapter = await findAdapter(options => gpu.requestAdapter(options), preference);
  if (!adapter)
    throw new EngineFailure(
      'no-adapter',
      `WebGPU offers no ${preference === 'auto' ? '' : `${preference} `}adapter here`,
    );
  const info = describe(adapter);
  if (preference === 'hardware' && info.software) {
    throw new EngineFailure('no-adapter', `only a software adapter was found (${adapterName(info)})`);
  }
  const device = await adapter.requestDevice({
    requiredFeatures: OPTIONAL_FEATURES.filter(feature => adapter.features.has(feature)),
    requiredLimits: Object.fromEntries(LIMITS.map(name => [name, adapter.limits[name]])),
  });
  const failed = new Promise<never>((_, reject) => {
    device.lost.then(({ message, reason }) => {
      if (reason !== 'destroyed')
        reject(new EngineFailure('device-lost', `the GPU device was lost: ${message}`));
    });
    device.addEventListener('uncapturederror', event => {
      const { error } = event;
      const reason = error instanceof GPUOutOfMemoryError ? 'out-of-memory' : 'internal';
      reject(new EngineFailure(reason, `WebGPU reported: ${error.message}`));
    });
  });
  // Whoever waits on `failed` sees the rejection; before that it must not count as unhandled.
  failed.catch(() => {});
  return { gpu: device, adapter: info, failed };
}
