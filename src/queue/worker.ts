import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { UnrecoverableError } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Progress } from '../runtime/session.ts';
import { InputError, MachineError, messageOf } from '../shared/errors.ts';
import type { Pack } from '../shared/protocol.ts';
import type { TestedLength } from '../sweep/tested-length.ts';
import { type Build, otherBuildWanted } from './build.ts';
import { SharedCheckpoints } from './checkpoints.ts';
import { HeldJob } from './held-job.ts';
import type { JobProgress } from './job-progress.ts';
import type { JobData } from './jobs.ts';
import { queueName } from './names.ts';
import { checkOwnTask } from './own-task.ts';
import { countsOf, openQueue, openWorker, type PackQueue, type PackWorker } from './queues.ts';
import { type CellResult, Results } from './results.ts';
import { Unhelped } from './unhelped.ts';
import { BEAT_MS, hideWorker, liveWorkers, showWorker, type WorkerNote } from './workers.ts';

/** The engine of a worker is gone, and none like it is to be had at once: jobs are better left to others meanwhile. */
export class EngineAway extends Error {}

/** What training a pack is given, and tells. */
export interface PackHooks {
  /** Where cells can go on, by cell. */
  saved: ReadonlyMap<string, Uint8Array>;
  /** Where cells can go on from now, by cell. */
  onCheckpoints(checkpoints: ReadonlyMap<string, Uint8Array>): Promise<void>;
  /** How far the pack is, or the part of it that is trained by itself. */
  onProgress(event: Progress, pack: Pack): void;
  /** A test length of it that is evaluated, as far as it is. */
  onTested(tested: TestedLength, pack: Pack): void;
  /** Cells that are trained and tested. */
  onCells(results: CellResult[]): Promise<void>;
}

/** What trains packs on this machine. */
export interface PackTrainer {
  /** The kind of adapter, which bits depend on. */
  adapter: string;
  runtime: string;
  /** Throws `EngineAway` where it has no engine any more; the pack is for others then. */
  train(pack: Pack, hooks: PackHooks): Promise<void>;
}

export interface WorkerOptions extends Build {
  /** Ends when no job is waiting or in work any more. */
  drain: boolean;
  /** After so long without a sign of its worker a job is up for others. */
  lockMs: number;
  /** Time between two looks into an empty queue. */
  idleMs?: number;
  say(line: string): void;
}

/** What a worker got through. */
export interface WorkerTotals {
  finished: number;
  failed: number;
  cells: number;
}

/** A queue as a worker sees it. */
interface Source {
  /** The kind of adapter that its jobs must run on; null: any. */
  adapter: string | null;
  queue: PackQueue;
  worker: PackWorker;
  results: Results;
  checkpoints: SharedCheckpoints;
}

const IDLE_MS = 500;
/** A job that failed here is left to others for so long. */
const LEAVE_MS = 5000;
/** Characters of a worker's last word. */
const MOST_WORD = 300;
/** Time between two tries to hand in a result when Redis is full. */
const FULL_MS = 2000;

/** Takes packs from a queue, one at a time, trains them and hands their cells in. */
export class QueueWorker {
  private readonly redis: Redis;
  private readonly trainer: PackTrainer;
  private readonly options: WorkerOptions;
  readonly id = randomUUID().slice(0, 8);
  readonly totals: WorkerTotals = { finished: 0, failed: 0, cells: 0 };
  private readonly unhelped = new Unhelped();
  private readonly stopped = new AbortController();
  private sources: Source[] = [];
  private held: HeldJob | undefined;
  private tokens = 0;
  private state: WorkerNote['state'] = 'idle';
  private sequencesPerSecond: number | null = null;
  private speed: number | null = null;
  private said = new Set<string>();
  private word: string | null = null;

  constructor(redis: Redis, trainer: PackTrainer, options: WorkerOptions) {
    this.redis = redis;
    this.trainer = trainer;
    this.options = options;
  }

