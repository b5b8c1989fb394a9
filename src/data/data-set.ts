import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { cacheFile } from '../runtime/cache.ts';
import { InputError, MachineError, messageOf } from '../shared/errors.ts';
import { buildPart } from './build.ts';
import type { Shared } from './check.ts';
import { Part } from './part.ts';
import { type Summary, summarySchema } from './summary.ts';

/*
 * What is read of a user's files is kept as records in `$XDG_CACHE_HOME/lengthwise/data/<hash>`, else in `~/.cache`, under the hash of
 * their content: files are
 * parsed and checked once, training reads what was checked whatever becomes of the files, and any sequence is a read away.
 */

/** The files of a data set, sequences in the order of the lists. */
export interface DataFiles {
  train: readonly string[];
  /** By greatest length. */
  tests: readonly { length: number; files: readonly string[] }[];
}

/** A data set by its content. */
export interface DataSet {
  /** Hash of the files' content, 16 hexadecimal digits. */
  content: string;
  summary: Summary;
}

const SUMMARY = 'summary.json';
const HASH_DIGITS = 16;

function folderOf(content: string): string {
  return cacheFile(join('data', content));
}

/** Name of a part's files: `train`, or `test-<length>`. */
const nameOf = (length?: number) => (length === undefined ? 'train' : `test-${length}`);

/**
 * Reads and checks files of sequences, unless files of the same content have been.
 * @throws InputError with file and line of the first thing that cannot be used, or when a file changes meanwhile; MachineError when the
 * disk is full.
 */
export async function readDataSet(files: DataFiles): Promise<DataSet> {
  const stamps = new Map<string, string>();
  const hash = createHash('sha256');
  let trained = '';
  for (const { length, files: own } of [{ length: undefined, files: files.train }, ...files.tests]) {
    hash.update(`${nameOf(length)} ${own.length}\n`);
    for (const file of own) {
      const stamp = await stampOf(file);
      stamps.set(file, stamp);
      hash.update(`${stamp.split(' ')[0]}\n`);
      for await (const bytes of createReadStream(file, { highWaterMark: 2 ** 20 })) hash.update(bytes);
      await unchanged(file, stamp);
    }
    if (length === undefined) trained = hash.copy().digest('hex').slice(0, HASH_DIGITS);
  }
  const content = hash.digest('hex').slice(0, HASH_DIGITS);
  const known = await summaryOf(content);
  if (known) return { content, summary: known };
  const summary = await build(files, trained, folderOf(content), async () => {
    for (const [file, stamp] of stamps) await unchanged(file, stamp);
  });
  return { content, summary };
}

/** Size, time of change and place on the disk. @throws InputError when it is no file that can be read. */
async function stampOf(file: string): Promise<string> {
  try {
    const info = await stat(file);
    if (!info.isFile()) throw new Error('is no regular file');
    if (info.size === 0) throw new Error('is empty');
    return [info.size, info.mtimeMs, info.ino].join(' ');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new InputError(`${file}: ${missing ? 'no such file' : messageOf(error)}`, 'Check the path.', {
      cause: error,
    });
  }
}

async function unchanged(file: string, stamp: string): Promise<void> {
  if ((await stampOf(file)) === stamp) return;
  throw new InputError(
    `${file}: changed while it was read`,
    'Give the command again once nobody writes it any more.',
  );
}

async function summaryOf(content: string): Promise<Summary | undefined> {
  try {
    return summarySchema.parse(JSON.parse(await readFile(join(folderOf(content), SUMMARY), 'utf8')));
  } catch {
    return undefined;
  }
}

/** Writes a data set to its folder, which is there when all of it is. `check` is called once everything is read. */
async function build(
  files: DataFiles,
  trained: string,
  folder: string,
  check: () => Promise<void>,
): Promise<Summary> {
  const making = `${folder}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await mkdir(making, { recursive: true });
    const shared: Shared = {};
    const train = await buildPart(files.train, join(making, nameOf()), shared);
    const tests: Summary['tests'] = [];
    for (const { length, files: own } of files.tests)
      tests.push({ length, ...(await buildPart(own, join(making, nameOf(length)), shared)) });
    await check();
    const { form, width = 1 } = shared;
    const summary: Summary = { format: 1, trained, form: form!, width, train, tests };
    await writeFile(join(making, SUMMARY), `${JSON.stringify(summary)}\n`);
    // Another process may have made the same, or a folder that is damaged is in the way.
    if ((await summaryOf(basename(folder))) === undefined) {
      await rm(folder, { recursive: true, force: true });
      await rename(making, folder);
    }
    return summary;
  } catch (error) {
    if (error instanceof InputError || error instanceof MachineError) throw error;
    throw new MachineError(
      `${making}: the data cannot be kept (${messageOf(error)})`,
      'Make room, or set XDG_CACHE_HOME to a folder on a larger disk.',
      { cause: error },
    );
  } finally {
    await rm(making, { recursive: true, force: true });
  }
}

/** The parts of a data set, open. */
export interface OpenData extends DataSet {
  train: Part;
  tests: Part[];
  close(): void;
}

/**
 * Opens what `readDataSet` has read on this machine.
 * @throws InputError when it never did, MachineError when what it wrote is damaged.
 */
export async function openDataSet(content: string): Promise<OpenData> {
  const summary = await summaryOf(content);
  const folder = folderOf(content);
  if (!summary)
    throw new InputError(
      `the data ${content} of this task is not on this machine (${folder})`,
      'Copy the files here and give `lengthwise plan` the experiment once: it reads them.',
    );
  const open: Part[] = [];
  const close = () => {
    for (const part of open) part.close();
  };
  try {
    const train = await Part.open(join(folder, nameOf()), summary.train);
    open.push(train);
    const tests: Part[] = [];
    for (const test of summary.tests) {
      const part = await Part.open(join(folder, nameOf(test.length)), test);
      open.push(part);
      tests.push(part);
    }
    return { content, summary, train, tests, close };
  } catch (error) {
    close();
    throw error;
  }
}
