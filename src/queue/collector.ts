import type { Redis } from 'ioredis';
import type { Cell } from '../plan/cells.ts';
import { estimateSeconds } from '../plan/estimate.ts';
import { type PlannedPack, packsOf } from '../plan/packs.ts';
import type { Build } from './build.ts';
import { SharedCheckpoints } from './checkpoints.ts';
import { FollowedJobs } from './followed-jobs.ts';
import { type JobProgress, trainedShare } from './job-progress.ts';
import { cutPack, type JobData, jobId, jobSchema } from './jobs.ts';
import { type Counts, countsOf, JOB_OPTIONS, noteQueue, openQueue, type PackQueue } from './queues.ts';
import { BadResult, type CellResult, Results } from './results.ts';
import { liveWorkers, type WorkerNote } from './workers.ts';

export interface CollectorOptions extends Build {
  /** The kind of adapter that every cell must be trained on; null: any. */
  adapter: string | null;
  /** How long a job should take, in minutes, on the slowest worker. */
  packMinutes: number;
  /** Puts jobs that failed earlier back into the queue. */
  retry: boolean;
  /** Time between two looks at what is finished, and at what Redis may have lost. */
  pollMs?: number;
  auditMs?: number;
}

/** How a sweep in a queue stands. */
export interface Standing extends Counts {
  /** Cells that are here, of those that were missing at first. */
  collected: number;
  cells: number;
  /** What is trained of cells in work, in cells. */
  inWork: number;
  /** Workers that can take its jobs. */
  workers: WorkerNote[];
  /** Estimate of what is left for the workers there are, in seconds; null where none has been measured. */
  secondsLeft: number | null;
}

export interface CollectorEvents {
  say(line: string): void;
  /** Stores a cell for good. Called once a cell, one at a time. */
  keep(cell: Cell, result: CellResult): Promise<void>;
  standing(standing: Standing): void;
  /** What a worker told of a job, and the job's cells that it is about. */
  progress(job: number, cells: string[], progress: JobProgress): void;
  /** Nobody trains a job for now of which there was progress. */
  left(job: number): void;
  /** A job is given up. */
  lost(job: FailedJob): void;
}

/** What is known of a job that stands for missing cells. */
interface TrackedJob {
  /** Counts jobs, from 0. */
  number: number;
  /** In the order of its pack. */
  cells: string[];
  plannedSeconds: number;
}

/** A job that nobody could do. */
export interface FailedJob {
  id: string;
  cells: string[];
  reason: string;
}

const POLL_MS = 1000;
const AUDIT_MS = 10_000;
/** A sweep is not cut finer than this, so that every worker has a part. */
const LEAST_SHARE_SECONDS = 20;
/** Jobs added in one round trip. */
const BATCH = 200;
/** Of jobs: everything that may stand for cells of ours. */
const STATES = ['waiting', 'prioritized', 'delayed', 'active', 'completed', 'failed'] as const;

/**
 * Queues the cells of a sweep that are missing and brings home what workers make of them. What is here is the truth; Redis is the way:
 * whatever it loses is queued again.
 */
export class Collector {
  private readonly redis: Redis;
  private readonly options: CollectorOptions;
  private readonly events: CollectorEvents;
  private readonly missing: Map<string, Cell>;
  private readonly total: number;
  /** Jobs that stand for missing cells, by id. */
  private readonly jobs = new Map<string, TrackedJob>();
  /** Collected cells whose loss stopped being finite. */
  private readonly diverged = new Set<string>();
  private readonly failures = new Map<string, FailedJob>();
  private tracked = 0;
  private readonly stopped = new AbortController();
  private queue!: PackQueue;
  private results!: Results;
  private checkpoints!: SharedCheckpoints;
  private followed!: FollowedJobs;

  constructor(redis: Redis, cells: readonly Cell[], options: CollectorOptions, events: CollectorEvents) {
    this.redis = redis;
    this.missing = new Map(cells.map(cell => [cell.hash, cell]));
    this.total = cells.length;
    this.options = options;
    this.events = events;
  }

