// `npm run soak [minutes] [seed]`: small sweeps, disturbed at random, compared bit by bit with undisturbed ones. Linux.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localSweep, type Runtime, runArguments, unmount } from './local.ts';
import { Program } from './program.ts';
import { queueCostMs } from './queue-cost.ts';
import { killedSweep, queuedSweep } from './queued.ts';
import { type Content, contentOf, differences, MANY, SWEEPS, type SweepName } from './sweeps.ts';
import { randomOf, Tally } from './tally.ts';

const JOBS = 1000;
const MOST_MS = 50;

const minutes = Number(process.argv[2] ?? 10);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);
const random = randomOf(seed);
const tally = new Tally();
const say = (line: string) => process.stdout.write(`${line}\n`);

const cost = await queueCostMs(JOBS);
say(`the queue's own cost: ${cost.toFixed(1)} ms a job, over ${JOBS} empty jobs (at most ${MOST_MS})`);
if (cost > MOST_MS) tally.wrong.push(`the queue costs ${cost.toFixed(1)} ms a job`);

const cwd = mkdtempSync(join(tmpdir(), 'lengthwise-soak-'));
const undisturbed = new Map<string, Content>();
const names = Object.keys(SWEEPS) as SweepName[];
for (const name of names) writeFileSync(join(cwd, `${name}.yaml`), SWEEPS[name]);
writeFileSync(join(cwd, 'many.yaml'), MANY.text);

/** What a sweep comes to when it is left alone. */
async function expectedOf(sweep: string, runtime: Runtime): Promise<Content> {
  const key = `${sweep}-${runtime}`;
  const known = undisturbed.get(key);
  if (known) return known;
  const out = join(cwd, `${key}-undisturbed`);
  const program = new Program([...runArguments(sweep, runtime), '--out', out], cwd);
  const { code } = await program.end();
  if (code !== 0) throw new Error(`undisturbed ${key}: exit code ${code}\n${program.lastLines()}`);
  const content = contentOf(out, sweep);
  undisturbed.set(key, content);
  return content;
}

let told = false;
process.once('SIGINT', () => {
  told = true;
  say('ends after this sweep');
});
const end = performance.now() + 60_000 * minutes;
say(`soak of ${minutes} minutes, seed ${seed}, in ${cwd}`);

/** Has a sweep disturbed, and compares what comes of it with the undisturbed one. */
async function disturbed(what: string, sweep: string, runtime: Runtime, disturb: () => Promise<string>) {
  tally.sweeps++;
  let wrong: string[] = [];
  const began = performance.now();
  try {
    const expected = await expectedOf(sweep, runtime);
    const out = await disturb();
    wrong = differences(expected, contentOf(out, sweep));
    unmount(out);
    if (wrong.length === 0) rmSync(out, { recursive: true, force: true });
  } catch (error) {
    wrong = [(error as Error).message];
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  say(`sweep ${tally.sweeps}, ${what}: ${wrong.length === 0 ? 'equal' : 'WRONG'} after ${seconds} s`);
  for (const each of wrong) {
    say(each);
    tally.wrong.push(`sweep ${tally.sweeps} (${what}): ${each.split('\n')[0]}`);
  }
}

if (minutes > 0) {
  await disturbed(`${MANY.cells} jobs, workers killed`, 'many', 'dawn', () =>
    killedSweep(cwd, 'many', MANY.cells, tally),
  );
}
while (performance.now() < end && !told) {
  const sweep = random.pick(names);
  const kind = random.pick(['dawn', 'chrome', 'queue', 'queue'] as const);
  const runtime = kind === 'chrome' ? 'chrome' : 'dawn';
  await disturbed(`${sweep} on ${kind}`, sweep, runtime, () =>
    kind === 'queue' ? queuedSweep(cwd, sweep, random, tally) : localSweep(cwd, sweep, kind, random, tally),
  );
}
say(tally.text());
if (tally.wrong.length === 0) rmSync(cwd, { recursive: true, force: true });
else say(`what was written lies in ${cwd}`);
process.exitCode = tally.wrong.length === 0 ? 0 : 1;
