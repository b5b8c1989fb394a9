#!/usr/bin/env node
// How heads, rate and warm-up of the figures were chosen: `npm run search` runs the search files (finished cells are not run again) and
// orders what was tried by its worst training loss over seeds, training lengths and tasks. Losses on longer sequences play no part.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');
const RESULTS = join('results', 'paper-search');
const searches = readdirSync(import.meta.dirname)
  .filter(file => /^search-.*\.yaml$/.test(file))
  .sort();
/** Axes that a choice has to serve all values of. @param {string} axis */
const isGiven = axis => axis === 'seed' || axis === 'train.length' || axis.startsWith('task.');

for (const search of searches) {
  const args = ['run', join('experiments', 'paper', search), '--out', RESULTS, '--json'];
  const { status, stdout } = spawnSync(process.execPath, [join('dist', 'cli', 'main.js'), ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  if (status !== 0) process.exit(status ?? 1);
  const { run } = JSON.parse(stdout);
  const worst = new Map();
  for (const line of readFileSync(join(ROOT, run, 'cells.jsonl'), 'utf8')
    .trim()
    .split('\n')) {
    const { axes, trainLoss } = JSON.parse(line);
    const choice = Object.entries(axes).filter(([axis]) => !isGiven(axis));
    const name = choice.map(([axis, value]) => `${axis} ${value}`).join(', ');
    worst.set(name, Math.max(worst.get(name) ?? 0, trainLoss ?? Infinity));
  }
  const ranked = [...worst].sort(([, a], [, b]) => a - b);
  const lines = ranked.map(([name, loss]) => `  ${loss.toExponential(1)}  ${name}`);
  process.stdout.write(`${search}: worst training loss\n${lines.join('\n')}\n`);
}
