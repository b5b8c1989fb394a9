import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { TheoryOfCell } from '../results/store.ts';
import { askThread } from '../runtime/ask-thread.ts';
import type { TheoryTask } from './cell-theory.ts';

/** What a thread answers to a task. */
export type TheoryAnswer = { theory: TheoryOfCell } | { failed: string };

/** Whatever computes theory, `atOnce` cells at a time. */
export interface TheoryThreads {
  atOnce: number;
  /** Throws what went wrong with this cell. */
  compute(task: TheoryTask): Promise<TheoryOfCell>;
  /** Ends what is in hand. */
  close(): Promise<void>;
}

/** A thread holds a model and its matrices in float64. */
const MOST_THREADS = 8;

/**
 * Threads that run `script`, the built `theory-worker.ts`: one a core but for one, which training wants. They start when they are needed.
 */
export function theoryThreads(script: string): TheoryThreads {
  const idle: Worker[] = [];
  const all = new Set<Worker>();
  const start = () => {
    const worker = new Worker(script);
    all.add(worker);
    worker.once('exit', () => all.delete(worker));
    // Heard by whoever has asked it something; a thread that ends in between is no loss.
    worker.on('error', () => {});
    return worker;
  };
  const free = () => {
    const worker = idle.pop() ?? start();
    return all.has(worker) ? worker : start();
  };
  return {
    atOnce: Math.max(1, Math.min(MOST_THREADS, availableParallelism() - 1)),
    async compute(task) {
      const worker = free();
      const answer = await askThread<TheoryAnswer>(worker, task);
      idle.push(worker);
      if ('failed' in answer) throw new Error(answer.failed);
      return answer.theory;
    },
    async close() {
      await Promise.all([...all].map(worker => worker.terminate()));
    },
  };
}
