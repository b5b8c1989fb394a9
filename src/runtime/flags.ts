import type { AdapterPreference } from '../shared/protocol.ts';
import { UNCHECKED } from '../shared/unchecked.ts';

/** Whatever a background tab would be slowed down by, and everything that would call out to the network. */
const QUIET = [
  '--disable-background-timer-throttling',
  '--disable-renderer-backgrounding',
  '--disable-backgrounding-occluded-windows',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  '--no-first-run',
];

/** WebGPU on a Vulkan driver, headless, without a window (docs/architecture.md, "Facts that save a day"). */
const HARDWARE = ['--use-angle=vulkan', '--enable-features=Vulkan', '--disable-vulkan-surface'];

/** Without it Chrome rounds timestamps to 100 µs. */
const EXACT_TIMESTAMPS = ['--enable-webgpu-developer-features'];

/**
 * Chrome's command-line flags. `auto` offers the hardware and lets WebGPU fall back to SwiftShader, which the results
 * record. The sandbox is off for root only, because Chrome refuses to start otherwise.
 */
export function chromeFlags(
  adapter: AdapterPreference,
  isRoot: boolean,
  hasGpu: boolean,
  profile = false,
): string[] {
  const hardware = adapter === 'hardware' || (adapter === 'auto' && hasGpu);
  return [
    '--enable-unsafe-webgpu',
    `--enable-dawn-features=${UNCHECKED}`,
    ...(hardware ? HARDWARE : ['--use-webgpu-adapter=swiftshader']),
    ...(isRoot ? ['--no-sandbox'] : []),
    ...(profile ? EXACT_TIMESTAMPS : []),
    ...QUIET,
  ];
}
