import pLimit from 'p-limit';
import { adapterName } from '../shared/adapter.ts';
import type { Checkpoint, Origin } from '../shared/checkpoint.ts';
import { MachineError, messageOf } from '../shared/errors.ts';
import { packPortion, type SequenceSource, type Wanted } from '../shared/feed.ts';
import type { AdapterInfo, AdapterPreference, EngineEvent, Pack } from '../shared/protocol.ts';
import type { FedTask } from '../shared/task.ts';
import { ask, OutOfMemory } from './ask.ts';
import { deviceMemoryBytes } from './device-memory.ts';
import { onStop, type Progress, type Session, SessionLeft, SessionLost, type Tested } from './session.ts';
import { type CurvePoint, Underway } from './underway.ts';

export type Trained = Extract<EngineEvent, { event: 'trained' }>;

/** What is asked of the engine for one pack. */
export interface PackRequest {
  pack: Pack;
  adapter: AdapterPreference;
  profile?: boolean;
}

/** A pack, or a part of one, at its end. Arrays are in the order of the pack's replicas. */
export interface FinishedPack {
  /** Of the pack that was asked for. */
  index: number;
  pack: Pack;
  trained: Trained;
  curves: CurvePoint[][];
  /** Time spent on each cell, its share of its packs'. */
  seconds: number[];
  session: Session;
}

/** What a supervised run is told, and asked. Packs may be split on the way: the replicas of `pack` say which cells an event is about. */
export interface Supervision {
  /** Packs trained at the same time, each in a browser of its own. */
  workers: number;
  open: () => Promise<Session>;
  /** Hash of the engine, as far as it is known. */
  engine: string;
  /** Where a cell can go on, if anywhere. */
  savedOf: (cell: string) => Checkpoint | undefined;
  /** Opens what makes the sequences of a task that is fed by the host; it is closed when a pack is through. */
  sourceOf?: (task: FedTask) => Promise<SequenceSource<Pack>>;
  onProgress: (index: number, event: Progress, pack: Pack) => void;
  /** How far a point of the evaluation is: it is told again as it goes on, and at its end. */
  onTested?: (index: number, event: Tested, pack: Pack) => void;
  /** Where cells of a pack can go on from now. Training goes on meanwhile. */
  onCheckpoints?: (checkpoints: Checkpoint[]) => Promise<void>;
  /** Awaited before the next pack begins: this is where results reach the disk. */
  onFinished: (finished: FinishedPack) => Promise<void>;
  /** One clear line when something was lost and is tried again. */
  onLog: (line: string) => void;
  /** First wait after a loss. */
  backOffMs?: number;
  /** Time between two checkpoints. */
  checkpointSeconds?: number;
}

/** A request by its place in the list. */
type Numbered = PackRequest & { index: number };

/** Times in a row that a pack is lost without having come further before a run gives up on it. */
const ATTEMPTS = 4;
const BACK_OFF_MS = 500;
const MOST_BACK_OFF_MS = 60_000;
const CHECKPOINT_SECONDS = 30;
const LEAST_CHECKPOINT_SECONDS = 2;
const SUBMISSION_MS = 150;
const LEAST_SUBMISSION_MS = 10;

/**
 * Trains packs. A lost device, or a browser or process that went away, costs what the pack did since its last checkpoint: after a wait
 * that grows, a fresh one goes on from there, with shorter submissions and, from the second loss on, half the pack. A pack that the adapter
 * cannot hold is split at once. Sessions in `idle` are used first, and those that live are there again at the end, for the caller to close.
 * After an error no further pack begins, and those that other workers have in hand are finished first.
 * When the program is told to stop, packs in training bring a last checkpoint to the disk.
 * @throws MachineError when a cell alone is lost `ATTEMPTS` times without coming further, or fails in a way that a retry cannot help.
 */
