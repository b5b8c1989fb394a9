/** Whatever must not outlive the program: a browser with its profile, a child process. */
export interface Closable {
  close(): Promise<void>;
}

const open = new Set<Closable>();
let stopping = false;

/** Has `closeAllSessions` close it too, until `untrack`. */
export function track(thing: Closable): void {
  open.add(thing);
}

export function untrack(thing: Closable): void {
  open.delete(thing);
}

/** Whether the program is on its way out: nothing is to be started or begun again. */
export function isStopping(): boolean {
  return stopping;
}

/** Closes every open browser and child, for signal handlers. Requests under way are left unanswered. */
export async function closeAllSessions(): Promise<void> {
  stopping = true;
  await Promise.allSettled([...open].map(thing => thing.close()));
}
