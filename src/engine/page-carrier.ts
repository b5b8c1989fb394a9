import { FEED, type Wanted } from '../shared/feed.ts';
import type { Want } from './engine.ts';

/** What runtime/chrome-session.ts puts into the page. */
declare const lengthwiseEmit: (json: string) => Promise<void>;

/** Has an engine serve what runtime/chrome-session.ts asks in the page. Sequences come from the server that the page came from. */
export function carryInPage(engine: {
  handle(requestJson: string, emit: (event: object) => void, want: Want): Promise<void>;
  alive(): Promise<void>;
}): void {
  const handle = async (requestJson: string) => {
    // Events are sent in order: each waits for the one before.
    let sent = Promise.resolve();
    const emit = (event: object) => {
      sent = sent.then(() => lengthwiseEmit(JSON.stringify(event)));
    };
    await engine.handle(requestJson, emit, want);
    await sent;
  };
  Object.assign(window, { lengthwise: { handle, ping: () => engine.alive() } });
}

async function want(wanted: Wanted): Promise<ArrayBuffer> {
  const response = await fetch(FEED, { method: 'POST', body: JSON.stringify(wanted) });
  if (!response.ok) throw new Error(await response.text());
  return response.arrayBuffer();
}
