import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type EngineEvent, PING, PONG } from '../../../src/shared/protocol.ts';
import { ENDED } from '../../../src/shared/tab-protocol.ts';
import { carryOverSocket } from '../../../src/tab/carrier.ts';
import type { Status } from '../../../src/tab/status.ts';
import { pack } from '../../support/packs.ts';

/** A browser's WebSocket whose other end is the test. */
class FakeSocket {
  static readonly OPEN = 1;
  static last: FakeSocket;
  readonly readyState = FakeSocket.OPEN;
  bufferedAmount = 0;
  readonly sent: string[] = [];
  onopen = () => {};
  onmessage = (_: { data: string }) => {};
  onclose = (_: { code: number }) => {};

  constructor() {
    FakeSocket.last = this;
  }

  send(text: string): void {
    this.sent.push(text);
  }
}

let emit: (event: EngineEvent) => void;
let shown: Status[];
const handle = vi.fn(async (_: string, own: typeof emit) => {
  emit = own;
});
beforeEach(() => {
  vi.stubGlobal('WebSocket', FakeSocket);
  handle.mockClear();
  shown = [];
  carryOverSocket(
    { handle, alive: async () => {} },
    { url: 'ws://here/', browser: 'Lynx/2.9 on Linux', show: status => shown.push(status) },
  );
});
afterEach(() => void vi.unstubAllGlobals());

const hear = (message: object) => FakeSocket.last.onmessage({ data: JSON.stringify(message) });
const PACK = pack({ steps: 100 });
const stateAt = (step: number): EngineEvent => ({
  ...({ event: 'state', step, seconds: 1 } as const),
  replicas: [{ divergedAtStep: null, floats: '' }],
});
const sentStates = () =>
  FakeSocket.last.sent.flatMap(text => {
    const { event, step } = JSON.parse(text) as { event: string; step: number };
    return event === 'state' ? [step] : [];
  });

test('greets, answers pings, knows its role, and hands requests to the engine as they came', async () => {
  const socket = FakeSocket.last;
  socket.onopen();
  expect(socket.sent).toEqual(['{"tab":"Lynx/2.9 on Linux"}']);
  socket.onmessage({ data: PING });
  await vi.waitFor(() => expect(socket.sent.at(-1)).toBe(PONG));
  hear({ role: 'spare', run: 'smoke' });
  expect(shown.at(-1)).toMatchObject({ state: 'spare', run: 'smoke' });
  expect(handle).not.toHaveBeenCalled();
  hear({ op: 'probe', adapter: 'auto' });
  expect(handle.mock.lastCall![0]).toBe('{"op":"probe","adapter":"auto"}');
  socket.onclose({ code: ENDED });
  expect(shown.at(-1)!.state).toBe('ended');
});

test('a line that is slow leaves out checkpoints on the way, never the last nor one that was asked for', () => {
  hear({ op: 'train', adapter: 'auto', pack: PACK });
  emit(stateAt(10));
  FakeSocket.last.bufferedAmount = 2 ** 21;
  emit(stateAt(20));
  hear({ op: 'state' });
  emit(stateAt(30));
  emit(stateAt(40));
  emit(stateAt(100));
  expect(sentStates()).toEqual([10, 30, 100]);
  FakeSocket.last.bufferedAmount = 0;
  emit(stateAt(50));
  expect(sentStates()).toEqual([10, 30, 100, 50]);
});

test('a connection that breaks is lost', () => {
  FakeSocket.last.onclose({ code: 1006 });
  expect(shown.at(-1)!.state).toBe('lost');
});
