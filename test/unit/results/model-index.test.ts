import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { MODEL_INDEX, writeModelIndex } from '../../../src/results/model-index.ts';
import { cellLine } from '../../support/cells.ts';
import { emptyFolder } from '../../support/cli.ts';

test('a line a cell: its setting in words, its seed, its loss, its file', async () => {
  const folder = emptyFolder();
  const cells = [
    cellLine({ 'task.omega': 2, 'train.length': 16, seed: 1 }, [0.1]),
    { ...cellLine({ 'train.length': 4 }, [null]), trainLoss: null },
  ];
  await writeModelIndex(folder, cells);
  expect(readFileSync(join(folder, MODEL_INDEX), 'utf8')).toBe(
    [
      'setting\tseed\ttraining_loss\tfile',
      'ω = 2, N = 16\t1\t0.500\tmodels/2-16-1.safetensors',
      'N = 4\t\tdiverged\tmodels/4.safetensors',
      '',
    ].join('\n'),
  );
});
