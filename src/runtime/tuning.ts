import { readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { adapterName } from '../shared/adapter.ts';
import type { DenseShape, DenseVariant } from '../shared/attention-variants.ts';
import type { AdapterInfo } from '../shared/protocol.ts';
import { bestVariant, bucketOf, type Trial, trialSchema } from '../shared/tuning.ts';

/*
 * What tuning has found, kept between runs: trials by adapter, driver and runtime, then by bucket of shapes.
 */

const tuningSchema = z.record(z.string(), z.record(z.string(), z.array(trialSchema)));
type Tuning = z.infer<typeof tuningSchema>;

/** Where it is kept: `$XDG_CACHE_HOME`, else `~/.cache`. */
export function tuningFile(environment: NodeJS.ProcessEnv = process.env): string {
  return join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'lengthwise', 'tuning.json');
}

/** What was kept; nothing when there is no file, or when it is not what was written: a cache that is lost is only slower. */
export function readTuning(file = tuningFile()): Tuning {
  try {
    return tuningSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return {};
  }
}

/** The adapter with its driver (the description has its version) and the browser or runtime with its own. */
const machineOf = (adapter: AdapterInfo, version: string) => `${adapterName(adapter)}, ${version}`;

/** Adds trials to what was kept. Whether that worked: a cache that cannot be written costs time, not the run. */
export async function keepTrials(
  adapter: AdapterInfo,
  version: string,
  shape: DenseShape,
  trials: Trial[],
  file = tuningFile(),
): Promise<boolean> {
  const tuning = readTuning(file);
  const machine = machineOf(adapter, version);
  tuning[machine] = { ...tuning[machine], [bucketOf(shape)]: trials };
  const whole = `${file}.${process.pid}`;
  try {
    await mkdir(dirname(file), { recursive: true });
    // Written aside and renamed: another process reads the old one or the new one.
    await writeFile(whole, JSON.stringify(tuning, null, 1));
    await rename(whole, file);
    return true;
  } catch {
    return false;
  }
}

/** The variant that was found best for this shape, used so often; undefined when nothing was tuned. */
export function tunedVariant(
  adapter: AdapterInfo,
  version: string,
  shape: DenseShape,
  uses: number,
  file = tuningFile(),
): DenseVariant | undefined {
  const trials = readTuning(file)[machineOf(adapter, version)]?.[bucketOf(shape)];
  return trials && bestVariant(trials, uses);
}

/** One line a tuned bucket, for `doctor`: what is taken for one use and for many. */
export function tunedChoices(file = tuningFile()): string[] {
  return Object.entries(readTuning(file)).flatMap(([machine, buckets]) =>
    Object.entries(buckets).map(([bucket, trials]) => {
      const [once, often] = [1, 10_000].map(uses => bestVariant(trials, uses) ?? 'none');
      return `${machine}: ${bucket}: ${once} once, ${often} often`;
    }),
  );
}
