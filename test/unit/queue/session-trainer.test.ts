import { expect, test, vi } from 'vitest';
import { sessionTrainer } from '../../../src/queue/session-trainer.ts';
import { EngineAway } from '../../../src/queue/worker.ts';
import { type Session, SessionLeft } from '../../../src/runtime/session.ts';
import { fakeSession } from '../../support/fake-session.ts';
import { NO_ADAPTER } from '../../support/made-up.ts';
import { pack } from '../../support/packs.ts';

const HOOKS = {
  saved: new Map(),
  onCheckpoints: async () => {},
  onProgress: () => {},
  onTested: () => {},
};

/** A trainer whose first engine goes away when it is to train. */
async function abandoned(next: { mustWait: boolean; session: Session }) {
  const leaves = fakeSession({
    onTrain() {
      throw new SessionLeft('the tab was closed');
    },
  });
  const open = vi.fn(async () => next.session).mockResolvedValueOnce(leaves);
  const mustWait = () => next.mustWait;
  const trainer = await sessionTrainer({ adapter: 'auto', engine: 'one', open, mustWait, say: () => {} });
  const onCells = vi.fn(async () => {});
  return { trained: trainer.train(pack(), { ...HOOKS, onCells }), onCells, open };
}

test('an engine that goes away is followed by the next one, where it is there', async () => {
  const { trained, onCells } = await abandoned({ mustWait: false, session: fakeSession() });
  await trained;
  expect(onCells).toHaveBeenCalledOnce();
});

test('where somebody has to be waited for, the pack is for others', async () => {
  const { trained, onCells, open } = await abandoned({ mustWait: true, session: fakeSession() });
  await expect(trained).rejects.toThrow(EngineAway);
  expect(onCells).not.toHaveBeenCalled();
  expect(open).toHaveBeenCalledOnce();
});

test('where the next one is on another adapter, too: it is another worker', async () => {
  const session = fakeSession();
  const send: Session['send'] = async () => ({
    event: 'probed',
    adapter: { ...NO_ADAPTER, description: 'another' },
  });
  const close = vi.fn(session.close);
  const { trained } = await abandoned({ mustWait: false, session: { ...session, send, close } });
  await expect(trained).rejects.toThrow(/the next engine is on another/);
  expect(close).toHaveBeenCalledOnce();
});
