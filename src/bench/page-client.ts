import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { openChromePage } from '../runtime/chrome.ts';
import { MachineError, messageOf } from '../shared/errors.ts';
import { type BenchClient, type BenchClientOptions, Gone, inTime } from './client.ts';
import { benchAnswerSchema } from './protocol.ts';

/** Some peers make code while they run, and some start threads from text. All of it comes from this page's own server. */
const POLICY =
  "default-src 'self' data: blob:; script-src 'self' 'unsafe-eval' 'wasm-unsafe-eval' blob:; worker-src 'self' blob:";

const LOAD_MS = 60_000;

/** What Chrome says of a peer that is not there, which its rows say already. */
const ABSENT = /Failed to load resource: .* 404 /;

/**
 * Opens the bench page in a headless browser of its own.
 * @throws InputError when there is no browser, MachineError when it does not start.
 */
export async function openBenchPage({ built, onLog, ...options }: BenchClientOptions): Promise<BenchClient> {
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
    onLog: line => {
      if (!ABSENT.test(line)) onLog?.(line);
    },
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

/** The files of onnxruntime-web, which finds its WebAssembly beside itself; undefined when it is not installed. */
function onnxFolder(built: string): string | undefined {
  try {
    return dirname(createRequire(join(built, 'cli', 'main.js')).resolve('onnxruntime-web'));
  } catch {
    return undefined;
  }
}
