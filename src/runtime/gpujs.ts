import {
  type GpujsAnswer,
  type GpujsRequest,
  gpujsAnswerSchema,
  gpujsRequestSchema,
} from '../gpujs/protocol.ts';
import { MachineError, messageOf } from '../shared/errors.ts';
import { type ChromePageOptions, openChromePage } from './chrome.ts';
import { seconds, withDeadline } from './deadline.ts';

/** A browser with the page of gpu.js open. One question at a time. */
export interface GpujsPage {
  /** Throws `MachineError` when the browser goes away first. */
  ask(request: GpujsRequest): Promise<GpujsAnswer>;
  close(): Promise<void>;
}

/** Longest over one question: plain JavaScript is slow, and says nothing on the way. */
const ANSWER_MS = 3_600_000;

/** WebGL's remark on every read-back. */
const PERFORMANCE_HINT = /GL Driver Message \(OpenGL, Performance/;

/**
 * Opens the page of gpu.js.
 * @param options `bundle` is dist/page/gpujs.js
 * @throws InputError when there is no browser or the port is busy, MachineError when it does not start.
 */
export async function openGpujsPage({
  onLog,
  ...options
}: Pick<ChromePageOptions, 'adapter' | 'bundle' | 'port' | 'onLog'>): Promise<GpujsPage> {
  let lose: (error: MachineError) => void = () => {};
  const lost = new Promise<never>((_, reject) => {
    lose = reject;
  });
  // Whoever asks sees the rejection; before that it must not count as unhandled.
  lost.catch(() => {});
  const chrome = await openChromePage({
    ...options,
    // WebGL2 in software, where there is no GPU.
    extraFlags: ['--enable-unsafe-swiftshader'],
    ready: 'window.lengthwiseGpujs !== undefined',
    onLost: error => lose(error),
    onLog: line => {
      if (!PERFORMANCE_HINT.test(line)) onLog?.(line);
    },
  });
  return {
    async ask(request) {
      const answer = chrome.page
        .evaluate(callForward, JSON.stringify(gpujsRequestSchema.parse(request)))
        .catch((error: unknown) => {
          const what = messageOf(error).split('\n')[0];
          throw new MachineError(`the page of gpu.js did not answer (${what})`, undefined, { cause: error });
        });
      const late = () => new MachineError(`the page of gpu.js did not answer in ${seconds(ANSWER_MS)}`);
      const text = await withDeadline(ANSWER_MS, Promise.race([answer, lost]), late);
      return gpujsAnswerSchema.parse(JSON.parse(text));
    },
    close: () => chrome.close(),
  };
}

/** Runs in the page. */
function callForward(json: string): Promise<string> {
  const { lengthwiseGpujs } = window as unknown as {
    lengthwiseGpujs: { forward(json: string): Promise<string> };
  };
  return lengthwiseGpujs.forward(json);
}