export async function trainPacks(
  packs: readonly PackRequest[],
  supervision: Supervision,
  idle: Session[],
): Promise<void> {
  const limit = pLimit(supervision.workers);
  const errors: unknown[] = [];
  await Promise.all(
    packs.map((request, index) =>
      limit(async () => {
        // Cells that stand at different places cannot share their steps.
        for (const part of Underway.of(request.pack, supervision.savedOf)) {
          if (errors.length > 0) return;
          const done = trainPart(part, { ...request, index }, idle, supervision, 0);
          await done.catch(error => errors.push(error));
        }
      }),
    ),
  );
  if (errors.length > 0) throw errors[0];
}

/** Why bits from there are not those from here. */
function differenceOf(saved: Origin | undefined, now: Origin): string | undefined {
  if (saved === undefined) return undefined;
  if (saved.engine !== now.engine) return `made by engine ${saved.engine}, this is ${now.engine}`;
  if (saved.machine !== now.machine) return `made on ${saved.machine}, this is ${now.machine}`;
  return undefined;
}

/**
 * Trains one part of a pack to its end, in smaller parts where memory or losses ask for it. `losses` counts those in a row that led
 * nowhere.
 */
async function trainPart(
  part: Underway,
  request: Numbered,
  idle: Session[],
  supervision: Supervision,
  losses: number,
): Promise<void> {
  const { onLog, backOffMs = BACK_OFF_MS } = supervision;
  const cells = part.pack.replicas.length;
  for (;;) {
    const from = part.place;
    let session: Session | undefined;
    let parts = 1;
    try {
      session = idle.pop() ?? (await opened(supervision, losses));
      const { adapter } = await ask(session, 'probed', { op: 'probe', adapter: request.adapter });
      const budget = await budgetBytes(adapter, session, supervision);
      parts = Math.max(1, Math.min(cells, Math.ceil(part.bytes / budget)));
      if (parts === 1) await train(part, request, session, adapter, supervision, losses);
      idle.push(session);
      if (parts === 1) return;
    } catch (error) {
      if (error instanceof OutOfMemory && cells > 1) {
        // The engine is well: it gives the next request a fresh device.
        if (session) idle.push(session);
        onLog(`${messageOf(error)}: ${cells} cells are split into two packs`);
        parts = 2;
      } else {
        await session?.close();
        if (!(error instanceof SessionLost)) throw error;
        const fault = error instanceof SessionLeft ? 0 : 1;
        losses = part.place === from ? losses + fault : fault;
        if (losses >= ATTEMPTS && cells === 1) throw lostTooOften(part, losses, error);
        const waitMs = Math.min(MOST_BACK_OFF_MS, backOffMs * 2 ** (losses - 1));
        onLog(`${messageOf(error)}: ${cells} cells go on from step ${part.step} in ${waitMs / 1000} s`);
        await new Promise(resolve => setTimeout(resolve, waitMs));
        if (losses > 1 && cells > 1) parts = 2;
      }
    }
    if (parts === 1) continue;
    for (const smaller of part.parts(parts)) await trainPart(smaller, request, idle, supervision, losses);
    return;
  }
}

/** A fresh session. What does not start where one has started before counts as lost. */
async function opened({ open }: Supervision, losses: number): Promise<Session> {
  try {
    return await open();
  } catch (error) {
    if (losses === 0 || !(error instanceof MachineError)) throw error;
    throw new SessionLost(error.message, error.fix, { cause: error });
  }
}

function lostTooOften({ step }: Underway, losses: number, cause: SessionLost): MachineError {
  return new MachineError(
    `a cell was lost ${losses} times at step ${step}; the last time ${messageOf(cause)}`,
    'Finished cells and checkpoints are kept. Try --workers 1, a smaller train.batch, or `lengthwise doctor`.',
    { cause },
  );
}

/**
 * Device memory that a pack may take, beside those of other workers: WebGPU tells no more of a device's memory than how large a buffer may
 * be, the system may tell what is free.
 */
