import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';

const START_MS = 60_000;

/** A redis-server of a test's own, in a folder of its own. */
export class TestRedis {
  /** For `--queue`. */
  readonly url: string;
  readonly socket: string;
  private readonly folder: string;
  private readonly arguments: string[];
  private readonly settings: string[];
  private child: ChildProcess | undefined;

  private constructor(folder: string, settings: string[], port: number) {
    this.folder = folder;
    this.settings = settings;
    this.socket = join(folder, 'redis.sock');
    this.url = port === 0 ? `unix://${this.socket}` : `redis://127.0.0.1:${port}`;
    const files = ['--dir', folder, '--unixsocket', this.socket, '--save', ''];
    this.arguments = ['--port', String(port), '--bind', '127.0.0.1', ...files, ...settings];
  }

  /** Starts one; on a port of its own as well as on its socket where `tcp`. `settings` as on redis-server's command line. */
  static async start({ settings = [] as string[], tcp = false } = {}): Promise<TestRedis> {
    const folder = mkdtempSync(join(tmpdir(), 'lengthwise-redis-'));
    const redis = new TestRedis(folder, settings, tcp ? await freePort() : 0);
    try {
      await redis.up();
    } catch (error) {
      await redis.remove();
      throw error;
    }
    return redis;
  }

  get pid(): number {
    return this.child!.pid!;
  }

  /** Starts the server, with what its folder kept. */
  async up(): Promise<void> {
    const child = spawn('redis-server', this.arguments, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', chunk => {
        said += chunk;
      });
    const failed = new Promise<never>((_, reject) => {
      child.once('error', () =>
        reject(new Error('redis-server is not installed; run `node src/setup/setup.mjs --redis`')),
      );
      child.once('exit', code => reject(new Error(`redis-server ended (${code}): ${said}`)));
    });
    failed.catch(() => {});
    const ready = async () => {
      for (let waited = 0; !said.includes('eady to accept connections'); waited += 20) {
        if (waited > START_MS) throw new Error(`redis-server did not start: ${said}`);
        await sleep(20);
      }
    };
    await Promise.race([ready(), failed]);
  }

  /** Ends the server at once, as a crash would. Its folder stays. */
  async kill(): Promise<void> {
    const child = this.child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise(resolve => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  /** Puts an empty server in this one's place, at the same address. */
  async replace(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
    mkdirSync(this.folder);
    await this.up();
  }

  /** A plain client, for a look inside. */
  client(): Redis {
    const at = this.settings.indexOf('--requirepass');
    return new Redis({ path: this.socket, ...(at < 0 ? {} : { password: this.settings[at + 1]! }) });
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A port that nobody listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
