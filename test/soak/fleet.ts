import { mkdirSync } from 'node:fs';
import { TestRedis } from '../support/redis.ts';
import { Program } from './program.ts';

const WORKERS = 3;
/** Seconds after which a silent worker's job goes to another. */
export const LOCK_SECONDS = 4;

/** `submit`, three workers on Dawn, and their Redis. */
export class Fleet {
  readonly redis: TestRedis;
  readonly workers: Program[];
  submit: Program;
  private readonly startSubmit: () => Program;
  private readonly startWorker: () => Program;

  private constructor(redis: TestRedis, startSubmit: () => Program, startWorker: () => Program) {
    this.redis = redis;
    this.startSubmit = startSubmit;
    this.startWorker = startWorker;
    this.submit = startSubmit();
    this.workers = Array.from({ length: WORKERS }, startWorker);
  }

  /** Sets workers to an experiment of `cwd`, in jobs of so many minutes; results go into `out`. */
  static async start(cwd: string, experiment: string, out: string, packMinutes: string): Promise<Fleet> {
    mkdirSync(out);
    const redis = await TestRedis.start({ settings: ['--appendonly', 'yes', '--appendfsync', 'everysec'] });
    const queue = ['--queue', redis.url];
    const engine = ['--runtime', 'dawn', '--adapter', 'software', '--stall', '6'];
    const grid = [`${experiment}.yaml`, '--out', out, '--pack-minutes', packMinutes];
    return new Fleet(
      redis,
      () => new Program(['submit', ...grid, ...queue], cwd),
      () => new Program(['worker', '--debug', ...engine, '--lock', String(LOCK_SECONDS), ...queue], cwd),
    );
  }

  /** Kills a worker; another takes its place. */
  async killWorker(i: number): Promise<void> {
    this.workers[i] = await restarted(this.workers[i]!, this.startWorker);
  }

  /** Kills `submit`, and begins it again. */
  async killSubmit(): Promise<void> {
    this.submit = await restarted(this.submit, this.startSubmit);
  }

  /** Whether everything came home. What found no Redis at its start is started again. Throws when something ended as nothing should. */
  isDone(): boolean {
    for (const [i, worker] of this.workers.entries()) {
      if (!worker.exit) continue;
      // A worker also ends when it was the only one that jobs failed on, its engine having been killed.
      if (!foundNoRedis(worker) && !/takes no more/.test(worker.said))
        throw new Error(`a worker ended: ${worker.lastLines()}`);
      this.workers[i] = this.startWorker();
    }
    const { exit } = this.submit;
    if (exit && exit.code !== 0) {
      if (!foundNoRedis(this.submit)) throw new Error(`submit ended: ${exit.code}`);
      this.submit = this.startSubmit();
    }
    return exit?.code === 0;
  }

  /** What was said last. */
  lastLines(): string {
    return [this.submit, ...this.workers].map(program => program.lastLines()).join('\n-\n');
  }

  async close(): Promise<void> {
    await Promise.all([this.submit, ...this.workers].map(program => program.destroy()));
    await this.redis.remove();
  }
}

function foundNoRedis({ exit, said }: Program): boolean {
  return exit?.code === 1 && /error: (no )?Redis (at|answers)/.test(said);
}

async function restarted(program: Program, start: () => Program): Promise<Program> {
  program.signal('SIGKILL');
  await program.destroy();
  await program.leavesNothing();
  return start();
}
