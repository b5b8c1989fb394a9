import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  type Carrier,
  Conversation,
  type Progress,
  SessionLost,
  SessionStalled,
} from '../../../src/runtime/conversation.ts';

const PROBE = { op: 'probe', adapter: 'software' } as const;
const FAILED = { event: 'failed', reason: 'internal', message: 'no' } as const;
const PROGRESS = { event: 'progress', phase: 'train', done: 1, total: 2, sequencesPerSecond: 3, curve: [] };

/** A carrier that hands requests to nobody, unless told what to do with them. */
function carrier(deliver: (json: string) => void = () => {}, ping = () => Promise.resolve()) {
  return { deliver, ping, kill: vi.fn() } satisfies Carrier;
}

describe('a conversation', () => {
  test('progress is passed on, and the final event is the answer', async () => {
    const conversation = new Conversation();
    const heard: Progress[] = [];
    const answer = conversation.ask(
      PROBE,
      carrier(json => {
        expect(JSON.parse(json)).toEqual(PROBE);
        conversation.hear(JSON.stringify(PROGRESS));
        conversation.hear(JSON.stringify(FAILED));
      }),
      { onProgress: event => heard.push(event) },
    );
    expect(await answer).toEqual(FAILED);
    expect(heard).toEqual([PROGRESS]);
  });

  test('sequences are made by whoever asks; a request that fails for want of them throws why', async () => {
    const conversation = new Conversation();
    const wanted = { point: null, first: 0, count: 2, room: 9, complete: false };
    const feed = vi.fn(async ({ first }: { first: number }) => {
      if (first > 0) throw new Error('no more');
      return Uint8Array.of(7);
    });
    const answer = conversation.ask(PROBE, carrier(), { feed });
    expect(await conversation.feed(wanted)).toEqual(Uint8Array.of(7));
    await expect(conversation.feed({ ...wanted, first: 1 })).rejects.toThrow('no more');
    conversation.hear(JSON.stringify(FAILED));
    await expect(answer).rejects.toThrow('no more');
    // The next request knows nothing of it.
    const next = conversation.ask(PROBE, carrier());
    await expect(conversation.feed(wanted)).rejects.toThrow(/nobody makes sequences/);
    conversation.hear(JSON.stringify(FAILED));
    await expect(next).rejects.toThrow(/nobody makes sequences/);
  });

  test('one request at a time', async () => {
    const conversation = new Conversation();
    const first = conversation.ask(PROBE, carrier());
    await expect(conversation.ask(PROBE, carrier())).rejects.toThrow(/one request at a time/);
    conversation.hear(JSON.stringify(FAILED));
    expect(await first).toEqual(FAILED);
  });

  test('a loss ends the request under way and every later one', async () => {
    const conversation = new Conversation();
    const first = conversation.ask(PROBE, carrier());
    conversation.lose(new SessionLost('gone'));
    await expect(first).rejects.toThrow('gone');
    await expect(conversation.ask(PROBE, carrier())).rejects.toThrow(SessionLost);
  });

  test('an event that is not in the protocol is a loss', async () => {
    const conversation = new Conversation();
    const asked = conversation.ask(
      PROBE,
      carrier(() => conversation.hear('{"event": "finished"}')),
    );
    await expect(asked).rejects.toThrow(/an event that is not in the protocol/);
  });
});

describe('an engine that is silent', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const STALL_MS = 800;

  test('is killed, and the session is lost, when it answers no ping', async () => {
    const deaf = carrier(undefined, () => new Promise(() => {}));
    const conversation = new Conversation(undefined, STALL_MS);
    const asked = conversation.ask(PROBE, deaf);
    const lost = expect(asked).rejects.toThrow(SessionStalled);
    await vi.advanceTimersByTimeAsync(STALL_MS);
    expect(deaf.kill).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(STALL_MS);
    await lost;
    await expect(asked).rejects.toThrow(
      'made no progress and answered no ping for 0.8 s, its processes were killed',
    );
    expect(deaf.kill).toHaveBeenCalledOnce();
  });

  test('is waited for as long as it answers pings', async () => {
    const busy = carrier();
    const conversation = new Conversation(undefined, STALL_MS);
    const asked = conversation.ask(PROBE, busy);
    await vi.advanceTimersByTimeAsync(100 * STALL_MS);
    conversation.hear(JSON.stringify(FAILED));
    expect(await asked).toEqual(FAILED);
    expect(busy.kill).not.toHaveBeenCalled();
  });

  test('is waited for as long as it makes progress, whatever becomes of pings', async () => {
    const deaf = carrier(undefined, () => Promise.reject(new Error('no')));
    const conversation = new Conversation(undefined, STALL_MS);
    const asked = conversation.ask(PROBE, deaf);
    for (let i = 0; i < 10; i++) {
      await vi.advanceTimersByTimeAsync(STALL_MS / 2);
      conversation.hear(JSON.stringify(PROGRESS));
    }
    conversation.hear(JSON.stringify(FAILED));
    expect(await asked).toEqual(FAILED);
    await vi.advanceTimersByTimeAsync(2 * STALL_MS);
    expect(deaf.kill).not.toHaveBeenCalled();
  });
});
