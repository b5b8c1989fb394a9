import { type Job, UnrecoverableError } from 'bullmq';
import { type JobProgress, joined } from './job-progress.ts';
import { type JobData, jobSchema } from './jobs.ts';

/** Time between two notes of a job's progress: whoever watches sees it within a second. */
const PROGRESS_MS = 500;

export type PackJob = Job<JobData, null, 'pack'>;

/** A job that this worker has in hand: its lock is renewed until the job is let go. */
export class HeldJob {
  readonly id: string;
  private readonly job: PackJob;
  private readonly token: string;
  private readonly timer: NodeJS.Timeout;
  /** Progress that is still to be told, and when. */
  private untold: JobProgress | undefined;
  private telling: NodeJS.Timeout | undefined;
  private ended = false;

  /** `lockMs`: after so long without renewal the job is up for others. */
  constructor(job: PackJob, token: string, lockMs: number) {
    this.id = job.id!;
    this.job = job;
    this.token = token;
    // A job that is another's by now is seen at its end: what was trained is handed in all the same.
    this.timer = setInterval(() => job.extendLock(token, lockMs).catch(() => {}), lockMs / 4);
  }

  /** What the job carries. @throws UnrecoverableError when that is no pack */
  data(): JobData {
    const parsed = jobSchema.safeParse(this.job.data);
    if (parsed.success) return parsed.data;
    const { path, message } = parsed.error.issues[0]!;
    throw new UnrecoverableError(`its payload is no pack: ${path.join('.') || 'the whole'}: ${message}`);
  }

  /** Tells how far it is, now or with what comes soon; no more once the job is let go. */
  progress(news: JobProgress): void {
    if (this.ended) return;
    const both = this.untold ? joined(this.untold, news) : news;
    if (!both) this.tell();
    this.untold = both ?? news;
    this.telling ??= setTimeout(() => this.tell(), PROGRESS_MS);
  }

  private tell(): void {
    clearTimeout(this.telling);
    this.telling = undefined;
    if (!this.untold) return;
    // Where Redis has lost the job, or is away, nobody is told.
    this.job.updateProgress(this.untold).catch(() => {});
    this.untold = undefined;
  }

  complete(): Promise<boolean> {
    return this.end(() => this.job.moveToCompleted(null, this.token, false));
  }

  /** Lets others try it later, unless the error says that no one need, or it has failed often enough. */
  fail(error: Error, worker: string): Promise<boolean> {
    return this.end(async () => {
      const { failedBy } = this.job.data;
      if (Array.isArray(failedBy))
        await this.job.updateData({ ...this.job.data, failedBy: [...new Set([...failedBy, worker])] });
      await this.job.moveToFailed(error, this.token, false);
    });
  }

  /** Gives it back as it is, for others to take at once or, with `afterMs`, later. */
  release(afterMs = 0): Promise<boolean> {
    return this.end(() =>
      afterMs > 0
        ? this.job.moveToDelayed(Date.now() + afterMs, this.token)
        : this.job.moveToWait(this.token),
    );
  }

  /** Ends the hold. Resolves to false when there was none any more: the job had gone to another worker, or Redis had lost it. */
  private async end(move: () => Promise<unknown>): Promise<boolean> {
    clearInterval(this.timer);
    this.tell();
    this.ended = true;
    try {
      await move();
      return true;
    } catch (error) {
      if (isGone(error)) return false;
      throw error;
    }
  }
}

/** BullMQ's words for a job that is not there, or not this worker's. */
function isGone(error: unknown): boolean {
  return /Missing (key|lock) for job|is not in the active state|Lock mismatch/i.test(String(error));
}
