import { type Baseline, baselineOf } from '../analysis/baseline.ts';
import { experimentSchema } from '../config/schema.ts';
import { cellsOf } from '../plan/cells.ts';
import { labelOf, settingOf } from '../results/axes.ts';
import type { Run } from '../results/runs.ts';
import { InputError } from '../shared/errors.ts';

/** What needs no training would reach, by the label of a setting. Empty where the manifest's experiment is not one of this version. */
export function baselinesOf({ manifest }: Run): ReadonlyMap<string, Baseline> {
  const parsed = experimentSchema.safeParse(manifest.experiment);
  const baselines = new Map<string, Baseline>();
  if (!parsed.success) return baselines;
  const known = new Map<string, Baseline>();
  for (const { axes, config } of cellsNamed(manifest.name, parsed.data)) {
    const label = labelOf(settingOf(axes));
    if (baselines.has(label)) continue;
    const { task, data, test } = config;
    const key = JSON.stringify([task, data, test.length]);
    const baseline = known.get(key) ?? baselineOf(config);
    known.set(key, baseline);
    baselines.set(label, baseline);
  }
  return baselines;
}

function cellsNamed(name: string, content: Parameters<typeof cellsOf>[0]['content']) {
  try {
    return cellsOf({ file: 'manifest.json', name, content, where: () => 'manifest.json' });
  } catch (error) {
    // A grid that this version would refuse has no baselines; its cells are reported all the same.
    if (error instanceof InputError) return [];
    throw error;
  }
}
