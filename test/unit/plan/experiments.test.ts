import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadExperiment } from '../../../src/config/experiment.ts';
import { cellsOf } from '../../../src/plan/cells.ts';
import { planExperiment } from '../../../src/plan/plan.ts';

/** Every experiment that ships, in each of its sizes. */
const SHIPPED = ['experiments', 'experiments/paper', 'experiments/theorems'].flatMap(folder =>
  readdirSync(folder)
    .filter(file => file.endsWith('.yaml'))
    .flatMap(file => {
      const path = join(folder, file);
      const { sizes = {} } = parse(readFileSync(path, 'utf8')) as { sizes?: object };
      const names = Object.keys(sizes);
      return (names.length > 0 ? names : [undefined]).map(size => ({ path, size }));
    }),
);

test.each(SHIPPED)('$path, size $size, can be run', async ({ path, size }) => {
  const { cells, packs } = planExperiment(await loadExperiment(path, [], size));
  expect(packs.flatMap(({ pack }) => pack.replicas)).toHaveLength(cells.length);
});

describe('experiments that compare', () => {
  const values = async (name: string, axis: string, size?: string) => {
    const cells = cellsOf(await loadExperiment(`experiments/${name}.yaml`, [], size));
    return new Set(cells.map(({ axes }) => axes[axis]));
  };

  test('depth.yaml: one to four layers', async () => {
    expect(await values('depth', 'model.layers')).toEqual(new Set([1, 2, 3, 4]));
  });

  test('encodings.yaml: every encoding, plain and scaled', async () => {
    const encodings = new Set(['none', 'absolute', 'rope', 'alibi']);
    expect(await values('encodings', 'model.attention.encoding')).toEqual(encodings);
    expect(await values('encodings', 'model.attention.logScale')).toEqual(new Set([false, true]));
  });

  test('encodings.yaml and depth.yaml differ in nothing but the model', async () => {
    const load = (name: string) => loadExperiment(`experiments/${name}.yaml`, []);
    const [softmax, limit] = (await Promise.all(['encodings', 'depth'].map(load))).map(
      ({ content }) => content,
    );
    const { name: _, model: __, ...rest } = softmax!;
    expect(limit).toMatchObject(rest);
  });
});
