import { createContext, Script } from 'node:vm';

/** A call of a plug-in takes micro- to milliseconds; a machine that is busy takes many times that. */
export const PATIENCE_MS = 30_000;

/** A call did not come to an end in time, and was broken off. */
export class OutOfTime extends Error {
  constructor(patienceMs: number) {
    super(`has not come to an end in ${patienceMs / 1000} s`);
  }
}

const CALL = new Script('call()');
const context = createContext({ call: undefined });
let watched = false;

/**
 * What a call gives, or throws. One that loops for ever is broken off, in this thread too: V8 ends whatever a script is at when its time is
 * up. That costs some 0.1 ms, so of calls within a call only the outermost is watched.
 * @throws OutOfTime
 */
export function inTime<T>(call: () => T, patienceMs = PATIENCE_MS): T {
  if (watched) return call();
  watched = true;
  context.call = call;
  try {
    return CALL.runInContext(context, { timeout: patienceMs });
  } catch (error) {
    if ((error as { code?: unknown } | null)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT')
      throw new OutOfTime(patienceMs);
    throw error;
  } finally {
    watched = false;
    context.call = undefined;
  }
}
