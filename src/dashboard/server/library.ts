import { randomBytes } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runFolders } from '../../results/runs.ts';
import type { Change, QueueHead, Snapshot } from '../data.ts';
import { FollowedRun } from './followed-run.ts';
import { columnsOf } from './rows.ts';

/** Time between two looks at runs that may change, whatever the system tells of them. */
const POLL_MS = 1000;
/** Time between two looks for runs that are new, and at those that are finished. */
const SWEEP_MS = 3000;
/** What is written in one go is looked at once. */
const SETTLE_MS = 60;

/** Takes what changed, with the version that it leads to. */
export type Listener = (version: number, changes: Change[]) => void;

/** Runs below some folders, followed together. */
export class Library {
  readonly epoch = randomBytes(6).toString('hex');
  private version = 0;
  private readonly roots: readonly string[];
  private readonly runs = new Map<string, FollowedRun>();
  private readonly watchers = new Map<string, FSWatcher>();
  private readonly listeners = new Set<Listener>();
  private queue: QueueHead | null = null;
  private sweptAt = Number.NEGATIVE_INFINITY;
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> | undefined;
  private closed = false;

  /** @param roots folders of runs; one that is not there yet may come */
  constructor(roots: readonly string[]) {
    this.roots = roots;
  }

  /** Looks a first time, and from then on whenever something may have changed. */
  async open(): Promise<void> {
    await this.look();
    this.plan(POLL_MS);
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    for (const watcher of this.watchers.values()) watcher.close();
  }

  /** Has changes told until the function that is returned is called. */
  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  setQueue(queue: QueueHead): void {
    if (JSON.stringify(queue) === JSON.stringify(this.queue)) return;
    this.queue = queue;
    this.tell([{ kind: 'queue', queue }]);
  }

  snapshot(): Snapshot {
    const { epoch, version, queue } = this;
    const runs = [...this.runs.values()].map(run => ({
      head: run.head,
      columns: columnsOf(run.rows.values()),
    }));
    return { epoch, version, runs, queue };
  }

  get now(): number {
    return this.version;
  }

  /** What changed since a version; curves are left out, which the page asks for. */
  since(version: number): Change[] {
    const changes: Change[] = [...this.runs.values()].flatMap((run): Change[] => {
      const rows = [...run.rows.values()].filter(({ changed }) => changed > version);
      const head: Change = { kind: 'head', head: run.head };
      return rows.length === 0 ? [head] : [head, { kind: 'rows', run: run.id, columns: columnsOf(rows) }];
    });
    return this.queue ? [...changes, { kind: 'queue', queue: this.queue }] : changes;
  }

  run(id: string): FollowedRun | undefined {
    return this.runs.get(id);
  }

  get all(): FollowedRun[] {
    return [...this.runs.values()];
  }

  private plan(ms: number): void {
    clearTimeout(this.timer);
    if (this.closed) return;
    this.timer = setTimeout(async () => {
      await this.look();
      this.plan(POLL_MS);
    }, ms);
  }

  private look(): Promise<void> {
    this.looking ??= this.lookOnce().finally(() => {
      this.looking = undefined;
    });
    return this.looking;
  }

  private async lookOnce(): Promise<void> {
    const isSweep = performance.now() - this.sweptAt > SWEEP_MS;
    if (isSweep) {
      this.sweptAt = performance.now();
      await this.findRuns();
    }
    const changes: Change[] = [];
    for (const run of this.runs.values()) {
      if (run.isSettled && !isSweep) continue;
      const news = await run.look(this.version + 1);
      if (news.anew) changes.push({ kind: 'anew' });
      if (news.head) changes.push({ kind: 'head', head: run.head });
      if (news.rows.length > 0) changes.push({ kind: 'rows', run: run.id, columns: columnsOf(news.rows) });
      if (Object.keys(news.curves).length > 0)
        changes.push({ kind: 'curves', run: run.id, curves: news.curves });
      this.watch(run);
    }
    if (changes.length > 0) this.tell(changes);
  }

  private async findRuns(): Promise<void> {
    const found = await Promise.all(this.roots.map(root => runFolders(root).catch(() => [])));
    for (const folder of new Set(found.flat())) {
      if ([...this.runs.values()].some(run => run.folder === folder)) continue;
      const id = await this.idOf(folder);
      this.runs.set(id, new FollowedRun(folder, id));
    }
  }

  private async idOf(folder: string): Promise<string> {
    const text = await readFile(join(folder, 'manifest.json'), 'utf8').catch(() => '');
    const [name, run] = ['name', 'run'].map(key => new RegExp(`"${key}": ?"([\\w.-]+)"`).exec(text)?.[1]);
    const id = name && run ? `${name}/${run}` : folder;
    for (let copy = 1; ; copy++) {
      const own = copy === 1 ? id : `${id}-${copy}`;
      if (!this.runs.has(own)) return own;
    }
  }

  /** Runs that are under way are looked at as soon as a file of theirs changes, where the system tells. */
  private watch(run: FollowedRun): void {
    const watcher = this.watchers.get(run.id);
    if (run.isSettled) {
      watcher?.close();
      this.watchers.delete(run.id);
    } else if (!watcher) {
      try {
        const made = watch(run.folder, () => this.plan(SETTLE_MS));
        made.on('error', () => {
          made.close();
          this.watchers.delete(run.id);
        });
        this.watchers.set(run.id, made);
      } catch {
        // It is looked at now and then.
      }
    }
  }

  private tell(changes: Change[]): void {
    this.version++;
    for (const listener of this.listeners) listener(this.version, changes);
  }
}
