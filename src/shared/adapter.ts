import type { AdapterInfo } from './protocol.ts';

export type { AdapterInfo };

/** One line that names an adapter for people. */
export function adapterName(adapter: AdapterInfo): string {
  const parts = [adapter.description || adapter.device, adapter.vendor, adapter.architecture].filter(Boolean);
  return `${parts.join(', ') || 'unnamed adapter'}${adapter.software ? ' (software)' : ''}`;
}
