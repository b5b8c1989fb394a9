import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseExperiment } from '../../../src/config/experiment.ts';
import { readCells } from '../../../src/results/store.ts';
import { runSweep, type SweepEvents, type SweepOptions } from '../../../src/sweep/sweep.ts';
import { emptyFolder } from '../../support/cli.ts';
import { fakeSession } from '../../support/fake-session.ts';

const EXPERIMENT = parseExperiment(
  `name: tiny
task: { kind: simple, omega: 2 }
model: { width: 4, mlpWidth: 4 }
train: { length: [4, 8], steps: 10, batch: 2 }
test: { length: [8, 32], sequences: 2 }
seed: [0, 1]
`,
  'tiny.yaml',
);

const options = (out: string, more: Partial<SweepOptions> = {}): SweepOptions => ({
  out,
  fresh: false,
  workers: 1,
  adapter: 'auto',
  maker: { command: 'test', version: '0' },
  open: async () => fakeSession(),
  ...more,
});
const QUIET: SweepEvents = { say() {}, planned() {}, progress() {} };

describe('a sweep', () => {
  test('stores every cell with its curve, and a manifest', async () => {
    const out = emptyFolder();
    const { folder, lines, totals } = await runSweep(EXPERIMENT, options(out), QUIET);
    expect(lines.map(line => line.axes)).toEqual(
      [4, 8].flatMap(length => [0, 1].map(seed => ({ 'train.length': length, seed }))),
    );
    expect(lines.every(line => line.theory)).toBe(true);
    expect(totals).toMatchObject({ sequences: 80, trainSeconds: 1, browser: 'made up' });
    expect(JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'))).toMatchObject({ finished: 4 });
    const curves = readFileSync(join(folder, 'curves.jsonl'), 'utf8').trimEnd().split('\n');
    expect(curves).toHaveLength(4);
    expect(readdirSync(join(folder, 'models'))).toHaveLength(4);
  });

  test('that begins while another ends trains nothing', async () => {
    const out = emptyFolder();
    let second: Promise<unknown> | undefined;
    const first = options(out, {
      open: async () =>
        fakeSession({
          onTrain() {
            second = runSweep(EXPERIMENT, options(out), QUIET);
            return second.catch(() => {});
          },
        }),
    });
    const { folder } = await runSweep(EXPERIMENT, first, QUIET);
    await expect(second).rejects.toThrow(/is working on this run/);
    const open = () => Promise.reject(new Error('an engine was started'));
    const third = await runSweep(EXPERIMENT, options(out, { open }), QUIET);
    expect(third.plan).toMatchObject({ packs: [], finished: expect.objectContaining({ length: 4 }) });
    expect((await readCells(folder)).cells).toHaveLength(4);
  });

  test('whose engine does not start leaves nothing behind', async () => {
    const out = join(emptyFolder(), 'results');
    const open = () => Promise.reject(new Error('no browser'));
    await expect(runSweep(EXPERIMENT, options(out, { open }), QUIET)).rejects.toThrow('no browser');
    expect(existsSync(out)).toBe(false);
  });
});
