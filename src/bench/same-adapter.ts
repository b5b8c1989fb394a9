import type { AdapterPreference } from '../shared/protocol.ts';

/** `requestAdapter()` was seen to return null on 2 of 14 first calls (kernels.md). */
const ATTEMPTS = 4;

/**
 * Has every library of this page get the adapter that was asked for, whatever it asks for itself, and tells when any of their devices
 * is lost.
 */
export function shareAdapter(
  gpu: GPU,
  preference: AdapterPreference,
  onLost: (message: string) => void,
): void {
  const ask = gpu.requestAdapter.bind(gpu);
  const options: GPURequestAdapterOptions = {
    powerPreference: 'high-performance',
    ...(preference === 'software' ? { forceFallbackAdapter: true } : {}),
  };
  gpu.requestAdapter = async () => {
    let adapter: GPUAdapter | null = null;
    for (let attempt = 0; attempt < ATTEMPTS && !adapter; attempt++) {
      if (attempt > 0) await new Promise(resolve => setTimeout(resolve, 100 * attempt));
      adapter = await ask(options);
    }
    // Browsers started with a software adapter as the only one do not call it a fallback.
    adapter ??= await ask();
    return adapter && watched(adapter, onLost);
  };
}

function watched(adapter: GPUAdapter, onLost: (message: string) => void): GPUAdapter {
  const ask = adapter.requestDevice.bind(adapter);
  adapter.requestDevice = async descriptor => {
    const device = await ask(descriptor);
    device.lost.then(({ reason, message }) => {
      if (reason !== 'destroyed') onLost(`lost its GPU device: ${message}`);
    });
    return device;
  };
  return adapter;
}
