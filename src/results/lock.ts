import { open, readFile, rm } from 'node:fs/promises';
import { InputError } from '../shared/errors.ts';

/** Keeps a second process out of a run folder. A lock whose process is gone is taken over. Returns the release. */
export async function lockFolder(path: string): Promise<() => Promise<void>> {
  for (let attempt = 0; ; attempt++) {
    try {
      const handle = await open(path, 'wx');
      await handle.writeFile(String(process.pid));
      await handle.close();
      return () => rm(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const holder = Number(await readFile(path, 'utf8').catch(() => ''));
      if (attempt > 2 || isAlive(holder)) {
        throw new InputError(
          `${path}: process ${holder} is working on this run`,
          'Wait for it, or give this run another --out.',
        );
      }
      await rm(path, { force: true });
    }
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
