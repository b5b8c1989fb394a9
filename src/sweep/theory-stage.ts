import pLimit from 'p-limit';
import type { Cell } from '../plan/cells.ts';
import { modelPath, type Store } from '../results/store.ts';
import { messageOf } from '../shared/errors.ts';
import type { TheoryThreads } from './theory-threads.ts';

/** What the stage tells of itself on its way. */
export interface TheoryEvents {
  /** Something to know, in a line. */
  say(line: string): void;
  /** Cells whose theory was computed or has failed, of those asked for so far. */
  theory(done: number, asked: number): void;
}

/** The run that theory is of. */
export interface TheoryRun {
  store: Store;
  folder: string;
  cells: readonly Cell[];
  /** Errors that bounds are for. */
  epsilons: readonly number[];
}

/**
 * Theory of trained cells, off the way of training: a cell is finished in the store when it is there. Where it fails, that is noted and
 * said, and nothing is lost.
 */
export class TheoryStage {
  private readonly run: TheoryRun;
  private readonly threads: TheoryThreads;
  private readonly events: TheoryEvents;
  private readonly limit: ReturnType<typeof pLimit>;
  private readonly configs: Map<string, Cell['config']>;
  private readonly underWay = new Set<Promise<void>>();
  private readonly errors: unknown[] = [];
  private closed = false;
  private asked = 0;
  private done = 0;

  constructor(run: TheoryRun, threads: TheoryThreads, events: TheoryEvents) {
    this.run = run;
    this.threads = threads;
    this.events = events;
    this.limit = pLimit(threads.atOnce);
    this.configs = new Map(run.cells.map(({ hash, config }) => [hash, config]));
  }

  /** Asks for theory of a cell that waits for it in the store. */
  add(cell: string): void {
    this.asked++;
    const work = this.limit(() => this.settle(cell))
      .catch(error => {
        this.errors.push(error);
      })
      .finally(() => this.underWay.delete(work));
    this.underWay.add(work);
  }

  /**
   * Returns when theory of every cell asked for is in the store, or has failed.
   * @throws what kept it from being stored.
   */
  async drain(): Promise<void> {
    while (this.underWay.size > 0) await Promise.all(this.underWay);
    if (this.errors.length > 0) throw this.errors[0];
  }

  /** Gives up what is not in the store yet: it goes on waiting there. */
  async close(): Promise<void> {
    this.closed = true;
    await this.threads.close();
    await Promise.all(this.underWay);
  }

  private async settle(cell: string): Promise<void> {
    if (this.closed || this.errors.length > 0) return;
    const { store, folder, epsilons } = this.run;
    const { task, data, model } = this.configs.get(cell)!;
    const asked = { modelFile: modelPath(folder, cell), config: { task, data, model }, epsilons };
    const found = await this.threads.compute(asked).catch(error => ({ failed: messageOf(error) }));
    if (this.closed) return;
    if ('failed' in found) {
      this.events.say(`theory of cell ${cell} failed, its weights and losses are kept: ${found.failed}`);
      await store.failTheory(cell, found.failed);
    } else await store.addTheory(cell, found);
    this.done++;
    this.events.theory(this.done, this.asked);
  }
}
