import type { Wanted } from '../shared/feed.ts';
import { PING, PONG } from '../shared/protocol.ts';
import { dawnVersion, endWithParent } from './dawn-process.ts';
import type { Want } from './engine.ts';

/** What the parent answers a `Wanted` with: a portion's bytes, or why there is none. */
type Brought = { portion: Uint8Array<ArrayBuffer> } | { refused: string };

/**
 * Has an engine serve what runtime/dawn-session.ts asks this process: requests come in and events go out as JSON over the process's
 * channel, sequences as they are. The first message is the greeting, `{"dawn": version}`.
 */
export function carryInChild(engine: {
  handle(requestJson: string, emit: (event: object) => void, want: Want): Promise<void>;
  alive(): Promise<void>;
}): void {
  const tell = (message: object) => process.send?.(JSON.stringify(message));
  let bring = (_: Brought) => {};
  const want = async (wanted: Wanted) => {
    const brought = await new Promise<Brought>(resolve => {
      bring = resolve;
      process.send?.({ wanted });
    });
    if ('refused' in brought) throw new Error(brought.refused);
    const { buffer, byteOffset, byteLength } = brought.portion;
    return buffer.slice(byteOffset, byteOffset + byteLength);
  };
  process.on('message', (message: string | Brought) => {
    if (typeof message === 'object') bring(message);
    else if (message === PING) engine.alive().then(() => process.send?.(PONG));
    else void engine.handle(message, tell, want);
  });
  endWithParent();
  tell({ dawn: dawnVersion() });
}
