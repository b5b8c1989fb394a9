import { useEffect, useState } from 'preact/hooks';
import type { Change, Curve, QueueHead } from '../data.ts';
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
  private readonly curves = new Map<string, Curve>();
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
  async curvesOf(run: string, cells: readonly string[]): Promise<Map<string, Curve>> {
    const missing = cells.filter(cell => !this.curves.has(`${run} ${cell}`));
    if (missing.length > 0) {
      const found = await this.source.curves(run, missing);
      for (const cell of missing) this.curves.set(`${run} ${cell}`, found[cell] ?? { steps: [], losses: [] });
    }
    return new Map(cells.map(cell => [cell, this.curves.get(`${run} ${cell}`)!]));
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
          this.runs.find(({ head }) => head.id === change.run)?.take(change.columns);
          break;
        case 'curves':
          for (const [cell, curve] of Object.entries(change.curves))
            this.extend(`${change.run} ${cell}`, curve);
      }
    }
    this.changed();
  }

  /** Only of curves that were asked for: the first answer has what was before. */
  private extend(key: string, { steps, losses }: Curve): void {
    const curve = this.curves.get(key);
    if (!curve) return;
    const kept = curve.steps.filter(step => step < (steps[0] ?? Infinity)).length;
    this.curves.set(key, {
      steps: [...curve.steps.slice(0, kept), ...steps],
      losses: [...curve.losses.slice(0, kept), ...losses],
    });
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

/** Draws a component again whenever the store changes; gives its version. */
export function useStore(store: Store): number {
  const [version, setVersion] = useState(store.version);
  useEffect(() => store.listen(() => setVersion(store.version)), [store]);
  return version;
}
