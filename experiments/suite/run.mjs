#!/usr/bin/env node
// The suite of Huang et al. (ICLR 2025) and their table beside ours: `npm run suite`, or `npm run suite -- paper` for their widths and
// steps, which want a GPU. Options after the size go to `lengthwise run`; `--tasks parity,sort` takes some tasks. Finished cells are
// never run again.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');
const published = JSON.parse(readFileSync(join(import.meta.dirname, 'published.json'), 'utf8'));

/** @param {string} line */
const print = line => process.stdout.write(`${line}\n`);

const [size = 'ci', ...rest] = process.argv.slice(2);
const at = rest.indexOf('--tasks');
const options = at < 0 ? rest : rest.toSpliced(at, 2);
// At the size ci, what two cores carry.
const CI = ['binary-majority', 'majority', 'sort', 'copy-unique', 'copy-repeats', 'parity'];
const all = [...new Set(published.rows.map(row => row.task))];
const tasks = at < 0 ? (size === 'ci' ? CI : all) : rest[at + 1].split(',');
const results = join('results', `suite-${size}`);

// Their two encodings, scalable softmax, and the limit rule with a suffix of 4.
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
    sets: ['model.attention={ precision: finite }', 'model.locality=4', 'train.positionOffset=none'],
  },
];
const experimentOf = (task, variant) => `suite-${task}-${variant.name.replaceAll(/[^a-z]+/g, '-')}`;

for (const task of tasks)
  for (const variant of VARIANTS) {
    const sets = [`name=${experimentOf(task, variant)}`, ...variant.sets].flatMap(set => ['--set', set]);
    const args = [
      'run',
      join('experiments', 'suite', `${task}.yaml`),
      '--size',
      size,
      '--out',
      results,
      ...sets,
      ...options,
    ];
    const { status } = spawnSync(process.execPath, [join('dist', 'cli', 'main.js'), ...args], {
      cwd: ROOT,
      stdio: 'inherit',
    });
    if (status !== 0) process.exit(status ?? 1);
  }

/** Exact match of every run of an experiment at a test length. */
function sharesOf(name, length) {
  const folder = join(ROOT, results, name);
  return readdirSync(folder).flatMap(run =>
    readFileSync(join(folder, run, 'cells.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map(line => JSON.parse(line).test.find(point => point.length === length).exactMatch),
  );
}

const GENERALIZES = 0.95;
print(
  `\nExact match, theirs: ${published.source}; ours: size ${size}, RMS norm where they have layer norm, all runs: mean (least–most).`,
);
print(`A row generalises where its mean in the last bin is ${GENERALIZES} or more.\n`);
print(['task', 'attention', 'bin', 'theirs', 'ours', 'runs'].join('\t'));
for (const task of tasks)
  for (const variant of VARIANTS) {
    const theirs = published.rows.find(row => row.task === task && row.encoding === variant.name);
    const means = published.bins.map((length, b) => {
      const shares = sharesOf(experimentOf(task, variant), length);
      const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
      const ours = `${mean.toFixed(3)} (${Math.min(...shares).toFixed(3)}–${Math.max(...shares).toFixed(3)})`;
      const bin = `${length - 49}-${length}`;
      print(
        [task, variant.name, bin, theirs ? theirs.exactMatch[b].toFixed(3) : '–', ours, shares.length].join(
          '\t',
        ),
      );
      return mean;
    });
    if (!theirs) continue;
    const [published_, here] = [theirs.exactMatch.at(-1), means.at(-1)].map(mean => mean >= GENERALIZES);
    const words = generalises => (generalises ? 'generalises' : 'does not generalise');
    const fits =
      means[0] >= GENERALIZES
        ? ''
        : `; ours does not fit lengths to 50 either (${means[0].toFixed(3)}), so it says nothing of length`;
    print(
      `\t→ published: ${words(published_)}; here: ${words(here)}${published_ === here ? ', the pattern shows' : ', the pattern does not show'}${fits}`,
    );
  }
