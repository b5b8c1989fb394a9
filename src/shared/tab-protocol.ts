import { z } from 'zod';

/*
 * What a run (runtime/) and a tab that lends its GPU (tab/) say to each other around the engine's own protocol (protocol.ts). Both ends
 * validate. On the way to the tab, whatever has a `role` is for the tab and the rest for its engine; on the way back, the first message
 * is the greeting and the rest is the engine's.
 */

/** Path of the socket below the page. */
export const SOCKET_PATH = 'engine';

/** Tab → run, once: the browser with its version and system, in printable ASCII, for it is printed and kept. */
export const greetingSchema = z.strictObject({
  tab: z
    .string()
    .max(200)
    .regex(/^[\x20-\x7e]+$/, 'printable ASCII'),
});

/** Run → tab: what it is to the run from now on. */
export const roleSchema = z.strictObject({
  /** `engine`: it computes; `spare`: others do, and it waits; `refused`: it cannot compute what is asked for. */
  role: z.enum(['engine', 'spare', 'refused']),
  /** What is run, for people. */
  run: z.string(),
  /** Why it was refused. */
  why: z.string().optional(),
});
export type Role = z.infer<typeof roleSchema>;

/**
 * Before what a tab's engine asks for sequences with (`shared/feed.ts`); answered with a portion's bytes, or text that begins with
 * `REFUSED`.
 */
export const WANTED = 'wanted ';
export const REFUSED = 'refused ';

/** Close code of a socket whose run has ended: nothing is to come. */
export const ENDED = 4000;
