import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type BadInput, expectComplaint, GOOD } from '../support/bad-input.ts';
import { cli, cliHere, emptyFolder } from '../support/cli.ts';

const TINY = `name: tiny
task: { kind: simple, omega: 2 }
model: { width: 8, mlpWidth: 16 }
train: { length: 8, steps: 40, batch: 32, learningRate: 0.01 }
test: { length: [8], sequences: 64 }
`;

interface Slice {
  name: string;
  ph: string;
  ts: number;
  dur: number;
}

test('run --profile writes a trace beside the results and says what a step spent its time on', async () => {
  const cwd = emptyFolder();
  writeFileSync(join(cwd, 'tiny.yaml'), TINY);
  const args = ['run', 'tiny.yaml', '--adapter', 'software', '--json'];
  const { code, stdout, stderr } = await cli([...args, '--profile'], { cwd });
  expect(code, stderr).toBe(0);
  const path = join(JSON.parse(stdout).run, 'profile.json');
  expect(stderr).toContain(`Profile: ${path}`);
  expect(stderr).toMatch(/share +dispatches +µs a dispatch/);
  expect(stderr).toMatch(/% +\d+ +\d+ {2}featuresGradient/);
  const { traceEvents } = JSON.parse(readFileSync(join(cwd, path), 'utf8')) as { traceEvents: Slice[] };
  const slices = traceEvents.filter(({ ph }) => ph === 'X');
  const names = new Set(slices.map(({ name }) => name));
  for (const name of [
    'start the engine',
    'submit',
    'read losses',
    'featuresGradient',
    'adam',
    'theory of a cell',
  ])
    expect(names).toContain(name);
  for (const { ts } of slices) expect(ts).toBeGreaterThanOrEqual(0);

  // The cell is finished now: nothing is left to time.
  expectComplaint(await cli([...args, '--profile'], { cwd }), /--profile: every cell is already finished/);
});

const wrong = (what: string, path: string, says: RegExp): BadInput => ({
  what,
  args: ['run', 'x.yaml', '--profile', path],
  says,
});

describe('--profile that cannot be written', () => {
  test.each([
    wrong('not JSON', 'trace.txt', /--profile trace\.txt: not a \.json file/),
    wrong('an experiment in its place', 'x.yaml', /--profile x\.yaml: not a \.json file/),
    wrong('no folder', 'nowhere/trace.json', /there is no folder nowhere/),
    wrong('a folder', 'folder.json', /that is a folder/),
  ])('$what', async ({ args, says }) => {
    const cwd = emptyFolder();
    writeFileSync(join(cwd, 'x.yaml'), GOOD);
    mkdirSync(join(cwd, 'folder.json'));
    expectComplaint(await cliHere(args, { cwd }), says);
  });
});
