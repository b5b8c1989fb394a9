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

/** Node lets garbage lie as long as there is memory: this is what it may take, less than 1 GiB in all. */
const HEAP_MIB = 750;

test('10^5 finished cells: resume, summary, verify and report in 1 GiB, and it says how long they took', async () => {
  const [write, read] = [await buildProgram('many'), await buildProgram('many-read', false)];
  const [out, report] = [emptyFolder(), emptyFolder()];
  await promisify(execFile)(process.execPath, [write, EXPERIMENT, out]);
  const ask = async (...more: string[]) => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      `--max-old-space-size=${HEAP_MIB}`,
      ...[read, EXPERIMENT, out, ...more],
    ]);
    const { found, seconds, maxMiB } = JSON.parse(stdout);
    process.stdout.write(
      `10^5 cells: ${JSON.stringify(seconds)} s of processor time, ${Math.round(maxMiB)} MiB\n`,
    );
    expect(maxMiB).toBeLessThan(1024);
    return found;
  };
  expect(await ask()).toEqual({ cells: 100_000, open: 0 });
  expect(await ask(report)).toEqual({ claims: 3 });
  // The page holds aggregates and some rows, the data all of them.
  expect(statSync(join(report, 'report.html')).size).toBeLessThan(2 ** 24);
  const csv = readFileSync(join(report, 'cells.csv'));
  let lines = 0;
  for (const byte of csv) if (byte === 0x0a) lines++;
  expect(lines).toBe(1 + 8 * 100_000);
});
