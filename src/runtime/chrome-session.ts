import { messageOf } from '../shared/errors.ts';
import { openChromePage } from './chrome.ts';
import { Conversation, type Session, SessionLost } from './conversation.ts';
import type { SessionOptions } from './session-options.ts';

/** The engine in a page of a headless browser. Throws as `openChromePage`. */
export async function openChromeSession(options: SessionOptions, bundle: string): Promise<Session> {
  const conversation = new Conversation(options.protocol);
  const chrome = await openChromePage({
    ...options,
    bundle,
    functions: { lengthwiseEmit: json => conversation.hear(json) },
    ready: 'window.lengthwise !== undefined',
    onLost: error => conversation.lose(error),
  });
  const { page, version, pid, profile } = chrome;
  const deliver = (requestJson: string) => {
    page
      .evaluate(
        json =>
          (window as unknown as { lengthwise: { handle(json: string): Promise<void> } }).lengthwise.handle(
            json,
          ),
        requestJson,
      )
      .catch((error: unknown) => {
        const what = messageOf(error).split('\n')[0];
        conversation.lose(new SessionLost(`the page did not answer (${what})`, undefined, { cause: error }));
      });
  };
  return {
    runtime: 'chrome',
    version,
    pid,
    profile,
    send: (request, onProgress) => conversation.ask(request, deliver, onProgress),
    close: () => chrome.close(),
  };
}