  /** Queues, waits and collects until every cell is here or its job has failed; those jobs are returned. */
  async run(): Promise<FailedJob[]> {
    const { pollMs = POLL_MS, auditMs = AUDIT_MS } = this.options;
    const name = await noteQueue(this.redis, this.options);
    this.queue = openQueue(this.redis, name);
    this.results = new Results(this.redis, name);
    this.checkpoints = new SharedCheckpoints(this.redis, name);
    this.followed = new FollowedJobs(this.redis, name, {
      cellsOf: id => this.jobs.get(id)?.cells,
      progress: (id, cells, progress) => this.events.progress(this.jobs.get(id)!.number, cells, progress),
      left: id => this.events.left(this.jobs.get(id)!.number),
    });
    try {
      await this.findJobs();
      this.followed.begin();
      await this.takeFinished();
      // What a worker handed in whose job was lost.
      await this.collect([...this.missing.keys()]);
      await this.fill();
      let audited = performance.now();
      while (this.isWaiting && !this.stopped.signal.aborted) {
        await this.takeFinished();
        if (performance.now() - audited > auditMs) {
          await this.dropLostJobs();
          await this.fill();
          audited = performance.now();
        }
        this.events.standing(await this.standing());
        await new Promise(resolve => setTimeout(resolve, pollMs));
      }
      return [...this.failures.values()];
    } finally {
      await this.followed.close();
      await this.queue.close();
    }
  }

  /** Ends the wait; jobs stay queued, for the next time. */
  stop(): void {
    this.stopped.abort();
  }

  /** Whether a cell is missing whose job has not failed. */
  private get isWaiting(): boolean {
    const given = [...this.failures.values()].flatMap(({ cells }) => cells);
    return this.missing.size > given.filter(cell => this.missing.has(cell)).length;
  }

  /** Brings home those of some cells that there are results of. */
  private async collect(cells: readonly string[]): Promise<void> {
    const wanted = cells.filter(cell => this.missing.has(cell));
    for (const hash of await this.results.present(wanted)) {
      const cell = this.missing.get(hash)!;
      const result = await this.results.get(cell);
      if (result === undefined) continue;
      await this.events.keep(cell, result);
      if (result.outcome.divergedAtStep !== null) this.diverged.add(hash);
      this.missing.delete(hash);
      await this.results.remove([hash]);
      await this.checkpoints.remove([hash]);
    }
  }

  /** Finds the jobs of an earlier submit that stand for missing cells. */
  private async findJobs(): Promise<void> {
    const { say } = this.events;
    let found = 0;
    for (const job of await this.queue.getJobs([...STATES])) {
      const data = job && jobSchema.safeParse(job.data).data;
      if (!job?.id || !data) continue;
      if (!data.pack.replicas.some(({ cell }) => this.missing.has(cell))) continue;
      if (this.options.retry && (await job.isFailed())) {
        await job.remove();
        continue;
      }
      this.track(job.id, data);
      found++;
    }
    if (found > 0) say(`${found} jobs of these cells are queued already`);
  }

  /** Queues what is missing and stands in no job, longest first. */
  private async fill(): Promise<void> {
    const standing = new Set([...this.jobs.values()].flatMap(({ cells }) => cells));
    const open = [...this.missing.values()].filter(({ hash }) => !standing.has(hash));
    if (open.length === 0) return;
    await noteQueue(this.redis, this.options);
    const packs = packsOf(open);
    const mostSeconds = await this.mostSeconds(packs);
    const jobs = packs
      .flatMap(pack => cutPack(pack, estimateSeconds, mostSeconds))
      .map(pack => this.jobOf(pack))
      .sort((a, b) => b.data.plannedSeconds - a.data.plannedSeconds);
    // Before they are queued: a worker may take one at once, and tell of it.
    for (const { opts, data } of jobs) this.track(opts.jobId, data);
    for (let first = 0; first < jobs.length; first += BATCH)
      await this.queue.addBulk(jobs.slice(first, first + BATCH));
    this.events.say(`queued ${open.length} cells in ${jobs.length} jobs`);
  }

  private track(id: string, { pack, plannedSeconds }: JobData): void {
    const cells = pack.replicas.map(({ cell }) => cell);
    this.jobs.set(id, { number: this.tracked++, cells, plannedSeconds });
  }

  private untrack(id: string): void {
    this.followed.leave(id);
    this.jobs.delete(id);
  }

