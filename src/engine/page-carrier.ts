/** What runtime/chrome-session.ts puts into the page. */
declare const lengthwiseEmit: (json: string) => Promise<void>;

/** Has an engine serve what runtime/chrome-session.ts asks in the page. */
export function carryInPage(engine: {
  handle(requestJson: string, emit: (event: object) => void): Promise<void>;
  alive(): Promise<void>;
}): void {
  const handle = async (requestJson: string) => {
    // Events are sent in order: each waits for the one before.
    let sent = Promise.resolve();
    await engine.handle(requestJson, event => {
      sent = sent.then(() => lengthwiseEmit(JSON.stringify(event)));
    });
    await sent;
  };
  Object.assign(window, { lengthwise: { handle, ping: () => engine.alive() } });
}
