import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { deviceMemoryBytes, type MemorySources } from '../../../src/runtime/device-memory.ts';
import type { AdapterInfo } from '../../../src/shared/adapter.ts';
import { emptyFolder } from '../../support/cli.ts';

const adapter = (vendor: string, software = false): AdapterInfo => ({
  vendor,
  architecture: '',
  device: '',
  description: '',
  software,
  features: [],
  limits: {},
});
const nothing: MemorySources = { available: () => undefined, nvidia: async () => '', cards: '/nowhere' };

describe('memory of a device', () => {
  test('software: half of what this process can have', async () => {
    expect(await deviceMemoryBytes(adapter('google', true), { ...nothing, available: () => 1000 })).toBe(500);
    expect(await deviceMemoryBytes(adapter('google', true))).toBeGreaterThan(0);
  });

  test('NVIDIA: half of what the GPU with the least has free', async () => {
    const nvidia = async () => '81000\n2000\n';
    expect(await deviceMemoryBytes(adapter('nvidia'), { ...nothing, nvidia })).toBe(1000 * 2 ** 20);
  });

  test('AMD: from what its driver says on Linux', async () => {
    const cards = emptyFolder();
    mkdirSync(join(cards, 'card0', 'device'), { recursive: true });
    mkdirSync(join(cards, 'card0-DP-1'));
    writeFileSync(join(cards, 'card0', 'device', 'mem_info_vram_total'), '1000\n');
    writeFileSync(join(cards, 'card0', 'device', 'mem_info_vram_used'), '200\n');
    expect(await deviceMemoryBytes(adapter('amd'), { ...nothing, cards })).toBe(400);
  });

  test('unknown where nothing says it', async () => {
    for (const vendor of ['nvidia', 'amd', 'intel', 'apple'])
      expect(await deviceMemoryBytes(adapter(vendor), nothing)).toBeUndefined();
  });
});
