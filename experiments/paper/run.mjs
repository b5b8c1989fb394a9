#!/usr/bin/env node
// Figures 1-4 of the paper, one after the other, then the verdict and the report: `npm run paper`, or `npm run paper -- paper` for the
// size that wants a GPU. Finished cells are never run again, so it can be stopped and started at will.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');
const FIGURES = ['figure-1', 'figure-2', 'figure-3', 'figure-4a', 'figure-4b'];
const [size = 'ci', ...options] = process.argv.slice(2);
const results = join('results', `paper-${size}`);

/** Runs a verb; its exit code. @param {string[]} args */
function lengthwise(...args) {
  const { status } = spawnSync(process.execPath, [join('dist', 'cli', 'main.js'), ...args], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  return status ?? 1;
}

for (const figure of FIGURES) {
  const file = join('experiments', 'paper', `${figure}.yaml`);
  const code = lengthwise('run', file, '--size', size, '--out', results, ...options);
  if (code !== 0) process.exit(code);
}
// A claim that fails is for the report to say, too.
const verdict = lengthwise('verify', results);
process.exit(lengthwise('report', results) || verdict);
