import { appendFile, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/*
 * `live.jsonl` of a run's folder: what a process that trains says of itself, for whoever watches. It is no result: it is not synced, a line
 * that cannot be read means nothing, and it goes when the run is finished.
 */

const loss = z.number().nullable();
const at = z.string();

/** A worker of a queue, as it shows itself. */
export const liveWorkerSchema = z.object({
  id: z.string(),
  host: z.string(),
  adapter: z.string(),
  runtime: z.string(),
  state: z.string(),
  /** Jobs. */
  finished: z.int(),
  failed: z.int(),
  /** Training sequences a second over its last job; null before one. */
  sequencesPerSecond: z.number().nullable(),
  /** What it said last; null before anything. */
  word: z.string().nullable(),
});

export type LiveWorker = z.infer<typeof liveWorkerSchema>;

/** A line of `live.jsonl`. Times are ISO 8601. */
export const liveLineSchema = z.discriminatedUnion('say', [
  /** A process begins to train what is missing. */
  z.object({ say: z.literal('begin'), at, packs: z.int(), workers: z.int() }),
  /** Cells that a pack trains from now on, in the order of its losses. */
  z.object({ say: z.literal('pack'), at, pack: z.int(), cells: z.array(z.string()) }),
  /** Nobody trains that pack for now: its job is back in the queue. */
  z.object({ say: z.literal('left'), at, pack: z.int() }),
  z.object({
    say: z.literal('progress'),
    at,
    pack: z.int(),
    phase: z.enum(['train', 'test']),
    done: z.int(),
    total: z.int(),
    /** Training sequences a second, all cells of the pack together. */
    sequencesPerSecond: z.number(),
    /** Of the whole run; null until it is known. Of a sweep in a queue its own line tells. */
    secondsLeft: z.number().nullable().optional(),
    /** Batch losses since the last line, in the order of the pack's cells. */
    curve: z.array(z.object({ step: z.int(), losses: z.array(loss) })),
    /** Who trains it, where a queue's worker does. */
    worker: z.string().optional(),
  }),
  /** Losses of a pack's cells at a test length with their standard errors, so far: a later line of that length replaces this one. */
  z.object({
    say: z.literal('tested'),
    at,
    pack: z.int(),
    length: z.int(),
    losses: z.array(loss),
    stderrs: z.array(loss),
  }),
  /** A sweep in a queue. */
  z.object({
    say: z.literal('queue'),
    at,
    waiting: z.int(),
    active: z.int(),
    failed: z.int(),
    workers: z.array(liveWorkerSchema),
    secondsLeft: z.number().nullable(),
  }),
  /** Cells whose job nobody could do. */
  z.object({ say: z.literal('lost'), at, cells: z.array(z.string()), reason: z.string() }),
  /** What the process told whoever started it. */
  z.object({ say: z.literal('note'), at, line: z.string() }),
  /** The process ended over an error. */
  z.object({ say: z.literal('failed'), at, message: z.string() }),
]);

export type LiveLine = z.infer<typeof liveLineSchema>;
export type LiveProgress = Extract<LiveLine, { say: 'progress' }>;
export type LiveTested = Extract<LiveLine, { say: 'tested' }>;

const pathOf = (folder: string) => join(folder, 'live.jsonl');

/** A line without its time, which is when it is said. */
type Said<L = LiveLine> = L extends unknown ? Omit<L, 'at'> : never;

/** Time between two writes. */
const WRITE_MS = 500;

/** A file of more bytes begins anew, with what still holds: what was trained of a pack before is then seen when the pack is finished. */
const MOST_BYTES = 2 ** 26;

/** Writes `live.jsonl`. Never throws: where it cannot be written, nobody watches. */
export class LiveFile {
  private readonly path: string;
  private lines: string[] = [];
  /** Of each pack, what was told since the last write, in one line. */
  private readonly progress = new Map<number, Said<LiveProgress>>();
  /** What each pack was last said to consist of, and the line that said it: it may be split on its way. */
  private readonly packs = new Map<number, { cells: string; line: string }>();
  /** The line with which the process began. */
  private begun: string[] = [];
  private bytes: number | undefined;
  private readonly mostBytes: number;
  private timer: NodeJS.Timeout | undefined;
  private written = Promise.resolve();

  constructor(folder: string, mostBytes = MOST_BYTES) {
    this.path = pathOf(folder);
    this.mostBytes = mostBytes;
    // What a killed process was writing is ended, so that it spoils no line.
    this.lines.push('');
  }

  /** Says which cells a pack consists of, where that has not been said. */
  packed(pack: number, cells: readonly string[]): void {
    const text = cells.join();
    if (this.packs.get(pack)?.cells === text) return;
    this.packs.set(pack, { cells: text, line: this.say({ say: 'pack', pack, cells: [...cells] }) });
  }

  /** Says that nobody trains a pack for now. */
  left(pack: number): void {
    if (this.packs.delete(pack)) this.say({ say: 'left', pack });
  }

  /** Says something, and gives its line. */
  say(line: Said): string {
    this.takeIn();
    const text = JSON.stringify({ ...line, at: new Date().toISOString() });
    if (line.say === 'begin') this.begun = [text];
    this.lines.push(text);
    this.soon();
    return text;
  }

  /** As `say`, of what is told more often than anybody looks. */
  progressed(line: Omit<LiveProgress, 'at' | 'say'>): void {
    const curve = [...(this.progress.get(line.pack)?.curve ?? []), ...line.curve];
    this.progress.set(line.pack, { say: 'progress', ...line, curve });
    this.soon();
  }

  /** Writes what is left. The file goes where the run is finished. */
  async close(finished: boolean): Promise<void> {
    await this.write();
    if (finished) await rm(this.path, { force: true }).catch(() => {});
  }

  private takeIn(): void {
    const at = new Date().toISOString();
    for (const line of this.progress.values()) this.lines.push(JSON.stringify({ ...line, at }));
    this.progress.clear();
  }

  private soon(): void {
    this.timer ??= setTimeout(() => void this.write(), WRITE_MS).unref();
  }

  private write(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.takeIn();
    const text = this.lines.map(line => `${line}\n`).join('');
    this.lines = [];
    this.written = this.written.then(() => this.append(text)).catch(() => {});
    return this.written;
  }

  private async append(text: string): Promise<void> {
    this.bytes ??= (await stat(this.path).catch(() => ({ size: 0 }))).size;
    this.bytes += Buffer.byteLength(text);
    if (this.bytes <= this.mostBytes) return appendFile(this.path, text);
    const holds = [...this.begun, ...[...this.packs.values()].map(({ line }) => line)];
    const anew = holds.map(line => `${line}\n`).join('') + text;
    await writeFile(`${this.path}.new`, anew);
    await rename(`${this.path}.new`, this.path);
    this.bytes = Buffer.byteLength(anew);
  }
}

/** Follows a `live.jsonl` that another process may be writing. */
export class FollowedLive {
  private readonly path: string;
  private at = 0;
  private inode = 0;

  constructor(folder: string) {
    this.path = pathOf(folder);
  }

  /** Lines that are whole and new; all of them, and `anew`, where the file is not the one that was looked at before. */
  async look(): Promise<{ anew: boolean; said: LiveLine[] }> {
    const { ino, size } = await stat(this.path).catch(() => ({ ino: 0, size: 0 }));
    const anew = this.at > 0 && (ino !== this.inode || size < this.at);
    if (anew) this.at = 0;
    this.inode = ino;
    if (size === this.at) return { anew, said: [] };
    const handle = await open(this.path, 'r').catch(() => undefined);
    if (!handle) return { anew, said: [] };
    try {
      const buffer = Buffer.alloc(size - this.at);
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, this.at);
      const end = buffer.subarray(0, bytesRead).lastIndexOf(0x0a) + 1;
      this.at += end;
      return { anew, said: buffer.toString('utf8', 0, end).split('\n').flatMap(lineOf) };
    } finally {
      await handle.close();
    }
  }
}

function lineOf(text: string): LiveLine[] {
  if (text === '') return [];
  try {
    return [liveLineSchema.parse(JSON.parse(text))];
  } catch {
    return [];
  }
}
