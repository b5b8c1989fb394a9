import { createHash } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { mkdtemp, readdir, readlink, rm, symlink } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { killStartedWith, startOf } from './processes.ts';

/*
 * Profile folders of browsers. Their names say whose they are, `lengthwise-<machine>-<pid>-<start>-<random>`, numbers in base 36, so that
 * a later start can tell those whose owner was killed.
 */

const NAME = /^lengthwise-([0-9a-f]{6})-([0-9a-z]+)-([0-9a-z]+)-.{6}$/;

const SOCKET_FOLDER = /^(org\.chromium|com\.google)\./;

/** The chrome flag that a profile is chosen with. */
export const profileFlag = (folder: string) => `--user-data-dir=${folder}`;

/** A fresh profile folder of this process. */
export function makeProfile(): Promise<string> {
  const owner = [process.pid, startOf(process.pid) ?? 0].map(number => number.toString(36));
  return mkdtemp(join(tmpdir(), `lengthwise-${machine()}-${owner.join('-')}-`));
}

/** Deletes profile folders that a killed process of this machine has left, after whatever still runs in them. */
export async function sweepProfiles(): Promise<void> {
  for (const name of await readdir(tmpdir()).catch(() => [])) {
    const [, where, pid, start] = NAME.exec(name) ?? [];
    if (where !== machine() || startOf(Number.parseInt(pid!, 36)) === Number.parseInt(start!, 36)) continue;
    const folder = join(tmpdir(), name);
    killStartedWith(profileFlag(folder));
    await removeProfile(folder);
  }
}

/** Chrome's link to its socket, and ours, which stays where Chrome is killed while it takes its own away. */
const SOCKET_LINKS = ['SingletonSocket', 'LengthwiseSocket'] as const;

/** Notes in the profile of a browser that has started where its socket lies: in a folder beside. */
export async function noteSocket(folder: string): Promise<void> {
  const [theirs, ours] = SOCKET_LINKS.map(name => join(folder, name)) as [string, string];
  // Not every system has one.
  await readlink(theirs)
    .then(socket => symlink(socket, ours))
    .catch(() => {});
}

/** Deletes a profile folder, and that of its socket; what cannot be deleted now, a later start sweeps up. */
export async function removeProfile(folder: string): Promise<void> {
  for (const name of SOCKET_LINKS) {
    const socketFolder = dirname(await readlink(join(folder, name)).catch(() => ''));
    if (SOCKET_FOLDER.test(basename(socketFolder))) await remove(socketFolder);
  }
  await remove(folder);
}

async function remove(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }).catch(() => {});
}

/** Where process ids mean the same: this machine, and the container where there is one. */
function machine(): string {
  let namespace = '';
  try {
    namespace = readlinkSync('/proc/self/ns/pid');
  } catch {
    // Not Linux.
  }
  return createHash('sha256').update(`${hostname()} ${namespace}`).digest('hex').slice(0, 6);
}