async function budgetBytes(
  adapter: AdapterInfo,
  session: Session,
  { workers }: Supervision,
): Promise<number> {
  const { maxBufferSize = Number.POSITIVE_INFINITY } = adapter.limits;
  // A tab may be on another machine, whose memory this one cannot ask for.
  const known = session.runtime === 'tab' ? undefined : await deviceMemoryBytes(adapter);
  const free = known ?? Number.POSITIVE_INFINITY;
  return Math.min(maxBufferSize / 2, free / workers);
}

/** Has one session train a part from where it stands to its end. */
async function train(
  part: Underway,
  { adapter, profile, index }: Numbered,
  session: Session,
  info: AdapterInfo,
  supervision: Supervision,
  losses: number,
): Promise<void> {
  const {
    onLog,
    onProgress,
    onTested,
    onCheckpoints,
    onFinished,
    checkpointSeconds = CHECKPOINT_SECONDS,
  } = supervision;
  const origin = { machine: `${adapterName(info)}, ${session.version}`, engine: supervision.engine };
  const cells = part.pack.replicas.length;
  const differs = differenceOf(part.origin, origin);
  if (differs) {
    onLog(`${cells} checkpoints cannot be used (${differs}): those cells start again`);
    part.restart();
  } else if (part.step > 0) onLog(`${cells} cells continue at step ${part.step}`);
  const resume = part.resume();
  const before = part.spent();
  const { pack } = part;
  const source = pack.task.source === 'device' ? undefined : await supervision.sourceOf?.(pack.task);
  const feed = source && {
    feed: async (wanted: Wanted) => packPortion(await source.portion(pack, wanted)),
  };
  const half = 0.5 ** losses;
  let told: (() => void)[] = [];
  let written = Promise.resolve();
  /** Resolves when a state that was told from now on is on the disk, or what was told before where the engine did nothing since. */
  const save = async () => {
    const { hasNews } = part;
    if (hasNews) {
      const news = new Promise<void>(resolve => told.push(resolve));
      session.tell({ op: 'state' });
      await news;
    }
    await written;
    const what = hasNews ? 'are saved, at' : 'have nothing new to save since';
    return `${cells} cells under way ${what} step ${part.step} of ${pack.steps}`;
  };
  const late = () =>
    `${cells} cells under way go on from step ${part.step} of ${pack.steps}: the engine told no later state in time`;
  const unwatch = onStop('save', save, late);
  const settled = () => {
    unwatch();
    // Whoever waits for a state waits no longer: there is none to come.
    for (const resolve of told) resolve();
  };
  const trained = await ask(
    session,
    'trained',
    {
      op: 'train',
      adapter,
      pack,
      ...(profile ? { profile } : {}),
      ...(resume ? { resume } : {}),
      stateEverySeconds: Math.max(
        Math.min(LEAST_CHECKPOINT_SECONDS, checkpointSeconds),
        checkpointSeconds * half,
      ),
      submissionMs: Math.max(LEAST_SUBMISSION_MS, SUBMISSION_MS * half),
    },
    {
      ...feed,
      onProgress(event) {
        part.progressed(event);
        onProgress(index, event, pack);
      },
      onStanding(event) {
        part.stands(event, origin, before);
        if (event.event === 'tested') return onTested?.(index, event, pack);
        const checkpoints = part.checkpoints();
        written = written
          .then(() => onCheckpoints?.(checkpoints))
          .catch(error => onLog(`checkpoints are not written, training goes on: ${messageOf(error)}`));
        for (const resolve of told) resolve();
        told = [];
      },
    },
  ).finally(() => {
    settled();
    return source?.close();
  });
  await written;
  const share = (trained.trainSeconds + trained.testSeconds) / cells;
  const seconds = before.map(spent => spent + share);
  await onFinished({ index, pack, trained, curves: part.curves(), seconds, session });
}
