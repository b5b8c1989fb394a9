import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { comparableDrivers, type Surroundings, vulkanDrivers } from '../../../src/runtime/vulkan.ts';
import { InputError, MachineError } from '../../../src/shared/errors.ts';
import { emptyFolder } from '../../support/cli.ts';

/** A Linux machine in a folder, with these files; a test changes what it is about. */
function machine(files: string[], changes: Partial<Surroundings> = {}): Surroundings & { root: string } {
  const root = emptyFolder();
  for (const folder of ['etc', 'share', 'lib', 'chromium', 'dev']) mkdirSync(join(root, folder));
  for (const file of files) writeFileSync(join(root, file), '{}');
  return {
    root,
    environment: {},
    platform: 'linux',
    manifests: [join(root, 'etc'), join(root, 'share')],
    libraries: [join(root, 'lib')],
    browsers: [join(root, 'chromium')],
    devices: [join(root, 'dev', 'dri')],
    ...changes,
  };
}

const MESA = ['share/lvp_icd.json', 'share/radeon_icd.json', 'share/intel_icd.json'];
const SYSTEM_LOADER = 'lib/libvulkan.so.1';
const CHROMIUM = ['chromium/libvulkan.so.1', 'chromium/vk_swiftshader_icd.json'];
const names = (drivers: { name: string }[]) => drivers.map(({ name }) => name);

describe('drivers for Dawn', () => {
  test('a bare machine with Chromium: its SwiftShader, through its own loader', () => {
    const around = machine(CHROMIUM);
    const [driver, ...more] = vulkanDrivers('auto', around);
    expect(more).toEqual([]);
    expect(driver).toEqual({
      name: 'swiftshader',
      kind: 'software',
      environment: {
        LD_LIBRARY_PATH: join(around.root, 'chromium'),
        VK_DRIVER_FILES: join(around.root, 'chromium', 'vk_swiftshader_icd.json'),
        VK_ICD_FILENAMES: join(around.root, 'chromium', 'vk_swiftshader_icd.json'),
      },
    });
  });

  test("the system's loader is preferred, and a user's library path is kept", () => {
    const both = machine([...CHROMIUM, SYSTEM_LOADER]);
    expect(vulkanDrivers('auto', both)[0]!.environment).not.toHaveProperty('LD_LIBRARY_PATH');
    const own = machine(CHROMIUM, { environment: { LD_LIBRARY_PATH: '/mine' } });
    expect(vulkanDrivers('auto', own)[0]!.environment.LD_LIBRARY_PATH).toBe(`/mine:${own.root}/chromium`);
  });

  test('lavapipe before SwiftShader; hardware first, in one process, and only where there is a GPU', () => {
    const files = [...MESA, ...CHROMIUM, SYSTEM_LOADER];
    const bare = machine(files);
    expect(names(vulkanDrivers('auto', bare))).toEqual(['lvp_icd', 'swiftshader']);
    const withGpu = machine([...files, 'dev/dri']);
    const [hardware, ...software] = vulkanDrivers('auto', withGpu);
    expect(names(software)).toEqual(['lvp_icd', 'swiftshader']);
    expect(hardware).toMatchObject({ name: 'intel_icd, radeon_icd', kind: 'hardware' });
    const share = join(withGpu.root, 'share');
    expect(hardware!.environment.VK_DRIVER_FILES).toBe(`${share}/intel_icd.json:${share}/radeon_icd.json`);
    expect(names(vulkanDrivers('software', withGpu))).toEqual(['lvp_icd', 'swiftshader']);
    expect(names(vulkanDrivers('hardware', bare))).toEqual(['intel_icd, radeon_icd']);
  });

  test('for comparing, each driver is apart; those of absent GPUs are left out', () => {
    const files = [...MESA, ...CHROMIUM, SYSTEM_LOADER];
    expect(names(comparableDrivers(machine(files)))).toEqual(['lvp_icd', 'swiftshader']);
    expect(names(comparableDrivers(machine([...files, 'dev/dri'])))).toEqual([
      'intel_icd',
      'lvp_icd',
      'radeon_icd',
      'swiftshader',
    ]);
  });

  test.each(['VK_DRIVER_FILES', 'VK_ICD_FILENAMES'])("a user's %s wins over everything found", variable => {
    const around = machine([...MESA, ...CHROMIUM, SYSTEM_LOADER, 'etc/mine.json']);
    const file = join(around.root, 'etc', 'mine.json');
    around.environment = { [variable]: file };
    expect(vulkanDrivers('software', around)).toEqual([
      { name: `${variable}=${file}`, kind: 'unknown', environment: {} },
    ]);
    around.environment = { [variable]: `${file}:/nowhere.json` };
    expect(() => vulkanDrivers('auto', around)).toThrow(InputError);
    expect(() => vulkanDrivers('auto', around)).toThrow(`${variable}: /nowhere.json: no such file`);
  });

  test('neither loader nor driver: one clear error each', () => {
    expect(() => vulkanDrivers('auto', machine(MESA))).toThrow(MachineError);
    expect(() => vulkanDrivers('auto', machine(MESA))).toThrow(/needs the Vulkan loader/);
    expect(() => vulkanDrivers('auto', machine([SYSTEM_LOADER]))).toThrow(/no Vulkan driver is installed/);
    expect(() => vulkanDrivers('hardware', machine(CHROMIUM))).toThrow(
      /no hardware Vulkan driver is installed/,
    );
  });

  test('elsewhere than on Linux Dawn finds its own way', () => {
    expect(vulkanDrivers('auto', machine([], { platform: 'darwin' }))).toEqual([
      { name: 'system', kind: 'unknown', environment: {} },
    ]);
  });
});
