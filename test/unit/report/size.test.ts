import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { findingsOf } from '../../../src/cli/verify.ts';
import { writeReport } from '../../../src/report/report.ts';
import { emptyFolder } from '../../support/cli.ts';
import { writeSynthetic } from '../../support/synthetic.ts';

test('1,000 cells of 12 test lengths: verdicts and report, and it says how long they took', async () => {
  const root = emptyFolder();
  writeSynthetic(root, {
    name: 'big',
    task: { kind: 'simple', omega: [1, 2, 4, 8] },
    axes: { 'task.omega': [1, 2, 4, 8], 'train.learningRate': [0.001, 0.002, 0.003, 0.004, 0.005] },
    lengths: Array.from({ length: 10 }, (_, i) => 4 * 2 ** i),
    tests: Array.from({ length: 12 }, (_, i) => 16 * 2 ** i),
    seeds: 5,
    spread: 1,
    epsilon: [0.01, 0.001, 0.0001],
  });
  const before = process.cpuUsage();
  const { runs, claims, required } = await findingsOf(root);
  expect(runs[0]!.cells).toHaveLength(1000);
  const studies = [{ run: runs[0]!, ...required[0]! }];
  const { files } = await writeReport({ studies, claims, missing: [] }, root);
  const { user, system } = process.cpuUsage(before);
  const seconds = (user + system) / 1e6;
  console.info(`report on 1,000 cells x 12 lengths: ${seconds.toFixed(1)} s of processor time`);
  expect(files.length).toBeGreaterThan(10);
  expect(readdirSync(root)).toContain('report.html');
}, 300_000);
