import { messageOf } from '../shared/errors.ts';
import { seconds, withDeadline } from './deadline.ts';

/** Whatever must not outlive the program: a browser with its profile, a child process. */
export interface Closable {
  close(): Promise<void>;
  /** Ends its processes at once, and waits for nothing. */
  kill(): void;
}

/**
 * What is done when the program is told to stop, in this order: `save` what would be lost while engines still answer, then browsers and
 * children are closed, then what others may wait for is given back (`release`: locks, files).
 */
export type StopPhase = 'save' | 'release';

/** What is done, and what a person should hear of it, in a line. */
export interface StopWork {
  /** Resolves to what there is to say, or to nothing. */
  work: () => Promise<string | undefined>;
  /** What to say instead where there was no time for it; that it failed, unless given. */
  late?: () => string;
}

/** Longest that each may take, in milliseconds: together less than the five seconds after which the prompt is back. */
const SAVE_MS = 2500;
const CLOSE_MS = 1200;
const RELEASE_MS = 800;

const open = new Set<Closable>();
const atStop: Record<StopPhase, Set<StopWork>> = { save: new Set(), release: new Set() };
let stopping = false;

/** Has `stopEverything` close it too, until `untrack`. */
export function track(thing: Closable): void {
  open.add(thing);
}

export function untrack(thing: Closable): void {
  open.delete(thing);
}

/** Has work done when the program is told to stop. Returns what takes it back. */
export function onStop(phase: StopPhase, work: StopWork['work'], late?: StopWork['late']): () => void {
  const own = { work, ...(late ? { late } : {}) };
  atStop[phase].add(own);
  return () => void atStop[phase].delete(own);
}

/** Whether the program is on its way out: nothing is to be started or begun again. */
export function isStopping(): boolean {
  return stopping;
}

/**
 * For signal handlers: saves, closes every open browser and child, releases; within five seconds, whatever hangs. Requests under way are
 * left unanswered. Never throws; resolves to what there is to say, a line each.
 */
export async function stopEverything(): Promise<string[]> {
  stopping = true;
  const lines = await all('saving', SAVE_MS, atStop.save);
  lines.push(
    ...(await all(
      'closing',
      CLOSE_MS,
      [...open].map(thing => ({ work: () => thing.close().then(() => undefined) })),
    )),
  );
  killEverything();
  return [...lines, ...(await all('giving back locks', RELEASE_MS, atStop.release))];
}

/** Ends every open browser and child at once. */
export function killEverything(): void {
  stopping = true;
  for (const thing of open) thing.kill();
}

/** Does things side by side, each for so long; gives what they say, and what went wrong. */
async function all(what: string, ms: number, works: Iterable<StopWork>): Promise<string[]> {
  const lines = await Promise.all(
    [...works].map(async ({ work, late }) => {
      const tooLate = new Error(`not done in ${seconds(ms)}`);
      try {
        return await withDeadline(ms, work(), () => tooLate);
      } catch (error) {
        return error === tooLate && late ? late() : `${what} failed: ${messageOf(error)}`;
      }
    }),
  );
  return lines.filter(line => line !== undefined);
}
