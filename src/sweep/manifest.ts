import { cpus, hostname } from 'node:os';
import { ENGINE_HASH } from '../plan/engine-hash.ts';
import type { Manifest } from '../results/schema.ts';
import type { OpenRun } from './open-run.ts';
import type { Totals } from './totals.ts';

/** Who makes a run. */
export interface Maker {
  /** As it was typed. */
  command: string;
  /** Of lengthwise. */
  version: string;
}

/** The manifest of a run as it begins. */
export function manifestOf(
  { experiment, run, grid, shard, plan, store }: OpenRun,
  { command, version }: Maker,
): Manifest {
  const [cpu] = cpus();
  return {
    name: experiment.name,
    run,
    grid,
    engine: ENGINE_HASH,
    sources: Object.fromEntries(
      plan.cells.flatMap(({ config: { data, source } }) =>
        source === undefined ? [] : [[data.law, source]],
      ),
    ),
    ...(shard ? { shard: `${shard.index}/${shard.count}` } : {}),
    experiment: experiment.content,
    cells: plan.cells.length,
    command,
    versions: { lengthwise: version, node: process.version, browser: null },
    host: {
      name: hostname(),
      platform: `${process.platform} ${process.arch}`,
      cpu: cpu?.model ?? 'unknown',
      cores: cpus().length,
    },
    adapter: null,
    start: new Date().toISOString(),
    end: null,
    finished: store.cells.length,
    diverged: 0,
  };
}

/** The manifest once everything is trained. */
export function endedManifest(
  manifest: Manifest,
  { store }: OpenRun,
  { adapter, browser }: Pick<Totals, 'adapter' | 'browser'>,
): Manifest {
  return {
    ...manifest,
    versions: { ...manifest.versions, browser },
    adapter,
    end: new Date().toISOString(),
    finished: store.cells.length,
    diverged: store.cells.filter(cell => cell.divergedAtStep !== null).length,
  };
}
