import type { Want } from '../engine/engine.ts';
import { type EngineEvent, PING, PONG, type Request } from '../shared/protocol.ts';
import { ENDED, REFUSED, roleSchema, WANTED } from '../shared/tab-protocol.ts';
import { afterEvent, afterRequest, afterRole, atFirst, type Status } from './status.ts';

/** Bytes that may wait to be sent, beyond which checkpoints on the way are left out: the next one serves as well. */
const MOST_WAITING_BYTES = 2 ** 20;

/** An engine, as far as it is carried. */
interface Carried {
  handle(requestJson: string, emit: (event: EngineEvent) => void, want: Want): Promise<void>;
  alive(): Promise<void>;
}

/**
 * Has an engine serve what runtime/tab-session.ts asks over a WebSocket, and tells what becomes of it. After the states `lost` and `ended`
 * nothing more comes.
 */
export function carryOverSocket(
  engine: Carried,
  { url, browser, show }: { url: string; browser: string; show: (status: Status) => void },
): void {
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  let status = atFirst(browser);
  const now = (next: Status) => {
    status = next;
    show(status);
  };
  const send = (text: string) => {
    if (socket.readyState === WebSocket.OPEN) socket.send(text);
  };
  /** Whether a state was asked for, and how many steps training has. */
  let [stateWanted, steps] = [false, 0];
  const emit = (event: EngineEvent) => {
    if (event.event === 'state') {
      const spare = !stateWanted && event.step < steps && socket.bufferedAmount > MOST_WAITING_BYTES;
      if (spare) return;
      stateWanted = false;
    }
    send(JSON.stringify(event));
    now(afterEvent(status, event, performance.now()));
  };
  /** Takes what was asked for, or why there is none. */
  let bring = (_: ArrayBuffer | Error) => {};
  const want: Want = async wanted => {
    const brought = await new Promise<ArrayBuffer | Error>(resolve => {
      bring = resolve;
      send(WANTED + JSON.stringify(wanted));
    });
    if (brought instanceof Error) throw brought;
    return brought;
  };
  const take = (text: string) => {
    const message = JSON.parse(text) as object;
    if ('role' in message) return now(afterRole(status, roleSchema.parse(message)));
    const request = message as { op: string };
    if (request.op === 'state') stateWanted = true;
    else {
      // What the engine refuses, it says itself.
      const asked = request as Request;
      if (asked.op === 'train') [stateWanted, steps] = [false, asked.pack?.steps ?? 0];
      now(afterRequest(status, asked));
    }
    void engine.handle(text, emit, want);
  };
  socket.onopen = () => send(JSON.stringify({ tab: browser }));
  socket.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (data instanceof ArrayBuffer) return bring(data);
    const text = String(data);
    if (text === PING) void engine.alive().then(() => send(PONG));
    else if (text.startsWith(REFUSED)) bring(new Error(text.slice(REFUSED.length)));
    else take(text);
  };
  socket.onclose = ({ code }) => now({ ...status, state: code === ENDED ? 'ended' : 'lost', work: null });
  now(status);
}
