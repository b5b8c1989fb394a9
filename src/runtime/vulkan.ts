import { accessSync, constants, existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { findBrowser } from '../setup/browser-paths.mjs';
import { isSoftware } from '../shared/adapter.ts';
import { InputError, MachineError } from '../shared/errors.ts';
import type { AdapterPreference } from '../shared/protocol.ts';

/** A way to start Dawn: which drivers its process is shown. */
export interface Driver {
  /** For people: `lvp_icd`, `swiftshader`, `VK_DRIVER_FILES=…`, or `system` where Dawn needs no Vulkan. */
  name: string;
  kind: 'hardware' | 'software' | 'unknown';
  /** Environment of Dawn's process, over this one's. */
  environment: Record<string, string>;
}

/** What drivers are looked for in; a test brings its own. */
export interface Surroundings {
  environment: NodeJS.ProcessEnv;
  platform: NodeJS.Platform;
  /** Folders of driver manifests, in the order of the Vulkan loader. */
  manifests: string[];
  /** Folders that may hold the system's libvulkan.so.1. */
  libraries: string[];
  /** Folders of Chromium-like browsers, which bring a loader and SwiftShader. */
  browsers: string[];
  /** Device files that a GPU's driver would have made. */
  devices: string[];
}

const LOADER = 'libvulkan.so.1';
/** What a user sets to choose drivers; the loader obeys the first. */
const CHOICES = ['VK_DRIVER_FILES', 'VK_ICD_FILENAMES'] as const;

/** This machine. */
export function surroundings(environment: NodeJS.ProcessEnv = process.env): Surroundings {
  const data = environment.XDG_DATA_HOME ?? join(homedir(), '.local', 'share');
  const browser = environment.LENGTHWISE_CHROME || findBrowser(environment);
  return {
    environment,
    platform: process.platform,
    manifests: ['/usr/local/etc', '/etc', data, '/usr/local/share', '/usr/share'].map(folder =>
      join(folder, 'vulkan', 'icd.d'),
    ),
    libraries: [
      ...(environment.LD_LIBRARY_PATH ?? '').split(delimiter).filter(Boolean),
      ...['x86_64', 'aarch64'].flatMap(arch => [`/usr/lib/${arch}-linux-gnu`, `/lib/${arch}-linux-gnu`]),
      ...['/usr/lib64', '/lib64', '/usr/lib', '/lib', '/usr/local/lib'],
      '/run/opengl-driver/lib',
    ],
    devices: ['/dev/dri', '/dev/nvidia0', '/dev/kfd', '/dev/dxg', '/dev/mali0', '/dev/kgsl-3d0'],
    browsers: [
      ...(browser && existsSync(browser) ? [dirname(realpathSync(browser))] : []),
      ...['/usr/lib/chromium', '/usr/lib64/chromium-browser', '/usr/lib/chromium-browser'],
      ...['/opt/google/chrome', '/opt/chromium.org/chromium'],
    ],
  };
}

/**
 * Ways to start Dawn, best first: hardware, Mesa's lavapipe, SwiftShader. A driver that is installed need not work:
 * whoever starts Dawn goes down the list. A user's own VK_DRIVER_FILES or VK_ICD_FILENAMES is the only entry.
 * `auto` leaves hardware out where there is no GPU: Mesa installs the drivers of every GPU alike.
 * @throws InputError when such a variable names a file that is not there, MachineError when there is no driver or no loader.
 */
export function vulkanDrivers(preference: AdapterPreference, around = surroundings()): Driver[] {
  const all = everyDriver(around);
  const hardware = all.filter(driver => driver.kind === 'hardware');
  const lookForGpu = preference === 'hardware' || (preference === 'auto' && hasGpu(around));
  const wanted = [
    ...all.filter(driver => driver.kind === 'unknown'),
    ...(lookForGpu && hardware.length > 0 ? [together(hardware)] : []),
    ...all.filter(driver => driver.kind === 'software' && preference !== 'hardware'),
  ];
  if (wanted.length > 0) return wanted;
  throw new MachineError(
    `Dawn: no ${preference === 'auto' ? '' : `${preference} `}Vulkan driver is installed`,
    preference === 'hardware'
      ? "Install the GPU's Vulkan driver, or use --adapter software."
      : 'Install Mesa 24 or later (`node src/setup/setup.mjs --mesa` on Debian) or Chromium, or use --runtime chrome.',
  );
}

/** Each driver apart; those of hardware only where there is a GPU. For comparing them. Throws as `vulkanDrivers`. */
export function comparableDrivers(around = surroundings()): Driver[] {
  return everyDriver(around).filter(({ kind }) => kind !== 'hardware' || hasGpu(around));
}

function everyDriver(around: Surroundings): Driver[] {
  // On macOS and Windows Dawn talks to Metal and Direct3D, which find their own drivers.
  if (around.platform !== 'linux') return [{ name: 'system', kind: 'unknown', environment: {} }];
  const loader = loaderEnvironment(around);
  const chosen = CHOICES.find(name => around.environment[name]);
  if (chosen) {
    const files = around.environment[chosen]!;
    for (const file of files.split(delimiter)) checkReadable(chosen, file);
    return [{ name: `${chosen}=${files}`, kind: 'unknown', environment: loader }];
  }
  return [...installed(around), ...swiftshader(around)].map(
    ({ name, file }): Driver => ({
      name,
      kind: isSoftware(name) ? 'software' : 'hardware',
      environment: { ...loader, VK_DRIVER_FILES: file, VK_ICD_FILENAMES: file },
    }),
  );
}

/** One process that is shown all of them. */
function together(drivers: Driver[]): Driver {
  const files = drivers.map(driver => driver.environment.VK_DRIVER_FILES).join(delimiter);
  return {
    name: drivers.map(driver => driver.name).join(', '),
    kind: 'hardware',
    environment: { ...drivers[0]!.environment, VK_DRIVER_FILES: files, VK_ICD_FILENAMES: files },
  };
}

/** Whether a GPU's driver has made a device file, as they do on Linux. */
export function hasGpu({ devices }: Surroundings): boolean {
  return devices.some(existsSync);
}

/** Chromium's own loader for a machine that has none. */
function loaderEnvironment({ environment, libraries, browsers }: Surroundings): Record<string, string> {
  if (libraries.some(folder => existsSync(join(folder, LOADER)))) return {};
  const folder = browsers.find(candidate => existsSync(join(candidate, LOADER)));
  if (!folder)
    throw new MachineError(
      `Dawn needs the Vulkan loader (${LOADER}), which this machine lacks`,
      'Install it (Debian: `apt-get install libvulkan1`), or use --runtime chrome.',
    );
  const before = environment.LD_LIBRARY_PATH;
  return { LD_LIBRARY_PATH: before ? `${before}${delimiter}${folder}` : folder };
}

function installed({ manifests }: Surroundings): { name: string; file: string }[] {
  return manifests.flatMap(folder => {
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .filter(file => file.endsWith('.json'))
      .sort()
      .map(file => ({ name: file.replace(/\.json$/, ''), file: join(folder, file) }));
  });
}

function swiftshader({ browsers }: Surroundings): { name: string; file: string }[] {
  const files = browsers.map(folder => join(folder, 'vk_swiftshader_icd.json'));
  const file = files.find(existsSync);
  return file ? [{ name: 'swiftshader', file }] : [];
}

function checkReadable(variable: string, file: string): void {
  try {
    accessSync(file, constants.R_OK);
    if (!statSync(file).isFile()) throw new Error('a folder, a pipe or a device');
  } catch {
    throw new InputError(
      `${variable}: ${file}: no such file`,
      `Name the JSON manifest of a Vulkan driver, or unset ${variable}.`,
    );
  }
}
