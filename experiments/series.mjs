// Experiments one after the other, then what was found: what `npm run paper` and `npm run theorems` share. Finished cells are never run
// again, so it can be stopped and started at will.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');

/** Runs a verb; its exit code. @param {string[]} args */
export function lengthwise(...args) {
  const { status } = spawnSync(process.execPath, [join('dist', 'cli', 'main.js'), ...args], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  return status ?? 1;
}

/** Runs a verb, and ends where it fails. @param {string[]} args */
export function must(...args) {
  const code = lengthwise(...args);
  if (code !== 0) process.exit(code);
}

/** The verdict and the report of results; ends the process. A claim that fails is for the report to say, too. @param {string} results */
export function conclude(results) {
  const verdict = lengthwise('verify', results);
  process.exit(lengthwise('report', results) || verdict);
}
