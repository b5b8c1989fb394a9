import { execFile } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { emptyFolder } from '../../support/cli.ts';
import { buildProgram } from '../../support/program.ts';

const list = (count: number, from = 0) => JSON.stringify(Array.from({ length: count }, (_, i) => from + i));
const EXPERIMENT = `name: many
task: { kind: simple, omega: ${list(10, 1)} }
model: { width: 4, mlpWidth: 4 }
train: { length: [4, 6, 8, 12, 16, 24, 32, 48, 64, 96], steps: 10, batch: 2 }
test: { length: [64, 128, 256, 512, 1024, 2048, 4096, 8192], sequences: 2 }
seed: ${list(1000)}
`;

test('10^5 finished cells: resume, summary, verify and report in 1 GiB, and it says how long they took', async () => {
  const [write, read] = [await buildProgram('many'), await buildProgram('many-read', false)];
  const [out, report] = [emptyFolder(), emptyFolder()];
  await promisify(execFile)(process.execPath, [write, EXPERIMENT, out]);
  const { stdout } = await promisify(execFile)(process.execPath, [read, EXPERIMENT, out, report]);
  const found = JSON.parse(stdout);
  process.stdout.write(
    `10^5 cells: ${JSON.stringify(found.seconds)} s of processor time, ${Math.round(found.maxMiB)} MiB\n`,
  );
  expect(found).toMatchObject({ cells: 100_000, open: 0, claims: 3 });
  expect(found.maxMiB).toBeLessThan(1024);
  // The page holds aggregates and some rows, the data all of them.
  expect(statSync(join(report, 'report.html')).size).toBeLessThan(2 ** 24);
  const csv = readFileSync(join(report, 'cells.csv'));
  let lines = 0;
  for (const byte of csv) if (byte === 0x0a) lines++;
  expect(lines).toBe(1 + 8 * 100_000);
}, 600_000);
