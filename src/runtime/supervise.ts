import pLimit from 'p-limit';
import { MachineError, messageOf } from '../shared/errors.ts';
import type { EngineEvent, Request } from '../shared/protocol.ts';
import { ask } from './ask.ts';
import { type Progress, type Session, SessionLost } from './session.ts';

export type Trained = Extract<EngineEvent, { event: 'trained' }>;

/** What a supervised run is told, and asked. */
export interface Supervision {
  /** Packs trained at the same time, each in a browser of its own. */
  workers: number;
  open: () => Promise<Session>;
  onProgress: (pack: number, event: Progress) => void;
  /** Awaited before the next pack begins: this is where results reach the disk. */
  onFinished: (pack: number, result: Trained, session: Session) => Promise<void>;
  /** One clear line when something was lost and is tried again. */
  onLog: (line: string) => void;
}

/** Times one pack is begun before a run gives up on it. */
const ATTEMPTS = 3;

/**
 * Trains packs. A lost device, or a browser or process that went away, costs the pack in hand: a fresh one begins it
 * again, and finished packs are never repeated. Sessions in `idle` are used first; all are closed at the end. After an error no
 * further pack begins, and those that other workers have in hand are finished first.
 * @throws MachineError when a pack fails `ATTEMPTS` times, or in a way that a retry cannot help.
 */
export async function trainPacks(
  packs: readonly PackRequest[],
  supervision: Supervision,
  idle: Session[] = [],
): Promise<void> {
  const limit = pLimit(supervision.workers);
  const errors: unknown[] = [];
  await Promise.all(
    packs.map((request, index) =>
      limit(async () => {
        if (errors.length > 0) return;
        await trainOne(index, request, idle, supervision).catch(error => errors.push(error));
      }),
    ),
  );
  await Promise.allSettled(idle.map(session => session.close()));
  if (errors.length > 0) throw errors[0];
}

/** What is asked of the engine for one pack. */
export type PackRequest = Omit<Extract<Request, { op: 'train' }>, 'op'>;

async function trainOne(
  index: number,
  request: PackRequest,
  idle: Session[],
  supervision: Supervision,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    let session: Session | undefined;
    try {
      session = idle.pop() ?? (await supervision.open());
      const trained = await ask(session, 'trained', { op: 'train', ...request }, event =>
        supervision.onProgress(index, event),
      );
      await supervision.onFinished(index, trained, session);
      idle.push(session);
      return;
    } catch (error) {
      await session?.close();
      if (!(error instanceof SessionLost)) throw error;
      if (attempt === ATTEMPTS) {
        throw new MachineError(
          `pack ${index + 1} failed ${ATTEMPTS} times; the last time ${messageOf(error)}`,
          'Finished cells are kept. Try a smaller train.batch, --workers 1, or `lengthwise doctor`.',
          { cause: error },
        );
      }
      supervision.onLog(
        `${messageOf(error)}: starting afresh, attempt ${attempt + 1} of ${ATTEMPTS} for pack ${index + 1}`,
      );
    }
  }
}
