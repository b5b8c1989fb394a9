import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { writeWhole } from '../shared/whole-file.ts';

/*
 * What was measured on this machine, kept between runs: JSON files of values by key. One that is lost, damaged or cannot be written
 * costs time and nothing else.
 */

/** The path of a cache: in `$XDG_CACHE_HOME`, else in `~/.cache`. */
export function cacheFile(name: string, environment: NodeJS.ProcessEnv = process.env): string {
  return join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'lengthwise', name);
}

/** What a cache holds; nothing when there is no such file, or it is not what was written. */
export function readCache<T>(path: string, schema: z.ZodType<T>): Record<string, T> {
  try {
    return z.record(z.string(), schema).parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return {};
  }
}

/** Keeps what the change makes of the value under a key, and all other values. Whether it could be written. */
export async function keepInCache<T>(
  path: string,
  schema: z.ZodType<T>,
  key: string,
  change: (before: T | undefined) => T,
): Promise<boolean> {
  const all = readCache(path, schema);
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeWhole(path, `${JSON.stringify({ ...all, [key]: change(all[key]) }, null, 2)}\n`);
    return true;
  } catch {
    return false;
  }
}
