#!/usr/bin/env node
// The suite of Huang et al. (ICLR 2025) and their table beside ours: `npm run suite`, or `npm run suite -- paper` for their widths and
// steps, which want a GPU. Options after the size go to `lengthwise run`; `--tasks parity,sort` takes some tasks, `--lengths 10,20,50`
// more training lengths than theirs. Finished cells are never run again.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Table from 'cli-table3';

const ROOT = join(import.meta.dirname, '..', '..');
const published = JSON.parse(readFileSync(join(import.meta.dirname, 'published.json'), 'utf8'));

/** @param {string} line */
const print = line => process.stdout.write(`${line}\n`);

const given = process.argv.slice(2);
const size = given[0]?.startsWith('-') === false ? given.shift() : 'ci';

/** The value of an option, which is taken out of those that `lengthwise run` is given. */
function taken(name) {
  const at = given.indexOf(name);
  return at < 0 ? undefined : given.splice(at, 2)[1];
}

// At the size ci, what two cores train in about an hour.
const CI = ['binary-majority', 'sort', 'parity', 'copy-unique'];
const all = [...new Set(published.rows.map(row => row.task))];
const tasks = taken('--tasks')?.split(',') ?? (size === 'ci' ? CI : all);
const lengths = taken('--lengths');
const unknown = tasks.find(task => !all.includes(task));
if (unknown !== undefined) {
  process.stderr.write(`error: --tasks: ${unknown} is none of ${all.join(', ')}\n`);
  process.exit(2);
}
const results = join('results', `suite-${size}`);

// Their two encodings, scalable softmax, and the limit rule: the suffix of the last 5 positions has scores scaled by log i.
const SOFTMAX = {
  none: '{ rule: softmax, encoding: none }',
  absolute: '{ rule: softmax, encoding: absolute }',
};
const VARIANTS = [
  { name: 'absolute', sets: [] },
  { name: 'none', sets: [`model.attention=${SOFTMAX.none}`, 'train.positionOffset=none'] },
  {
    name: 'none, log scale',
    sets: ['model.attention={ rule: softmax, encoding: none, logScale: true }', 'train.positionOffset=none'],
  },
  {
    name: 'limit rule',
    sets: ['model.attention={ precision: infinite }', 'model.locality=4', 'train.positionOffset=none'],
  },
];
const experimentOf = (task, variant) => `suite-${task}-${variant.name.replaceAll(/[^a-z]+/g, '-')}`;

/** Runs a task under a variant, and reads what it has come to: `run --json`, with its cells. */
function runOf(task, variant) {
  const sets = [
    `name=${experimentOf(task, variant)}`,
    ...variant.sets,
    ...(lengths === undefined ? [] : [`train.length=[${lengths}]`]),
  ].flatMap(set => ['--set', set]);
  const file = join('experiments', 'suite', `${task}.yaml`);
  const { status, stdout } = spawnSync(
    process.execPath,
    [
      join('dist', 'cli', 'main.js'),
      'run',
      file,
      '--size',
      size,
      '--out',
      results,
      '--json',
      ...sets,
      ...given,
    ],
    { cwd: ROOT, stdio: ['inherit', 'pipe', 'inherit'], encoding: 'utf8', maxBuffer: 2 ** 28 },
  );
  if (status !== 0) process.exit(status ?? 1);
  const summary = JSON.parse(stdout);
  return { ...summary, cells: cellsIn(join(ROOT, summary.run)) };
}

/** The cells of a run, those whose theory is to come too (docs/results.md). */
function cellsIn(folder) {
  const cells = new Map();
  for (const name of ['trained.jsonl', 'cells.jsonl'].map(file => join(folder, file)).filter(existsSync))
    for (const line of readFileSync(name, 'utf8').split('\n').filter(Boolean)) {
      const cell = JSON.parse(line);
      cells.set(cell.cell, cell);
    }
  return [...cells.values()];
}

const meanOf = numbers => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
const share = x => x.toFixed(3);

/** Exact match of every run trained to N at a test length; a run that diverged is never right. */
const sharesAt = (cells, N, length) =>
  cells
    .filter(({ axes }) => axes['train.length'] === N)
    .map(({ test }) => test.find(point => point.length === length)?.exactMatch ?? 0);

/** N*(ε): the least of the trained lengths whose plateau of error rates is at most ε. */
const neededText = ({ epsilon, measured, longestTrained }) =>
  `${measured === null ? `> ${longestTrained}` : measured} (${epsilon})`;

const GENERALIZES = 0.95;
const words = generalises => (generalises ? 'generalises' : 'does not');

/** What of a published pattern shows, in words. */
function patternOf(theirs, means) {
  const [there, here] = [theirs.exactMatch.at(-1), means.at(-1)].map(mean => mean >= GENERALIZES);
  if (means[0] < GENERALIZES)
    return `theirs ${words(there)}; ours does not fit lengths to ${published.bins[0]}: says nothing of length`;
  return there === here
    ? `shows: ${words(there)}`
    : `does not show: theirs ${words(there)}, ours ${words(here)}`;
}

const bins = published.bins.map(length => `${length - 49}-${length}`);
const table = new Table({
  head: ['task', 'attention', 'theirs by bin', 'N', ...bins, 'runs', 'N*(ε)', 'published pattern'],
  style: { head: [], border: [] },
});
for (const task of tasks)
  for (const variant of VARIANTS) {
    const { cells, lengths: needed } = runOf(task, variant);
    const theirs = published.rows.find(row => row.task === task && row.encoding === variant.name);
    const trained = [...new Set(cells.map(({ axes }) => axes['train.length']))].sort((a, b) => a - b);
    for (const N of trained) {
      const shares = published.bins.map(length => sharesAt(cells, N, length));
      const whole = N === trained.at(-1);
      table.push([
        task,
        variant.name,
        whole && theirs ? theirs.exactMatch.map(share).join('\n') : '',
        N,
        ...shares.map(own => `${share(meanOf(own))}\n${share(Math.min(...own))}–${share(Math.max(...own))}`),
        shares[0].length,
        whole ? needed.map(neededText).join('\n') : '',
        whole && theirs ? patternOf(theirs, shares.map(meanOf)).replaceAll(/[;:] /g, ';\n') : '',
      ]);
    }
  }

print(`\nExact match. Theirs: ${published.source}.`);
print(
  `Ours: size ${size}, RMS norm where they have layer norm, every run: mean, and least–most. N: longest training sequences.`,
);
print(
  `A row generalises where its mean in the last bin is ${GENERALIZES} or more. N*(ε): the least N whose plateau of error rates is at most ε.\n`,
);
print(table.toString());
