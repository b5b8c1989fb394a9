import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { descendants, type Process, signal, survivors } from './processes.ts';

const MAIN = join(process.cwd(), 'dist', 'cli', 'main.js');

/** How long what a killed program has started may outlive it, in milliseconds. */
const LINGER_MS = 10_000;
/** A sweep that takes longer than this hangs, in milliseconds. */
const HANG_MS = 300_000;

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** The built command line, in a process of its own. */
export class Program {
  readonly pid: number;
  /** Undefined while it runs. */
  exit: Exit | undefined;
  said = '';
  private readonly child: ChildProcess;
  private readonly ended: Promise<void>;
  /** Everything it was seen to have started. */
  private readonly started = new Map<number, Process>();

  /** `fileBytes`: the largest file that it may write (RLIMIT_FSIZE), in units of 1,024 bytes; whatever it wants unless given. */
  constructor(args: readonly string[], cwd: string, fileKilobytes?: number) {
    const command = [process.execPath, MAIN, ...args];
    // The shell becomes the program, so that signals reach it.
    const limited = ['bash', '-c', `ulimit -f ${fileKilobytes}; exec "$@"`, 'bash', ...command];
    const [file, ...rest] = fileKilobytes === undefined ? command : limited;
    this.child = spawn(file!, rest, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    this.pid = this.child.pid!;
    for (const stream of [this.child.stdout!, this.child.stderr!])
      stream.on('data', chunk => {
        this.said += chunk;
      });
    this.ended = new Promise(resolve => {
      this.child.once('close', (code, signal) => {
        this.exit = { code, signal };
        resolve();
      });
    });
  }

  /** What it has started and what runs. */
  children(): Process[] {
    const now = descendants(this.pid);
    for (const process of now) this.started.set(process.pid, process);
    return now;
  }

  signal(name: NodeJS.Signals): void {
    this.children();
    signal(this.pid, name);
  }

  /** Waits for so long or until it ends. */
  async wait(ms: number): Promise<void> {
    const over = new AbortController();
    await Promise.race([this.ended, sleep(ms, undefined, { signal: over.signal }).catch(() => {})]);
    over.abort();
  }

  /** Waits until it ends. Throws when it hangs. */
  async end(ms = HANG_MS): Promise<Exit> {
    await this.wait(ms);
    if (!this.exit) throw new Error(`hangs: not ended after ${ms / 1000} s\n${this.lastLines()}`);
    return this.exit;
  }

  /** Throws when something that it started outlives it by too much. */
  async leavesNothing(): Promise<void> {
    const all = [...this.started.values()];
    for (let waited = 0; survivors(all).length > 0; waited += 250) {
      if (waited > LINGER_MS) {
        const left = survivors(all);
        for (const { pid } of left) signal(pid, 'SIGKILL');
        throw new Error(`lingers: ${left.map(({ arguments: text }) => text.slice(0, 120)).join('; ')}`);
      }
      await sleep(250);
    }
  }

  lastLines(): string {
    return this.said.trimEnd().split('\n').slice(-12).join('\n');
  }

  /** Ends it and everything it has started. */
  async destroy(): Promise<void> {
    for (const { pid } of this.children()) signal(pid, 'SIGKILL');
    signal(this.pid, 'SIGCONT');
    signal(this.pid, 'SIGKILL');
    await this.ended;
  }
}