  /**
   * Works until `stop`, or with `drain` until the queue is empty.
   * @throws MachineError when jobs fail here that others finish, EngineAway, with the job back in the queue, as the trainer does.
   */
  async run(): Promise<WorkerTotals> {
    const { engine, drain, lockMs, idleMs = IDLE_MS } = this.options;
    // Jobs that must run on this kind of adapter first: others can do the rest.
    for (const adapter of [this.trainer.adapter, null]) {
      const name = queueName(engine, adapter);
      this.sources.push({
        adapter,
        queue: openQueue(this.redis, name),
        worker: await openWorker(this.redis, name, { lockMs, worker: this.id }),
        results: new Results(this.redis, name),
        checkpoints: new SharedCheckpoints(this.redis, name),
      });
    }
    const beat = setInterval(() => this.beat(), BEAT_MS);
    await this.show();
    try {
      while (!this.stopped.signal.aborted) {
        if (await this.workOnNext()) continue;
        if (drain && (await this.isEmpty())) break;
        await this.tellOtherBuild();
        await this.pause(idleMs);
      }
      return this.totals;
    } finally {
      clearInterval(beat);
      await this.close();
    }
  }

  /** Ends the worker: what it has in hand goes back to the queue at once, with its checkpoints. */
  async stop(): Promise<void> {
    if (this.stopped.signal.aborted) return;
    this.stopped.abort();
    await this.held?.release();
    await hideWorker(this.redis, this.id);
  }

  /** Says a line here, and shows it to whoever watches the queue. */
  say(line: string): void {
    this.word = line.slice(0, MOST_WORD);
    this.options.say(line);
    this.beat();
  }

  /** Takes a job and sees it through. Resolves to false when there was none. */
  private async workOnNext(): Promise<boolean> {
    for (const source of this.sources) {
      const token = `${this.id}:${this.tokens++}`;
      const job = await source.worker.getNextJob(token, { block: false });
      if (!job) continue;
      const held = new HeldJob(job, token, this.options.lockMs);
      this.held = held;
      this.state = 'working';
      this.beat();
      try {
        await this.workOn(held, source);
      } finally {
        this.held = undefined;
        this.state = 'idle';
        this.beat();
      }
      return true;
    }
    return false;
  }

  private async workOn(held: HeldJob, source: Source): Promise<void> {
    let data: JobData;
    try {
      data = held.data();
    } catch (error) {
      await this.failed(held, source, error);
      return;
    }
    if (data.failedBy.includes(this.id) && (await this.hasPeers(source))) {
      await held.release(LEAVE_MS);
      return;
    }
    try {
      await this.train(held, data, source);
    } catch (error) {
      if (this.stopped.signal.aborted) return;
      if (error instanceof EngineAway) {
        await held.release();
        throw error;
      }
      await this.failed(held, source, error);
      return;
    }
    if (this.stopped.signal.aborted) return;
    if (!(await held.complete()))
      this.say(`job ${held.id} had gone back to the queue meanwhile; its results are handed in all the same`);
    this.unhelped.clear();
    this.totals.finished++;
  }

  /** Trains those cells of a job that nobody has handed in yet, and hands them in. */
  private async train(held: HeldJob, { pack, plannedSeconds }: JobData, source: Source): Promise<void> {
    const { results, checkpoints } = source;
    checkOwnTask(pack);
    const cells = pack.replicas.map(({ cell }) => cell);
    const present = await results.present(cells);
    const open = pack.replicas.filter(({ cell }) => !present.has(cell));
    if (open.length === 0) return;
    const began = performance.now();
    const places = new Map(cells.map((cell, place) => [cell, place]));
    let now: Pick<JobProgress, 'phase' | 'done' | 'total' | 'sequencesPerSecond'> = {
      ...{ phase: 'train', done: 0, total: pack.steps, sequencesPerSecond: 0 },
    };
    const tell = ({ replicas }: Pack, news: Partial<JobProgress>) => {
      const { phase, done, total, sequencesPerSecond } = { ...now, ...news };
      now = { phase, done, total, sequencesPerSecond };
      held.progress({
        ...{ worker: this.id, cells: replicas.map(({ cell }) => places.get(cell)!) },
        ...{ ...now, curve: news.curve ?? [], tested: news.tested ?? [] },
      });
    };
    let sequences = 0;
    let trainSeconds = 0;
    await this.trainer.train(
      { ...pack, replicas: open },
      {
        saved: await checkpoints.load(open.map(({ cell }) => cell)),
        onCheckpoints: async saved => {
          if (!(await checkpoints.save(saved)))
            this.sayOnce('checkpoints of this size are not kept in Redis: a job that is lost begins again');
        },
        onProgress: (event, part) => tell(part, event),
        onTested: (tested, part) => tell(part, { tested: [tested] }),
        onCells: async trained => {
          for (const result of trained) {
            await this.handIn(results, result);
            sequences += result.trainSequences;
            trainSeconds += result.trainSeconds;
            this.totals.cells++;
          }
        },
      },
    );
    await checkpoints.remove(cells);
    const seconds = (performance.now() - began) / 1000;
    if (trainSeconds > 0) this.sequencesPerSecond = sequences / trainSeconds;
    this.speed = (plannedSeconds * open.length) / cells.length / seconds;
    this.say(`job ${held.id}: ${open.length} cells in ${seconds.toFixed(1)} s`);
  }

