import type { CellResult } from '../../results/schema.ts';
import type { CellDetail, Change, Curves, Frozen, RunResults, Snapshot } from '../data.ts';

/** Where the page has its data from: a server, or an export. */
export interface Source {
  isFrozen: boolean;
  snapshot(): Promise<Snapshot>;
  /** Has changes told from a version on. */
  follow(since: string, hear: (changes: Change[]) => void, onLink: (isUp: boolean) => void): void;
  cell(run: string, cell: string): Promise<CellDetail | null>;
  curves(run: string, cells: readonly string[]): Promise<Record<string, Curves>>;
  results(run: string): Promise<RunResults | null>;
  model(run: string, cell: string): Promise<Uint8Array | null>;
}

declare global {
  interface Window {
    lengthwiseFrozen?: Frozen;
  }
}

export function openSource(): Source {
  return window.lengthwiseFrozen ? frozenSource(window.lengthwiseFrozen) : liveSource();
}

async function ask(path: string, query: Record<string, string> = {}): Promise<Response | null> {
  const response = await fetch(`api/${path}?${new URLSearchParams(query)}`);
  if (response.status === 404) return null;
  if (!response.ok) throw new Error(`the server answered ${response.status} to ${path}`);
  return response;
}

function liveSource(): Source {
  return {
    isFrozen: false,
    snapshot: async () => (await ask('snapshot'))!.json(),
    follow(since, hear, onLink) {
      const events = new EventSource(`api/events?since=${encodeURIComponent(since)}`);
      events.onmessage = ({ data }) => hear(JSON.parse(data));
      events.onopen = () => onLink(true);
      events.onerror = () => {
        onLink(false);
        // A browser gives up after some kinds of failure: it is asked again.
        if (events.readyState === EventSource.CLOSED) setTimeout(() => this.follow('', hear, onLink), 2000);
      };
    },
    cell: async (run, cell) => (await ask('cell', { run, cell }))?.json() ?? null,
    curves: async (run, cells) => (await ask('curves', { run, cells: cells.join(',') }))?.json() ?? {},
    results: async run => (await ask('results', { run }))?.json() ?? null,
    async model(run, cell) {
      const response = await ask('model', { run, cell });
      return response && new Uint8Array(await response.arrayBuffer());
    },
  };
}

function frozenSource({ snapshot, details, curves, results }: Frozen): Source {
  return {
    isFrozen: true,
    snapshot: async () => snapshot,
    follow: () => {},
    cell: async (run, cell) => details[run]?.[cell] ?? null,
    async curves(run, cells) {
      const own = curves[run] ?? {};
      return Object.fromEntries(cells.flatMap(cell => (own[cell] ? [[cell, own[cell]]] : [])));
    },
    async results(run) {
      const own = results[run];
      if (!own) return null;
      const resultOf = (cell: CellResult | string) =>
        typeof cell === 'string' ? (details[run]![cell]!.line as unknown as CellResult) : cell;
      return { ...own, cells: own.cells.map(resultOf) };
    },
    model: async () => null,
  };
}
