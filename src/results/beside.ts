import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** A run of an experiment, by what its manifest says of where its cells come from. */
export interface RunName {
  folder: string;
  run: string;
  /** Names the grid, whatever engine trains it. */
  grid: string;
  /** Null: of a version that did not name it. */
  engine: string | null;
}

const nameSchema = z.object({ run: z.string(), grid: z.string().optional(), engine: z.string().optional() });

/** Runs in an experiment's folder, by name. What is no run, or cannot be read, is left out: whoever reads results says so. */
export async function runsOf(experimentFolder: string): Promise<RunName[]> {
  const entries = await readdir(experimentFolder).catch(() => []);
  const runs: RunName[] = [];
  for (const entry of entries.sort()) {
    const folder = join(experimentFolder, entry);
    const text = await readFile(join(folder, 'manifest.json'), 'utf8').catch(() => 'null');
    const { success, data } = nameSchema.safeParse(jsonOf(text));
    if (success)
      runs.push({ folder, run: data.run, grid: data.grid ?? data.run, engine: data.engine ?? null });
  }
  return runs;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
