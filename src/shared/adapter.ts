import type { AdapterInfo } from './protocol.ts';

export type { AdapterInfo };

/** Whether a name is one that software gives itself: a rasteriser as an adapter, or its Vulkan driver (`lvp_icd`). */
export function isSoftware(name: string): boolean {
  return /\blvp|lavapipe|llvmpipe|swiftshader|software|basic render/i.test(name);
}

/** One line that names an adapter for people. */
export function adapterName(adapter: AdapterInfo): string {
  const parts = [adapter.description || adapter.device, adapter.vendor, adapter.architecture].filter(Boolean);
  return `${parts.join(', ') || 'unnamed adapter'}${adapter.software ? ' (software)' : ''}`;
}
