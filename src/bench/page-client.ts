import { dirname, join } from 'node:path';
import { createRequire } from 'node:module';
import { openChromePage } from '../runtime/chrome.ts';
import { MachineError, messageOf } from '../shared/errors.ts';
import type { AdapterPreference } from '../shared/protocol.ts';
import { type BenchAnswer, type BenchRequest, benchAnswerSchema } from './protocol.ts';

/** A page, or a process, that answers the bench protocol. Nothing that a peer does can keep `close` from ending it. */
export interface BenchClient {
  /** What it runs in, with its version. */
  version: string;
  /** @throws Gone when there is no answer within the time, or the page goes away. */
  ask(request: BenchRequest, timeoutMs: number): Promise<BenchAnswer>;
  close(): Promise<void>;
}

/** The page is of no use any more: it crashed, or did not answer in time. */
export class Gone extends Error {}

/** Some peers make code while they run, and some start threads from text. All of it comes from this page's own server. */
const POLICY =
  "default-src 'self' data: blob:; script-src 'self' 'unsafe-eval' 'wasm-unsafe-eval' blob:; worker-src 'self' blob:";

const LOAD_MS = 60_000;

export interface BenchClientOptions {
  adapter: AdapterPreference;
  /** The folder that the build wrote: `dist`. */
  built: string;
  port: number;
  onLog?: (line: string) => void;
}

/**
 * Opens the bench page in a headless browser of its own.
 * @throws InputError when there is no browser, MachineError when it does not start.
 */
export async function openBenchPage({ built, ...options }: BenchClientOptions): Promise<BenchClient> {
  let lose: (error: Gone) => void = () => {};
  const lost = new Promise<never>((_, reject) => {
    lose = reject;
  });
  lost.catch(() => {});
  const folder = onnxFolder(built);
  const chrome = await openChromePage({
    ...options,
    bundle: join(built, 'bench', 'bench.js'),
    policy: POLICY,
    ...(folder ? { folders: { 'onnxruntime-web': folder } } : {}),
    onLost: error => lose(new Gone(error.message)),
  });
  const { page } = chrome;
  try {
    await page.waitForFunction('window.lengthwiseBench !== undefined', { timeout: LOAD_MS });
  } catch (error) {
    await chrome.close();
    throw new MachineError(`the bench page did not load: ${messageOf(error)}`, undefined, { cause: error });
  }
  return {
    version: chrome.version,
    async ask(request, timeoutMs) {
      const answered = page.evaluate(
        json =>
          (
            window as unknown as { lengthwiseBench: { ask(json: string): Promise<string> } }
          ).lengthwiseBench.ask(json),
        JSON.stringify(request),
      );
      const text = await inTime(Promise.race([answered, lost]), timeoutMs);
      return benchAnswerSchema.parse(JSON.parse(text));
    },
    close: () => chrome.close(),
  };
}

/** Rejects with `Gone` when a promise takes too long, or fails because its page went away. */
export async function inTime<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Gone(`no answer within ${Math.round(timeoutMs / 1000)} s`)), timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } catch (error) {
    throw error instanceof Gone ? error : new Gone(messageOf(error).split('\n')[0], { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

/** The files of onnxruntime-web, which finds its WebAssembly beside itself; undefined when it is not installed. */
function onnxFolder(built: string): string | undefined {
  try {
    return dirname(createRequire(join(built, 'cli', 'main.js')).resolve('onnxruntime-web'));
  } catch {
    return undefined;
  }
}
