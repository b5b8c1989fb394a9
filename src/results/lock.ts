import { link, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { InputError } from '../shared/errors.ts';
import { type Owner, ownerHere, ownerSchema, stateOf } from './owner.ts';

/*
 * A lock is a file that names its owner. It is made by linking a file that is written already, so it is never seen half-written, and it
 * binds as long as its owner runs: one that was killed holds nothing. What is hard is to take over from the dead, for the
 * file that is removed must be the one that was judged. Whoever wants `.lock` of a dead owner with nonce X first holds `.lock.X`, a lock
 * like any other; only its holder may replace a `.lock` of X, and nobody else ever will, X being dead. So between looking
 * again, once `.lock.X` is held, and replacing, nothing can change.
 */

/** Milliseconds that a process may take to replace a dead owner's lock, and to look again. */
const TAKE_OVER_MS = 10_000;
const POLL_MS = 5;

/** Letters of a file that is about to become a lock. */
const MAKING = '.new.';

/**
 * Keeps every other process, and every other caller in this one, out of a folder. Returns the release.
 * @throws InputError when it is held, or held by a machine that cannot be asked.
 */
export async function lockFolder(path: string): Promise<() => Promise<void>> {
  const owner = await ownerHere();
  const holder = await take(path, owner);
  if (holder !== null) throw inUse(path, holder.owner, holder.state);
  await sweep(path, owner);
  return () => rm(path, { force: true });
}

/** Whether the owner of a lock runs; nobody's lock is a dead one's. */
export async function holderOf(path: string): Promise<'alive' | 'dead' | 'unknown'> {
  const owner = ownerIn((await readOr(path)) ?? '');
  return owner === null ? 'dead' : stateOf(owner);
}

/** What is known of a lock that is held. */
interface Holder {
  owner: Owner;
  state: 'alive' | 'unknown';
}

/** Takes a lock, from a dead owner too. Null: taken. */
async function take(path: string, owner: Owner): Promise<Holder | null> {
  const made = `${path}${MAKING}${owner.nonce}`;
  await writeSynced(made, JSON.stringify(owner));
  try {
    const deadline = performance.now() + TAKE_OVER_MS;
    for (;;) {
      if (await linked(made, path)) return null;
      const text = await readOr(path);
      if (text === null) continue;
      const holder = ownerIn(text);
      // What is no lock of ours, cut short by a power failure, belongs to nobody.
      const state = holder === null ? 'dead' : await stateOf(holder);
      if (holder !== null && state !== 'dead') return { owner: holder, state };
      const claim = `${path}.${holder?.nonce ?? 'nobody'}`;
      const other = await take(claim, owner);
      if (other === null) {
        try {
          if ((await readOr(path)) === text) {
            await rename(made, path);
            return null;
          }
        } finally {
          await rm(claim, { force: true });
        }
      } else if (other.state === 'unknown' || performance.now() > deadline) return other;
      await setTimeout(POLL_MS);
    }
  } finally {
    await rm(made, { force: true });
  }
}

function inUse(path: string, { pid, host }: Owner, state: Holder['state']): InputError {
  if (state === 'alive')
    return new InputError(
      `${path}: process ${pid} is working on this run`,
      'Wait for it, or give this run another --out.',
    );
  return new InputError(
    `${path}: process ${pid} on ${host} holds this run, and only that machine can tell whether it still works`,
    `If it does not, delete ${path}; else wait for it, or give this run another --out.`,
  );
}

/** Removes what dead processes left beside a lock that is held: none of it can become this lock any more. */
async function sweep(path: string, { nonce }: Owner): Promise<void> {
  const names = await readdir(dirname(path));
  for (const name of names.filter(other => other.startsWith(`${basename(path)}.`))) {
    const beside = join(dirname(path), name);
    const owner = ownerIn((await readOr(beside)) ?? '');
    if (owner !== null && owner.nonce !== nonce && (await stateOf(owner)) === 'dead')
      await rm(beside, { force: true });
  }
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

async function writeSynced(path: string, text: string): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Null: it is gone. */
async function readOr(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function ownerIn(text: string): Owner | null {
  try {
    return ownerSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
