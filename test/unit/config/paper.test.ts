import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadExperiment } from '../../../src/config/experiment.ts';
import { readRuns } from '../../../src/results/runs.ts';

const FILES = 'experiments/paper';
const SEARCHES = 'results/paper-search';
const FIGURES = readdirSync(FILES).filter(file => /^figure-.*\.yaml$/.test(file));

/** What a figure's search found: the choice whose worst training loss over seeds, lengths and tasks is least. */
async function chosen(search: string): Promise<Record<string, unknown>> {
  const { runs } = await readRuns(join(SEARCHES, search));
  const worst = new Map<string, number>();
  for (const { axes, trainLoss } of runs[0]!.cells) {
    const choice = Object.entries(axes).filter(
      ([axis]) => /^(model|train)\./.test(axis) && axis !== 'train.length',
    );
    const key = JSON.stringify(Object.fromEntries(choice));
    worst.set(key, Math.max(worst.get(key) ?? 0, trainLoss ?? Infinity));
  }
  return JSON.parse([...worst].sort(([, a], [, b]) => a - b)[0]![0]);
}

const at = (content: unknown, path: string) =>
  path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], content);

test.each(FIGURES)('%s has the heads, rate and warm-up that the searches it names found', async file => {
  const text = readFileSync(join(FILES, file), 'utf8');
  const { content } = await loadExperiment(join(FILES, file), []);
  const searches = [...text.matchAll(/search-[a-z-]+(?=\.yaml)/g)].map(([name]) => name);
  expect(searches.length).toBeGreaterThan(0);
  // A later search is about the figure's own task and decides where two speak of one setting.
  const found = Object.assign({}, ...(await Promise.all(searches.map(chosen))));
  for (const [path, value] of Object.entries(found)) expect([path, at(content, path)]).toEqual([path, value]);
});

test.each(readdirSync(FILES).filter(file => /^search-/.test(file)))(
  '%s never tests on lengths beyond those it trains on',
  async file => {
    const { content } = await loadExperiment(join(FILES, file), []);
    expect(Math.max(...[content.test.length].flat())).toBeLessThanOrEqual(
      Math.min(...[content.train.length].flat()),
    );
  },
);
