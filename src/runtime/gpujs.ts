import {
  type GpujsAnswer,
  type GpujsRequest,
  gpujsAnswerSchema,
  gpujsRequestSchema,
} from '../gpujs/protocol.ts';
import { MachineError, messageOf } from '../shared/errors.ts';
import { type ChromePageOptions, openChromePage } from './chrome.ts';

/** WebGL's remark on every read-back. */
const PERFORMANCE_HINT = /GL Driver Message \(OpenGL, Performance/;

/**
 * Asks gpu.js in a page of its own: one browser, one question.
 * @param options `bundle` is dist/page/gpujs.js
 * @throws InputError when there is no browser or the port is busy, MachineError when it does not start or goes away.
 */
export async function askGpujs(
  request: GpujsRequest,
  options: Pick<ChromePageOptions, 'adapter' | 'bundle' | 'port' | 'onLog'>,
): Promise<GpujsAnswer> {
  let lose: (error: MachineError) => void = () => {};
  const lost = new Promise<never>((_, reject) => {
    lose = reject;
  });
  lost.catch(() => {});
  const chrome = await openChromePage({
    ...options,
    // WebGL2 in software, where there is no GPU.
    extraFlags: ['--enable-unsafe-swiftshader'],
    onLog: line => {
      if (!PERFORMANCE_HINT.test(line)) options.onLog?.(line);
    },
    ready: 'window.lengthwiseGpujs !== undefined',
    onLost: error => lose(error),
  });
  try {
    const json = JSON.stringify(gpujsRequestSchema.parse(request));
    const answer = chrome.page.evaluate(
      text =>
        (
          window as unknown as { lengthwiseGpujs: { forward(json: string): Promise<string> } }
        ).lengthwiseGpujs.forward(text),
      json,
    );
    return gpujsAnswerSchema.parse(JSON.parse(await Promise.race([answer, lost])));
  } catch (error) {
    if (error instanceof MachineError) throw error;
    throw new MachineError(
      `the page of gpu.js did not answer (${messageOf(error).split('\n')[0]})`,
      undefined,
      {
        cause: error,
      },
    );
  } finally {
    await chrome.close();
  }
}