  /** How long a job may be, as planned: no longer than asked for on the slowest worker, and short enough that every worker has one. */
  private async mostSeconds(packs: readonly PlannedPack[]): Promise<number> {
    const peers = await this.peers();
    const speeds = peers.flatMap(({ speed }) => speed ?? []);
    const speed = speeds.length > 0 ? Math.min(...speeds) : 1;
    const total = packs.reduce((sum, { pack }) => sum + estimateSeconds(pack), 0);
    const share = Math.max(LEAST_SHARE_SECONDS * speed, total / Math.max(1, peers.length));
    return Math.min(60 * this.options.packMinutes * speed, share);
  }

  private jobOf({ pack, cells }: PlannedPack) {
    const { engine } = this.options;
    const data: JobData = jobSchema.parse({
      engine,
      pack,
      plannedSeconds: estimateSeconds(pack),
      failedBy: [],
    });
    const id = jobId(
      engine,
      cells.map(({ hash }) => hash),
    );
    return { name: 'pack' as const, data, opts: { ...JOB_OPTIONS, jobId: id } };
  }

  /** Collects jobs that are finished, and notes those that failed. */
  private async takeFinished(): Promise<void> {
    for (const id of await this.queue.getRanges(['completed'], 0, -1)) {
      const tracked = this.jobs.get(id);
      if (tracked === undefined) continue;
      const { cells } = tracked;
      try {
        await this.collect(cells);
      } catch (error) {
        if (!(error instanceof BadResult)) throw error;
        this.note({ id, cells, reason: error.message });
        continue;
      }
      if (cells.every(cell => this.diverged.has(cell)))
        this.events.say(`job ${id}: all ${cells.length} cells diverged; they are kept as such`);
      await (await this.queue.getJob(id))?.remove();
      // Cells whose results were not there are queued again.
      this.untrack(id);
    }
    for (const id of await this.queue.getRanges(['failed'], 0, -1)) {
      const tracked = this.jobs.get(id);
      if (tracked === undefined || this.failures.has(id)) continue;
      const { cells } = tracked;
      await this.collect(cells);
      const job = await this.queue.getJob(id);
      if (job) this.note({ id, cells, reason: reasonOf(job.failedReason) });
    }
  }

  private note(failed: FailedJob): void {
    this.failures.set(failed.id, failed);
    this.events.lost(failed);
    this.events.say(
      `job ${failed.id} (${failed.cells.length} cells) failed and is not tried again: ${failed.reason}`,
    );
  }

  /** Forgets jobs that Redis does not know any more. */
  private async dropLostJobs(): Promise<void> {
    const ids = [...this.jobs.keys()];
    const known = this.redis.pipeline();
    for (const id of ids) known.exists(this.queue.toKey(id));
    const replies = (await known.exec()) ?? [];
    const lost = ids.filter((_, i) => replies[i]?.[1] === 0);
    if (lost.length === 0) return;
    this.events.say(`Redis has lost ${lost.length} jobs`);
    for (const id of lost) {
      await this.collect(this.jobs.get(id)!.cells);
      this.untrack(id);
      this.failures.delete(id);
    }
  }

  /** Workers that can take jobs of this sweep. */
  private async peers() {
    const { engine, adapter } = this.options;
    const live = await liveWorkers(this.redis);
    return live.filter(note => note.engine === engine && (adapter === null || note.adapter === adapter));
  }

  private async standing(): Promise<Standing> {
    const peers = await this.peers();
    const speed = peers.reduce((sum, note) => sum + (note.speed ?? 0), 0);
    const plannedSeconds = [...this.jobs].reduce(
      (sum, [id, job]) => sum + (this.failures.has(id) ? 0 : job.plannedSeconds),
      0,
    );
    return {
      ...(await countsOf(this.queue)),
      inWork: this.followed.underway.reduce((sum, progress) => sum + trainedShare(progress), 0),
      collected: this.total - this.missing.size,
      cells: this.total,
      workers: peers,
      secondsLeft: speed > 0 ? plannedSeconds / speed : null,
    };
  }
}

/** Why a job failed, in words of ours where BullMQ gave up. */
function reasonOf(said: string | undefined): string {
  if (/stalled more than/.test(said ?? ''))
    return 'one worker after another went away with it without a word';
  return said || 'no reason is known';
}
