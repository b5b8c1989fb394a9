import { UnrecoverableError } from 'bullmq';
import { sourceOfTask } from '../data/makers.ts';
import { readCheckpoint, writeCheckpoint } from '../results/checkpoints.ts';
import { ask, Refused } from '../runtime/ask.ts';
import type { Session } from '../runtime/session.ts';
import { type FinishedPack, trainPacks } from '../runtime/supervise.ts';
import { adapterName } from '../shared/adapter.ts';
import type { Checkpoint } from '../shared/checkpoint.ts';
import { messageOf } from '../shared/errors.ts';
import type { AdapterPreference } from '../shared/protocol.ts';
import { testedLength } from '../sweep/tested-length.ts';
import type { CellResult } from './results.ts';
import { EngineAway, type PackTrainer } from './worker.ts';

export interface SessionTrainerOptions {
  adapter: AdapterPreference;
  /** Engine hash of this build. */
  engine: string;
  /** Starts an engine. */
  open: () => Promise<Session>;
  /** Whether that would wait for a person. */
  mustWait: () => boolean;
  say(line: string): void;
}

/**
 * Trains packs on one adapter, in one engine that stays from pack to pack. `close` ends it. Where it is lost, and another would be waited
 * for or has another adapter, `train` throws `EngineAway`.
 */
export async function sessionTrainer({
  adapter,
  engine,
  open,
  mustWait,
  say,
}: SessionTrainerOptions): Promise<PackTrainer & { close(): Promise<void> }> {
  const first = await open();
  const idle = [first];
  const adapterOf = async (session: Session) =>
    adapterName((await ask(session, 'probed', { op: 'probe', adapter })).adapter);
  const name = await adapterOf(first);
  const again = async () => {
    if (mustWait()) throw new EngineAway('no engine is there');
    const session = await open();
    const now = await adapterOf(session);
    if (now === name) return session;
    await session.close();
    throw new EngineAway(`the next engine is on ${now}`);
  };
  return {
    adapter: name,
    runtime: first.version,
    async train(pack, { saved, onCheckpoints, onProgress, onTested, onCells }) {
      const checkpoints = new Map<string, Checkpoint>();
      for (const [cell, bytes] of saved) {
        try {
          checkpoints.set(cell, readCheckpoint(bytes, `the checkpoint of cell ${cell}`));
        } catch (error) {
          say(`${messageOf(error)}: that cell starts again`);
        }
      }
      await trainPacks(
        [{ pack, adapter }],
        {
          workers: 1,
          open: again,
          engine,
          savedOf: cell => checkpoints.get(cell),
          sourceOf: sourceOfTask,
          onLog: say,
          onProgress: (_, event, part) => onProgress(event, part),
          onTested(_, event, part) {
            const tested = testedLength(event, part);
            if (tested) onTested(tested, part);
          },
          onCheckpoints: states =>
            onCheckpoints(new Map(states.map(state => [state.cell, writeCheckpoint(state)]))),
          onFinished: finished => onCells(resultsOf(finished)),
        },
        idle,
      ).catch(error => {
        throw error instanceof Refused ? new UnrecoverableError(error.message) : error;
      });
    },
    async close() {
      await Promise.allSettled(idle.map(session => session.close()));
    },
  };
}

function resultsOf({ pack, trained, curves, seconds, session }: FinishedPack): CellResult[] {
  const share = 1 / pack.replicas.length;
  return trained.cells.map((outcome, r) => ({
    outcome,
    curve: curves[r]!.map(({ step, loss }) => [step, loss]),
    adapter: trained.adapter,
    version: session.version,
    seconds: seconds[r]!,
    trainSeconds: share * trained.trainSeconds,
    trainSequences: share * trained.trainSequences,
    trainLabels: share * trained.trainLabels,
  }));
}
