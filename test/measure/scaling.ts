// `npm run scaling [-- options of run and worker]`: a sweep of 64 cells by one `run`, and by two workers of a queue that are pinned
// to one core each. On Linux, with taskset and redis-server; on a machine that does nothing else.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestRedis } from '../support/redis.ts';

const MAIN = join(process.cwd(), 'dist', 'cli', 'main.js');
const CORES = [0, 1];
/** How much longer the workers may take. */
const MOST = 1.15;
const EXPERIMENT = `name: scaling
task: { kind: simple, omega: [1, 2] }
model: { width: 16, mlpWidth: 32 }
train: { length: [8, 16], steps: 1500, batch: 64 }
test: { length: [16, 64], sequences: 512 }
seed: [${Array.from({ length: 16 }, (_, i) => i)}]
`;
const CELLS = 64;

/** The program at work. `core`: the one that it may use, with all that it starts. */
class Pinned {
  private readonly child: ChildProcess;
  private said = '';
  private told = () => {};
  /** Resolves when it ends as it should. */
  readonly ended: Promise<void>;

  constructor(args: string[], core?: number) {
    const pinned = core === undefined ? [] : ['taskset', '-c', String(core)];
    const [file, ...rest] = [...pinned, process.execPath, MAIN, ...args];
    this.child = spawn(file!, rest, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout!, this.child.stderr!])
      stream.on('data', chunk => {
        this.said += chunk;
        this.told();
      });
    let stopped = false;
    this.stop = async () => {
      stopped = true;
      this.child.kill('SIGTERM');
      await this.ended;
    };
    this.ended = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('close', code =>
        code === 0 || stopped ? resolve() : reject(new Error(`${args[0]}: exit code ${code}\n${this.said}`)),
      );
    });
    this.ended.catch(() => {});
  }

  readonly stop: () => Promise<void>;

  /** Resolves when it has said that, rejects when it ends before. */
  says(word: string): Promise<void> {
    const said = new Promise<void>(resolve => {
      this.told = () => {
        if (this.said.includes(word)) resolve();
      };
      this.told();
    });
    const early = this.ended.then(() => {
      if (!this.said.includes(word)) throw new Error(`ended without a word of ${word}\n${this.said}`);
    });
    return Promise.race([said, early]);
  }
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

if (spawnSync('taskset', ['-c', CORES.join(), 'true']).status !== 0)
  throw new Error(`taskset is not here, or this machine has no cores ${CORES.join(' and ')}`);
const machine = process.argv.slice(2);
const cwd = mkdtempSync(join(tmpdir(), 'lengthwise-scaling-'));
writeFileSync(join(cwd, 'scaling.yaml'), EXPERIMENT);
const redis = await TestRedis.start({ settings: ['--appendonly', 'yes'] });
const workers: Pinned[] = [];
try {
  // Both begin with an engine's compiled kernels in whatever cache there is, and from nothing else.
  const warm = [...machine, '--set', 'seed=0', '--set', 'train.steps=10'];
  await new Pinned(['run', 'scaling.yaml', '--out', 'warm', ...warm]).ended;
  const alone = await secondsOf(
    () => new Pinned(['run', 'scaling.yaml', '--out', 'alone', ...machine]).ended,
  );
  const queue = ['--queue', redis.url];
  const queued = await secondsOf(async () => {
    for (const core of CORES) workers.push(new Pinned(['worker', ...queue, ...machine], core));
    await Promise.all(workers.map(worker => worker.says('jobs from')));
    const jobs = ['--pack-minutes', String(alone / 60 / 8)];
    await new Pinned(['submit', 'scaling.yaml', '--out', 'queued', ...jobs, ...queue]).ended;
  });
  const times = queued / alone;
  process.stdout.write(
    `${CELLS} cells: one run ${alone.toFixed(1)} s, two workers of one core each ${queued.toFixed(1)} s: ` +
      `${times.toFixed(2)} times, at most ${MOST}\n`,
  );
  process.exitCode = times <= MOST ? 0 : 1;
} finally {
  await Promise.allSettled(workers.map(worker => worker.stop()));
  await redis.remove();
  rmSync(cwd, { recursive: true, force: true });
}