  /** Waits where Redis is full: whoever collects makes room. */
  private async handIn(results: Results, result: CellResult): Promise<void> {
    for (;;) {
      try {
        return await results.put(result);
      } catch (error) {
        if (!/^OOM /.test(messageOf(error)) || this.stopped.signal.aborted) throw error;
        this.sayOnce('Redis is full: results wait until submit collects, or until it is given more memory');
        await this.pause(FULL_MS);
      }
    }
  }

  private async failed(held: HeldJob, source: Source, error: unknown): Promise<void> {
    const reason = messageOf(error);
    this.say(`job ${held.id} failed: ${reason}`);
    this.totals.failed++;
    // What the input itself rules out, no worker will do better.
    const final = error instanceof UnrecoverableError || error instanceof InputError;
    await held.fail(final ? new UnrecoverableError(reason) : new Error(reason), this.id);
    if (final) return;
    this.unhelped.add(held.id, source.queue);
    if (!this.unhelped.isSuspicious) return;
    this.state = 'doubting';
    await this.show();
    const guilty = await this.unhelped.isOnlyHere(
      () => this.hasPeers(source),
      () => this.pause(BEAT_MS / 5),
      this.stopped.signal,
    );
    this.unhelped.clear();
    if (!guilty) return;
    throw new MachineError(
      `three jobs in a row failed here that other workers finished, the last because of: ${reason}. This worker takes no more`,
      'See `lengthwise doctor` on this machine.',
    );
  }

  /** Whether other workers live that could take jobs from there. */
  private async hasPeers({ adapter }: Source): Promise<boolean> {
    const { engine } = this.options;
    const live = await liveWorkers(this.redis);
    return live.some(
      note =>
        note.id !== this.id &&
        note.engine === engine &&
        (adapter === null || note.adapter === adapter) &&
        note.state !== 'doubting',
    );
  }

  private async isEmpty(): Promise<boolean> {
    const counts = await Promise.all(this.sources.map(({ queue }) => countsOf(queue)));
    return counts.every(({ waiting, active }) => waiting + active === 0);
  }

  private async tellOtherBuild(): Promise<void> {
    const other = await otherBuildWanted(this.redis, this.options);
    if (other) this.sayOnce(`${other.error.message}. ${other.error.fix}`);
  }

  private sayOnce(line: string): void {
    if (this.said.has(line)) return;
    this.said.add(line);
    this.say(line);
  }

  private pause(ms: number): Promise<void> {
    return new Promise(resolve => {
      const { signal } = this.stopped;
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal.addEventListener('abort', end);
    });
  }

  private async show(): Promise<void> {
    const { engine, version } = this.options;
    const { adapter, runtime } = this.trainer;
    const { finished, failed } = this.totals;
    await showWorker(this.redis, {
      id: this.id,
      host: hostname(),
      pid: process.pid,
      engine,
      version,
      runtime,
      adapter,
      state: this.state,
      finished,
      failed,
      sequencesPerSecond: this.sequencesPerSecond,
      speed: this.speed,
      word: this.word,
    });
  }

  /** While Redis is away nothing is shown; `connectRedis` tells. Nor is a worker that has ended. */
  private beat(): void {
    if (this.redis.status === 'ready' && !this.stopped.signal.aborted) this.show().catch(() => {});
  }

  private async close(): Promise<void> {
    this.stopped.abort();
    const ready = this.redis.status === 'ready';
    if (ready) await hideWorker(this.redis, this.id).catch(() => {});
    await Promise.allSettled(
      this.sources.flatMap(({ worker, queue }) => [worker.close(true), queue.close()]),
    );
  }
}
