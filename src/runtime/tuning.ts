import { z } from 'zod';
import { adapterName } from '../shared/adapter.ts';
import type { DenseShape, DenseVariant } from '../shared/attention-variants.ts';
import type { AdapterInfo } from '../shared/protocol.ts';
import { bestVariant, bucketOf, type Trial, trialSchema } from '../shared/tuning.ts';
import { cacheFile, keepInCache, readCache } from './cache.ts';

/*
 * What tuning has found, kept between runs: trials by adapter, driver and runtime, then by bucket of shapes.
 */

const bucketsSchema = z.record(z.string(), z.array(trialSchema));

const tuningFile = () => cacheFile('tuning.json');

/** The adapter with its driver (the description has its version) and the browser or runtime with its own. */
const machineOf = (adapter: AdapterInfo, version: string) => `${adapterName(adapter)}, ${version}`;

/** Adds trials to what was kept. Whether it could be written. */
export function keepTrials(
  adapter: AdapterInfo,
  version: string,
  shape: DenseShape,
  trials: Trial[],
  file = tuningFile(),
): Promise<boolean> {
  const machine = machineOf(adapter, version);
  return keepInCache(file, bucketsSchema, machine, before => ({ ...before, [bucketOf(shape)]: trials }));
}

/** The variant that was found best for this shape, used so often; undefined when nothing was tuned. */
export function tunedVariant(
  adapter: AdapterInfo,
  version: string,
  shape: DenseShape,
  uses: number,
  file = tuningFile(),
): DenseVariant | undefined {
  const trials = readCache(file, bucketsSchema)[machineOf(adapter, version)]?.[bucketOf(shape)];
  return trials && bestVariant(trials, uses);
}

/** One line a tuned bucket, for `doctor`: what is taken for one use and for many. */
export function tunedChoices(file = tuningFile()): string[] {
  return Object.entries(readCache(file, bucketsSchema)).flatMap(([machine, buckets]) =>
    Object.entries(buckets).map(([bucket, trials]) => {
      const [once, often] = [1, 10_000].map(uses => bestVariant(trials, uses) ?? 'none');
      return `${machine}: ${bucket}: ${once} once, ${often} often`;
    }),
  );
}
