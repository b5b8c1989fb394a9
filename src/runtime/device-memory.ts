import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { AdapterInfo } from '../shared/adapter.ts';

/*
 * How much memory a device has to give, which WebGPU does not say: asked of the system.
 */

/** Share of what is free that is taken: others want some of it, too. */
const SHARE = 0.5;
const ASK_MS = 5000;
const MIB = 2 ** 20;

/** Where free memory is looked for; a test brings its own. */
export interface MemorySources {
  /** Bytes of main memory that this process can have, limits of its container counted; undefined where Node does not say. */
  available: () => number | undefined;
  /** What `nvidia-smi` prints for each GPU: free MiB, a line each; empty where there is none. */
  nvidia: () => Promise<string>;
  /** Linux's folder of graphics cards. */
  cards: string;
}

const SOURCES: MemorySources = {
  // From Node 20.13 on.
  available: () => (process as { availableMemory?: () => number }).availableMemory?.(),
  nvidia: () =>
    promisify(execFile)('nvidia-smi', ['--query-gpu=memory.free', '--format=csv,noheader,nounits'], {
      timeout: ASK_MS,
    }).then(
      ({ stdout }) => stdout,
      () => '',
    ),
  cards: '/sys/class/drm',
};

/**
 * Bytes of device memory that a session may plan with: half of what is free now. Of several GPUs of a kind the least, for WebGPU does not
 * say which one it took. Undefined where nothing is known: an integrated GPU, or a system that does not say.
 */
export async function deviceMemoryBytes(
  adapter: AdapterInfo,
  { available, nvidia, cards }: MemorySources = SOURCES,
): Promise<number | undefined> {
  const share = (bytes: number | undefined) => bytes && Math.floor(SHARE * bytes);
  if (adapter.software) return share(available());
  const name = `${adapter.vendor} ${adapter.description}`;
  if (/nvidia/i.test(name)) {
    const free = (await nvidia()).split('\n').map(Number).filter(Boolean);
    return share(least(free.map(mebibytes => mebibytes * MIB)));
  }
  if (/amd|radeon/i.test(name)) return share(least(await freeOfAmd(cards)));
  return undefined;
}

async function freeOfAmd(cards: string): Promise<number[]> {
  const names = await readdir(cards).catch(() => []);
  const free = names.map(async card => {
    const read = async (what: string) =>
      Number(await readFile(join(cards, card, 'device', `mem_info_vram_${what}`), 'utf8'));
    try {
      return (await read('total')) - (await read('used'));
    } catch {
      return 0;
    }
  });
  return (await Promise.all(free)).filter(bytes => bytes > 0);
}

function least(values: number[]): number | undefined {
  return values.length === 0 ? undefined : Math.min(...values);
}
