import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { InputError } from '../shared/errors.ts';

/** Distinguishes what one process asks for at the same time. */
let asked = 0;

/** Milliseconds between making a lock and writing into it, generously. */
const WRITE_MS = 50;

/** Keeps a second process out of a run folder. A lock whose process is gone is taken over. Returns the release. */
export async function lockFolder(path: string): Promise<() => Promise<void>> {
  // Written beside, then linked: whoever sees the lock sees its holder, too.
  const own = `${path}.${process.pid}.${asked++}`;
  try {
    await writeFile(own, String(process.pid));
    for (let attempt = 0; ; attempt++) {
      try {
        await link(own, path);
        return () => rm(path, { force: true });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
        const text = await readFile(path, 'utf8').catch(() => '');
        if (text === '' && attempt === 0) {
          // Whoever made it is about to write into it.
          await setTimeout(WRITE_MS);
          continue;
        }
        const holder = Number(text);
        if (attempt > 2 || isAlive(holder)) {
          throw new InputError(
            `${path}: process ${holder} is working on this run`,
            'Wait for it, or give this run another --out.',
          );
        }
        await rm(path, { force: true });
      }
    }
  } finally {
    await rm(own, { force: true });
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
