import { messageOf } from '../shared/errors.ts';
import { FEED } from '../shared/feed.ts';
import { openChromePage } from './chrome.ts';
import { type Carrier, Conversation, type Session, SessionLost } from './conversation.ts';
import type { SessionOptions } from './session-options.ts';

/** What `engine/page-carrier.ts` puts into the page. */
interface EngineWindow {
  lengthwise: { handle(json: string): Promise<void>; ping(): Promise<void> };
}

/** The engine in a page of a headless browser. Throws as `openChromePage`. */
export async function openChromeSession(options: SessionOptions, bundle: string): Promise<Session> {
  const conversation = new Conversation(options.protocol, options.patience?.stallMs);
  const chrome = await openChromePage({
    ...options,
    bundle,
    functions: { lengthwiseEmit: json => conversation.hear(json) },
    answers: { [FEED]: body => conversation.feed(JSON.parse(body)) },
    ready: 'window.lengthwise !== undefined',
    onLost: error => conversation.lose(error),
  });
  const { page, version, pid, profile } = chrome;
  const carrier: Carrier = {
    deliver(requestJson) {
      page
        .evaluate(json => (window as unknown as EngineWindow).lengthwise.handle(json), requestJson)
        .catch((error: unknown) => {
          const what = messageOf(error).split('\n')[0];
          conversation.lose(
            new SessionLost(`the page did not answer (${what})`, undefined, { cause: error }),
          );
        });
    },
    ping: () => page.evaluate(() => (window as unknown as EngineWindow).lengthwise.ping()),
    kill: () => chrome.kill(),
  };
  return {
    runtime: 'chrome',
    version,
    pid,
    driver: undefined,
    profile,
    send: (request, listeners) => conversation.ask(request, carrier, listeners),
    tell: control => carrier.deliver(JSON.stringify(control)),
    close: () => chrome.close(),
  };
}
