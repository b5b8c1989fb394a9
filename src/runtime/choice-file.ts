import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';

const choiceSchema = z.strictObject({
  runtime: z.enum(['chrome', 'dawn']),
  /** Name of Dawn's driver; null for Chrome. */
  driver: z.string().nullable(),
  reason: z.string(),
});
const fileSchema = z.record(z.string(), choiceSchema);

/** What `--runtime auto` came to. */
export type Choice = z.infer<typeof choiceSchema>;

/** The file that remembers choices, by a hash of the machine. */
export function choiceFile(environment: NodeJS.ProcessEnv = process.env): string {
  return join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'lengthwise', 'runtime.json');
}

/** The choice kept under a key; undefined when there is none, or the file is damaged or cannot be read. */
export async function readChoice(key: string, path = choiceFile()): Promise<Choice | undefined> {
  return (await readAll(path))[key];
}

/** Keeps a choice. Whether that worked: a cache that cannot be written costs time, not the run. */
export async function writeChoice(key: string, choice: Choice, path = choiceFile()): Promise<boolean> {
  try {
    const all = { ...(await readAll(path)), [key]: choice };
    await mkdir(dirname(path), { recursive: true });
    const fresh = `${path}.${process.pid}`;
    await writeFile(fresh, `${JSON.stringify(all, null, 2)}\n`);
    await rename(fresh, path);
    return true;
  } catch {
    return false;
  }
}

async function readAll(path: string): Promise<Record<string, Choice>> {
  try {
    return fileSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return {};
  }
}
