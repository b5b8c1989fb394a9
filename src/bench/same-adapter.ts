import { findAdapter } from '../engine/device.ts';
import type { AdapterPreference } from '../shared/protocol.ts';

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
  gpu.requestAdapter = async () => {
    const adapter = await findAdapter(ask, preference);
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
