/** How long a session is waited for, in milliseconds. Past it its processes are killed, and it counts as lost. */
export interface Patience {
  /** Until a browser with its page, or Dawn's process, has said that it is there. */
  launchMs: number;
  /** Without progress and without an answer to a ping, while a request is under way. */
  stallMs: number;
  /** Until a browser that was asked to close has ended. */
  closeMs: number;
}

/** Patience unless told otherwise. */
export const PATIENCE: Patience = { launchMs: 120_000, stallMs: 120_000, closeMs: 3000 };

/** What a promise gives, or a rejection with what `late` makes once that took longer than `ms`. */
export async function withDeadline<T>(ms: number, promise: Promise<T>, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), ms);
  });
  try {
    return await Promise.race([promise, expired]);
  } finally {
    clearTimeout(timer);
  }
}

/** Seconds for people: `120 s`, `0.5 s`. */
export function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
