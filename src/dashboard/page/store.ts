import { useEffect, useState } from 'preact/hooks';
import { type Change, type Columns, type Curves, extend, noCurves, type QueueHead, STATES } from '../data.ts';
import { openSource, type Source } from './source.ts';
import { CellTable } from './table.ts';

export type Link = 'loading' | 'live' | 'lost' | 'frozen' | 'refused';

/** Everything that the page knows, and what is told when it changes. */
export class Store {
  readonly source: Source = openSource();
  link: Link = 'loading';
  /** Why nothing could be read. */
  problem = '';
  runs: CellTable[] = [];
  queue: QueueHead | null = null;
  /** Counts up whenever anything changes. */
  version = 0;
  private readonly curves = new Map<string, Curves>();
  /** What came to curves that are asked for and not here yet. */
  private readonly coming = new Map<string, Curves>();
  private readonly listeners = new Set<() => void>();
  private frame = 0;

  async open(): Promise<void> {
    const epoch = await this.read();
    if (epoch === null) return;
    this.source.follow(
      epoch,
      changes => this.hear(changes),
      isUp => {
        this.link = isUp ? 'live' : 'lost';
        this.changed();
      },
    );
  }

  listen(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** Curves of some cells of a run; those that are not known yet are asked for. */
  async curvesOf(run: string, cells: readonly string[]): Promise<Map<string, Curves>> {
    const keyOf = (cell: string) => `${run} ${cell}`;
    const missing = cells.filter(cell => !this.curves.has(keyOf(cell)));
    if (missing.length > 0) {
      for (const cell of missing) this.coming.set(keyOf(cell), noCurves());
      const found = await this.source.curves(run, missing);
      for (const cell of missing) {
        const [key, curves] = [keyOf(cell), found[cell] ?? noCurves()];
        const news = this.coming.get(key);
        // Whoever asked as well may have had the answer first.
        if (!this.coming.delete(key)) continue;
        extend(curves, news!);
        this.curves.set(key, curves);
      }
    }
    return new Map(cells.map(cell => [cell, this.curves.get(keyOf(cell)) ?? noCurves()]));
  }

  private async read(): Promise<string | null> {
    try {
      const { epoch, version, runs, queue } = await this.source.snapshot();
      this.runs = runs.map(run => new CellTable(run));
      this.queue = queue;
      this.curves.clear();
      this.link = this.source.isFrozen ? 'frozen' : 'live';
      this.changed();
      return `${epoch}:${version}`;
    } catch (error) {
      this.link = 'refused';
      this.problem = String(error);
      this.changed();
      return null;
    }
  }

  private hear(changes: readonly Change[]): void {
    for (const change of changes) {
      switch (change.kind) {
        case 'anew':
          void this.read();
          return;
        case 'queue':
          this.queue = change.queue;
          break;
        case 'head': {
          const known = this.runs.find(({ head }) => head.id === change.head.id);
          if (known) known.head = change.head;
          else void this.read();
          break;
        }
        case 'rows':
          this.take(change.run, change.columns);
          break;
        case 'curves':
          for (const [cell, curve] of Object.entries(change.curves))
            this.extend(`${change.run} ${cell}`, curve);
      }
    }
    this.changed();
  }

  /** Takes in rows. Of cells that are finished, files have the curves: they are asked for again. */
  private take(run: string, columns: Columns): void {
    this.runs.find(({ head }) => head.id === run)?.take(columns);
    columns.cells.forEach((cell, i) => {
      if (isFinished(columns.states[i]!)) this.curves.delete(`${run} ${cell}`);
    });
  }

  /** Only of curves that were asked for: the first answer has what was before. */
  private extend(key: string, news: Curves): void {
    const curves = this.curves.get(key) ?? this.coming.get(key);
    if (curves) extend(curves, news);
  }

  /** Many changes are one picture. A tab that nobody sees draws nothing, so that time counts there. */
  private changed(): void {
    this.version++;
    if (this.frame !== 0) return;
    const tell = () => {
      this.frame = 0;
      for (const listener of this.listeners) listener();
    };
    this.frame = document.hidden ? window.setTimeout(tell, 200) : requestAnimationFrame(tell);
  }
}

const isFinished = (code: number) => ['finished', 'diverged'].includes(STATES[code]!);

/** Draws a component again whenever the store changes; gives its version. */
export function useStore(store: Store): number {
  const [version, setVersion] = useState(store.version);
  useEffect(() => {
    const hear = () => setVersion(store.version);
    // An export is read before anybody listens.
    hear();
    return store.listen(hear);
  }, [store]);
  return version;
}
