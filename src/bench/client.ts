import { messageOf } from '../shared/errors.ts';
import type { AdapterPreference } from '../shared/protocol.ts';
import type { BenchAnswer, BenchRequest } from './protocol.ts';

/** A page, or a process, that answers the bench protocol. Nothing that a peer does can keep `close` from ending it. */
export interface BenchClient {
  /** What it runs in, with its version. */
  version: string;
  /** @throws Gone when there is no answer within the time, or the page goes away. */
  ask(request: BenchRequest, timeoutMs: number): Promise<BenchAnswer>;
  close(): Promise<void>;
}

export interface BenchClientOptions {
  adapter: AdapterPreference;
  /** The folder that the build wrote: `dist`. */
  built: string;
  /** Port of the page server; 0 takes a free one. Dawn needs none. */
  port: number;
  onLog?: (line: string) => void;
}

/** The page is of no use any more: it crashed, or did not answer in time. */
export class Gone extends Error {}

/** Rejects with `Gone` when a promise takes too long, or fails because its page went away. */
export async function inTime<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const seconds = Math.round(timeoutMs / 100) / 10;
    timer = setTimeout(() => reject(new Gone(`no answer within ${seconds} s`)), timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } catch (error) {
    throw error instanceof Gone ? error : new Gone(messageOf(error).split('\n')[0], { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
