import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Small sweeps, each about a dozen seconds of two cores. */
export const SWEEPS = {
  'one-layer': `name: one-layer
task: { kind: simple, omega: [1, 2] }
model: { width: 16, mlpWidth: 32 }
train: { length: [8, 16], steps: 1200, batch: 64, learningRate: 0.01 }
test: { length: [16, 64, 256], sequences: 256 }
seed: [0, 1]
`,
  'two-layer': `name: two-layer
task: { kind: k-gram, vocabulary: 2, k: 1 }
model: { width: 8, mlpWidth: 16 }
train: { length: [8, 12], steps: 300, batch: 32, learningRate: 0.01 }
test: { length: [16, 32], sequences: 128 }
seed: [0, 1]
`,
};

/** As many jobs as the queue's own test has, each of one tiny cell. */
export const MANY = {
  cells: 200,
  text: `name: many
task: { kind: simple, omega: 1 }
model: { width: 8, mlpWidth: 8 }
train: { length: 8, steps: 50, batch: 16 }
test: { length: [16], sequences: 64 }
seed: [${Array.from({ length: 200 }, (_, i) => i)}]
`,
};

export type SweepName = keyof typeof SWEEPS;

/** Everything of a run that an interruption must not change, and how often each cell is there. */
export interface Content {
  /** Lines, weights and curves by cell, as text. */
  cells: Map<string, string>;
  /** Cells that are there more than once. */
  twice: string[];
}

/** Times, and where a cell came from, are of the run, not of the cell. */
const OF_THE_RUN = ['seconds', 'from', 'crc'];

/** Reads the one run of `out/<experiment>/`. */
export function contentOf(out: string, experiment: string): Content {
  const [run] = readdirSync(join(out, experiment)).filter(name => !name.startsWith('.'));
  const folder = join(out, experiment, run!);
  const cells = new Map<string, string>();
  const twice: string[] = [];
  const curves = new Map<string, unknown[]>();
  for (const { cell, step, loss } of linesOf(join(folder, 'curves.jsonl')))
    curves.set(String(cell), [...(curves.get(String(cell)) ?? []), [step, loss]]);
  for (const line of linesOf(join(folder, 'cells.jsonl'))) {
    const cell = String(line.cell);
    if (cells.has(cell)) twice.push(cell);
    const kept = Object.entries(line).filter(([key]) => !OF_THE_RUN.includes(key));
    const weights = readFileSync(join(folder, 'models', `${cell}.safetensors`), 'base64');
    cells.set(cell, JSON.stringify({ line: kept.sort(), curve: curves.get(cell), weights }));
  }
  return { cells, twice };
}

function linesOf(path: string): Record<string, unknown>[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line));
}

/** What differs between two runs of a sweep, in words; empty when nothing does. */
export function differences(expected: Content, found: Content): string[] {
  const wrong = found.twice.map(cell => `cell ${cell} is there twice`);
  for (const [cell, text] of expected.cells) {
    const other = found.cells.get(cell);
    if (other === undefined) wrong.push(`cell ${cell} is missing`);
    else if (other !== text) wrong.push(`cell ${cell} differs: ${firstDifference(text, other)}`);
  }
  for (const cell of found.cells.keys()) if (!expected.cells.has(cell)) wrong.push(`cell ${cell} is no cell`);
  return wrong;
}

function firstDifference(a: string, b: string): string {
  let at = 0;
  while (a[at] === b[at]) at++;
  const around = (text: string) => text.slice(Math.max(0, at - 40), at + 40);
  return `${around(a)} | ${around(b)}`;
}
