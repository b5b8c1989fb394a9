import type { QueueEvents } from 'bullmq';
import type { Redis } from 'ioredis';
import { type JobProgress, jobProgressSchema } from './job-progress.ts';
import { openEvents } from './queues.ts';

/** Who is told of jobs, by their ids. */
export interface JobListeners {
  /** Cells of a job, in the order of its pack; undefined of one that is none of ours. */
  cellsOf(id: string): string[] | undefined;
  progress(id: string, cells: string[], progress: JobProgress): void;
  /** Nobody trains a job for now of which there was progress. */
  left(id: string): void;
}

/** What workers tell of jobs while they train them, as the queue's own events carry it. */
export class FollowedJobs {
  private readonly open: () => QueueEvents;
  private readonly listeners: JobListeners;
  /** What was told last of jobs that somebody trains. */
  private readonly last = new Map<string, JobProgress>();
  private events: QueueEvents | undefined;

  constructor(redis: Redis, queue: string, listeners: JobListeners) {
    this.open = () => openEvents(redis, queue);
    this.listeners = listeners;
  }

  /** To be called once the jobs that are queued already are known. */
  begin(): void {
    this.events = this.open();
    this.events.on('progress', ({ jobId, data }) => this.take(jobId, data));
    // It waits again: it was given back, or its worker went away, or it failed there.
    const leave = ({ jobId }: { jobId: string }) => this.leave(jobId);
    this.events.on('waiting', leave).on('delayed', leave).on('failed', leave);
  }

  get underway(): JobProgress[] {
    return [...this.last.values()];
  }

  /** Notes that nobody trains a job for now. */
  leave(id: string): void {
    if (this.last.delete(id) && this.listeners.cellsOf(id)) this.listeners.left(id);
  }

  async close(): Promise<void> {
    await this.events?.close();
  }

  private take(id: string, data: unknown): void {
    const cells = this.listeners.cellsOf(id);
    const { data: progress } = jobProgressSchema.safeParse(data);
    if (!cells || !progress) return;
    const own = progress.cells.flatMap(place => cells[place] ?? []);
    if (own.length < progress.cells.length) return;
    this.last.set(id, progress);
    this.listeners.progress(id, own, progress);
  }
}
