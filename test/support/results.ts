import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CellLine, Manifest } from '../../src/results/schema.ts';

/** The experiment that made-up cells are the grid of: what a manifest keeps. */
export function experimentOf(
  cells: readonly CellLine[],
  name: string,
  more: Partial<Manifest['experiment']> = {},
): Manifest['experiment'] {
  const [first] = cells;
  const given: Record<string, unknown> = {
    name,
    task: { kind: 'simple', omega: 1 },
    epsilon: [0.1, 0.01],
    streams: 'cell',
    ...more,
  };
  if (!first) return given as Manifest['experiment'];
  const experiment: Record<string, unknown> = {
    ...given,
    test: { length: first.test.map(({ length }) => length) },
  };
  for (const path of Object.keys(first.axes)) {
    const values = [...new Set(cells.map(({ axes }) => axes[path]))];
    const [head, ...rest] = path.split('.');
    experiment[head!] =
      rest.length === 0 ? values : { ...(experiment[head!] as object), [rest.join('.')]: values };
  }
  return experiment as Manifest['experiment'];
}

/** The manifest of a finished run. */
export function manifestOf(cells: readonly CellLine[], changes: Partial<Manifest> = {}): Manifest {
  return {
    name: 'made-up',
    run: '0123abcd',
    experiment: experimentOf(cells, changes.name ?? 'made-up'),
    cells: cells.length,
    command: 'lengthwise run made-up.yaml',
    versions: { lengthwise: '0.1.0', node: 'v20', browser: 'Chrome/1' },
    host: { name: 'host', platform: 'linux x64', cpu: 'cpu', cores: 2 },
    adapter: null,
    start: '2026-01-01T00:00:00.000Z',
    end: '2026-01-01T00:01:00.000Z',
    finished: cells.length,
    diverged: 0,
    ...changes,
  };
}

/** Writes a run's folder, as `lengthwise run` leaves it, weights and curves left out. Returns the folder. */
export function writeRun(
  folder: string,
  cells: readonly CellLine[],
  changes: Partial<Manifest> = {},
): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifestOf(cells, changes)));
  writeFileSync(join(folder, 'cells.jsonl'), cells.map(cell => `${JSON.stringify(cell)}\n`).join(''));
  return folder;
}
