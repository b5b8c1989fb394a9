import { describe, expect, test } from 'vitest';
import { Conversation, type Progress, SessionLost } from '../../../src/runtime/conversation.ts';

const PROBE = { op: 'probe', adapter: 'software' } as const;
const FAILED = { event: 'failed', reason: 'internal', message: 'no' } as const;
const PROGRESS = { event: 'progress', phase: 'train', done: 1, total: 2, sequencesPerSecond: 3, curve: [] };

describe('a conversation', () => {
  test('progress is passed on, and the final event is the answer', async () => {
    const conversation = new Conversation();
    const heard: Progress[] = [];
    const answer = conversation.ask(
      PROBE,
      json => {
        expect(JSON.parse(json)).toEqual(PROBE);
        conversation.hear(JSON.stringify(PROGRESS));
        conversation.hear(JSON.stringify(FAILED));
      },
      event => heard.push(event),
    );
    expect(await answer).toEqual(FAILED);
    expect(heard).toEqual([PROGRESS]);
  });

  test('one request at a time', async () => {
    const conversation = new Conversation();
    const first = conversation.ask(PROBE, () => {});
    await expect(conversation.ask(PROBE, () => {})).rejects.toThrow(/one request at a time/);
    conversation.hear(JSON.stringify(FAILED));
    expect(await first).toEqual(FAILED);
  });

  test('a loss ends the request under way and every later one', async () => {
    const conversation = new Conversation();
    const first = conversation.ask(PROBE, () => {});
    conversation.lose(new SessionLost('gone'));
    await expect(first).rejects.toThrow('gone');
    await expect(conversation.ask(PROBE, () => {})).rejects.toThrow(SessionLost);
  });

  test('an event that is not in the protocol is a loss', async () => {
    const conversation = new Conversation();
    const asked = conversation.ask(PROBE, () => conversation.hear('{"event": "finished"}'));
    await expect(asked).rejects.toThrow(/an event that is not in the protocol/);
  });
});
