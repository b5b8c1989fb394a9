import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { InputError } from '../shared/errors.ts';
import { writeWhole } from '../shared/whole-file.ts';
import { whatIsWrong } from './lines.ts';

/** Name of the file in a run's folder. */
const FILE = 'worst-case.json';

const worstCaseSchema = z.object({
  /** Tokens of the strings. */
  testLength: z.int(),
  /** Rounds of the search. */
  rounds: z.int(),
  seed: z.int(),
  cells: z.array(
    z.object({
      cell: z.string(),
      /** The worst ‖f(x) − f*(x)‖ found. */
      worst: z.number(),
      /** Its root mean square over random strings of the law. */
      rms: z.number(),
    }),
  ),
});

/** The worst errors that an adversary found in a run's models, beside their average ones. */
export type WorstCase = z.infer<typeof worstCaseSchema>;

/** Writes a run's worst errors; returns the file. @throws MachineError when the disk refuses */
export async function writeWorstCase(folder: string, found: WorstCase): Promise<string> {
  const path = join(folder, FILE);
  await writeWhole(path, [`${JSON.stringify(found)}\n`]);
  return path;
}

/** A run's worst errors; undefined where nobody has looked for them. @throws InputError when the file is damaged */
export async function readWorstCase(folder: string): Promise<WorstCase | undefined> {
  const path = join(folder, FILE);
  if (!existsSync(path)) return undefined;
  try {
    return worstCaseSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    throw new InputError(
      `${path}: no worst errors of lengthwise (${whatIsWrong(error)})`,
      'Remove it, or let `lengthwise simulate --results <folder> --adversary` write it again.',
      { cause: error },
    );
  }
}
