// `npm run eta [part of a name]`: what `plan` and `run` say that ten experiments take, beside what they took.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import Table from 'cli-table3';
import { EXPERIMENTS } from './experiments.ts';

const MAIN = join(process.cwd(), 'dist', 'cli', 'main.js');
/** An estimate is right within this factor. */
const FACTOR = 2;
/** Of what little is left, a factor says nothing, in seconds. */
const LITTLE = 3;

/** What was said of the time left, and what was left in truth, in seconds. */
interface Guess {
  said: number;
  left: number;
}

/** How far off a guess is, as a factor: above 1 when it was too much. */
const factorOf = ({ said, left }: Guess) => said / left;
const offBy = (guess: Guess) => Math.max(factorOf(guess), 1 / factorOf(guess));

/** Seconds that `plan` says: of the engine, and of theory where that is longer. */
function planned(file: string, cwd: string): number {
  const { packs } = JSON.parse(
    execFileSync(process.execPath, [MAIN, 'plan', file, '--json'], { cwd, encoding: 'utf8' }),
  ) as { packs: { secondsOnSoftware: number; theorySeconds: number }[] };
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
  return Math.max(sum(packs.map(pack => pack.secondsOnSoftware)), sum(packs.map(pack => pack.theorySeconds)));
}

/** Runs an experiment, and gives how long it took with everything that it said of the time left. */
async function watched(file: string, cwd: string): Promise<{ seconds: number; guesses: Guess[] }> {
  const began = performance.now();
  const child = spawn(process.execPath, [MAIN, 'run', file], { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
  const said: { at: number; seconds: number }[] = [];
  const lines: string[] = [];
  createInterface(child.stderr).on('line', line => {
    lines.push(line);
    const [, seconds] = /ETA (\d+) s$/.exec(line) ?? [];
    if (seconds !== undefined) said.push({ at: performance.now(), seconds: Number(seconds) });
  });
  const code = await new Promise(resolve => child.once('close', resolve));
  const ended = performance.now();
  if (code !== 0) throw new Error(`${file}: exit code ${code}\n${lines.join('\n')}`);
  return {
    seconds: (ended - began) / 1000,
    guesses: said.map(({ at, seconds }) => ({ said: seconds, left: (ended - at) / 1000 })),
  };
}

const cwd = mkdtempSync(join(tmpdir(), 'lengthwise-eta-'));
const table = new Table({
  head: ['experiment', 'plan', 'took', 'first ETA', 'truth', 'worst ETA', 'truth'],
  style: { head: [], border: [] },
});
const wrong: string[] = [];
const wanted = Object.entries(EXPERIMENTS).filter(([name]) => name.includes(process.argv[2] ?? ''));
for (const [i, [name, text]] of wanted.entries()) {
  const file = `experiment-${i}.yaml`;
  writeFileSync(join(cwd, file), `name: experiment-${i}${text}\n`);
  const plan = planned(file, cwd);
  const { seconds, guesses } = await watched(file, cwd);
  const telling = guesses.filter(({ left }) => left >= LITTLE);
  const worst = telling.reduce<Guess | undefined>((a, b) => (a && offBy(a) >= offBy(b) ? a : b), undefined);
  const shown = (guess?: Guess) => (guess ? [`${guess.said} s`, `${guess.left.toFixed(1)} s`] : ['-', '-']);
  const row = [
    name,
    `${plan.toFixed(1)} s`,
    `${seconds.toFixed(1)} s`,
    ...shown(telling[0]),
    ...shown(worst),
  ];
  table.push(row);
  process.stderr.write(`${row.join(', ')}\n`);
  if (offBy({ said: plan, left: seconds }) > FACTOR) wrong.push(`${name}: plan`);
  if (worst && offBy(worst) > FACTOR) wrong.push(`${name}: ETA`);
}
rmSync(cwd, { recursive: true, force: true });
process.stdout.write(`${table}\n`);
process.stdout.write(
  wrong.length === 0
    ? `All within a factor of ${FACTOR}.\n`
    : `Off by more than a factor of ${FACTOR}: ${wrong.join('; ')}.\n`,
);
process.exitCode = wrong.length === 0 ? 0 : 1;
