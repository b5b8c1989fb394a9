import type { PackQueue } from './queues.ts';

/** Failures in a row that make a worker doubt itself. */
const SUSPICIOUS = 3;

/** Jobs that failed on a worker one after another: a machine that fails whatever it touches would eat a whole queue. */
export class Unhelped {
  private readonly jobs = new Map<string, PackQueue>();

  add(job: string, queue: PackQueue): void {
    this.jobs.set(job, queue);
  }

  clear(): void {
    this.jobs.clear();
  }

  /** Whether it is time to see what others make of these jobs before taking another. */
  get isSuspicious(): boolean {
    return this.jobs.size >= SUSPICIOUS;
  }

  /**
   * Waits until others have finished all of these jobs, which speaks against this worker, or until one has failed for good or nobody
   * else is there, which does not.
   */
  async isOnlyHere(
    hasPeers: () => Promise<boolean>,
    pause: () => Promise<void>,
    stopped: AbortSignal,
  ): Promise<boolean> {
    while (!stopped.aborted) {
      const states = await Promise.all([...this.jobs].map(([job, queue]) => queue.getJobState(job)));
      if (states.includes('failed')) return false;
      // A finished job is gone as soon as it is collected.
      if (states.every(state => state === 'completed' || state === 'unknown')) return true;
      if (!(await hasPeers())) return false;
      await pause();
    }
    return false;
  }
}
