import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { loadExperiment } from '../../../src/config/experiment.ts';
import { cellsOf } from '../../../src/plan/cells.ts';
import { packsOf } from '../../../src/plan/packs.ts';
import { lengthsOf, tokensOf } from '../../../src/shared/task.ts';

const FOLDER = join(import.meta.dirname, '..', '..', '..', 'experiments', 'suite');
const rate = z.number().min(0).max(1);
const published = z
  .strictObject({
    source: z.string(),
    bins: z.tuple([z.literal(50), z.literal(100), z.literal(150)]),
    rows: z.array(
      z.strictObject({
        ...{ task: z.string(), encoding: z.enum(['none', 'absolute']), model: z.string() },
        exactMatch: z.tuple([rate, rate, rate]),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(join(FOLDER, 'published.json'), 'utf8')));

test('the published table has both encodings of every experiment, and theirs has not been improved', () => {
  const files = readdirSync(FOLDER).flatMap(name =>
    name.endsWith('.yaml') ? name.replace('.yaml', '') : [],
  );
  const rows = published.rows.map(({ task, encoding }) => `${task} ${encoding}`).sort();
  expect(rows).toEqual(files.flatMap(task => [`${task} absolute`, `${task} none`]).sort());
  for (const { exactMatch } of published.rows.filter(
    row => row.task === 'addition' || row.task.startsWith('copy-r'),
  ))
    expect(exactMatch[2]).toBe(0);
});

test.each(['ci', 'paper'])(
  'every experiment plans at size %s: five seeds, bins of fifty lengths, every position read',
  async size => {
    for (const task of new Set(published.rows.map(row => row.task))) {
      const experiment = await loadExperiment(join(FOLDER, `${task}.yaml`), [], size);
      const packs = packsOf(cellsOf(experiment));
      expect(packs.flatMap(({ cells }) => cells)).toHaveLength(5);
      const [{ pack }] = packs as [(typeof packs)[number]];
      expect(pack.test).toMatchObject({ lengths: [50, 100, 150], span: 50, positions: 'every' });
      expect(pack).toMatchObject({ loss: 'cross-entropy', positions: 'every' });
      const room = tokensOf(lengthsOf(pack.task), 150);
      expect(pack.model.attention).toMatchObject({ encoding: 'absolute', maxLength: room });
    }
  },
);
