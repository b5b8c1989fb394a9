import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readModel } from '../../src/model/safetensors.ts';
import { rooflineSchema } from '../../src/shared/protocol.ts';
import { cli, emptyFolder, whenSaid } from '../support/cli.ts';
import { softwareDriver } from '../support/engine.ts';

const EXPERIMENT = `name: tiny
task: { kind: simple, omega: 2 }
model: { width: 8, mlpWidth: 16 }
train: { length: [4, 8], steps: 60, batch: 32, learningRate: 0.01 }
test: { length: [8, 32], sequences: 64 }
seed: [0, 1]
`;

const cwd = emptyFolder();
const run = (...more: string[]) => cli(['run', 'tiny.yaml', '--adapter', 'software', ...more], { cwd });
let folder: string;
const read = (name: string) => readFileSync(join(folder, name), 'utf8');
const lines = (name: string) =>
  read(name)
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line));
/** In plan order: a line is written when the cell's theory is there. */
const cellLines = () =>
  lines('cells.jsonl').sort(
    (a, b) => a.axes['train.length'] - b.axes['train.length'] || a.axes.seed - b.axes.seed,
  );

beforeAll(async () => {
  writeFileSync(join(cwd, 'tiny.yaml'), EXPERIMENT);
  const { code, stdout, stderr } = await run('--json');
  if (code !== 0) throw new Error(stderr);
  const summary = JSON.parse(stdout);
  folder = join(cwd, summary.run);
  expect(summary).toMatchObject({ cells: 4, finished: 4, diverged: 0, alreadyFinished: 0 });
  expect(summary.sequencesPerSecond).toBeGreaterThan(0);
  expect(summary.plateau).toHaveLength(2);
});

describe('lengthwise run', () => {
  test('writes manifest, cells, curves and models', () => {
    const manifest = JSON.parse(read('manifest.json'));
    expect(manifest).toMatchObject({ name: 'tiny', cells: 4, finished: 4, diverged: 0 });
    expect(manifest.versions.browser).toMatch(/^Chrome\//);
    expect(manifest.adapter.software).toBe(true);
    expect(Date.parse(manifest.end)).toBeGreaterThan(Date.parse(manifest.start));
    const cells = cellLines();
    expect(cells.map(cell => cell.axes)).toEqual(
      [4, 8].flatMap(length => [0, 1].map(seed => ({ 'train.length': length, seed }))),
    );
    for (const cell of cells) {
      expect(cell.test.map((point: { length: number }) => point.length)).toEqual([8, 32]);
      const model = readModel(readFileSync(join(folder, 'models', `${cell.cell}.safetensors`)), cell.cell);
      expect(model.config.width).toBe(8);
    }
    const curve = lines('curves.jsonl').filter(point => point.cell === cells[0].cell);
    expect(curve.map(point => point.step)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
    expect(curve.at(-1).loss).toBeLessThan(curve[0].loss);
  });

  test('a second run finds the finished cells and says so', async () => {
    const before = read('cells.jsonl');
    const { code, stdout, stderr } = await run();
    expect(code).toBe(0);
    expect(stdout).toMatch(/All 4 cells were already finished/);
    expect(stderr).toMatch(/4 cells, 4 already finished/);
    expect(read('cells.jsonl')).toBe(before);
  });

  test('after a torn tail only the lost cell is run, and it is the same to the bit', async () => {
    const before = cellLines();
    const text = read('cells.jsonl');
    writeFileSync(join(folder, 'cells.jsonl'), text.slice(0, -20));
    const { code, stdout, stderr } = await run('--json');
    expect(code).toBe(0);
    expect(stderr).toMatch(/dropped a torn last line/);
    expect(JSON.parse(stdout)).toMatchObject({ alreadyFinished: 3, finished: 4 });
    const again = cellLines().map(({ seconds: _, crc: __, ...cell }) => cell);
    expect(again).toEqual(before.map(({ seconds: _, crc: __, ...cell }) => cell));
  });

  test('a damaged line is refused, nothing is overwritten', async () => {
    const text = read('cells.jsonl');
    writeFileSync(join(folder, 'cells.jsonl'), `garbage\n${text}`);
    const { code, stderr } = await run();
    expect(code).toBe(2);
    expect(stderr).toMatch(/cells\.jsonl:1: not a line that lengthwise wrote/);
    writeFileSync(join(folder, 'cells.jsonl'), text);
  });

  test('a smaller grid is a run of its own', async () => {
    const { code, stdout } = await run('--json', '--set', 'seed=[0]', '--set', 'train.length=4');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ cells: 1, finished: 1 });
  });

  test('diverged replicas are kept, counted and left out of the means', async () => {
    const sets = ['learningRate=[0.01, 1.0e+30]', 'clip=null', 'length=4'];
    const assignments = sets.flatMap(set => ['--set', `train.${set}`]);
    const { code, stdout } = await run(...assignments, '--set', 'seed=0', '--out', 'wild');
    expect(code).toBe(0);
    expect(stdout).toMatch(/1 of 2 cells diverged: kept in cells\.jsonl, left out of the means/);
    expect(stdout).toMatch(/all 1 diverged/);
  });

  test('Ctrl-C says where things lie, and leaves no browser', async () => {
    const { code, stderr } = await cli(
      ['run', 'tiny.yaml', '--adapter', 'software', '--out', 'late', '--set', 'train.steps=1000000'],
      {
        cwd,
        onStart: child => whenSaid(child, /sequences\/s/, () => child.kill('SIGINT')),
      },
    );
    expect(code).toBe(130);
    expect(stderr).toMatch(/SIGINT: stopping/);
    // A machine that is busy may not manage it in the time that the prompt leaves; it says so. dawn.test.ts goes on from what was saved.
    expect(stderr).toMatch(
      /4 cells under way (are saved, at|have nothing new to save since|go on from) step \d+ of 1000000/,
    );
    expect(stderr).toMatch(/0 of 4 cells are finished; the same command goes on from here/);
    const [late] = readdirSync(join(cwd, 'late', 'tiny'));
    expect(existsSync(join(cwd, 'late', 'tiny', late!, 'manifest.json'))).toBe(true);
  });
});

describe('lengthwise forward', () => {
  test('kernel linear and reference agree on a trained model', async () => {
    const model = join(folder, 'models', readdirSync(join(folder, 'models'))[0]!);
    writeFileSync(
      join(cwd, 't.json'),
      JSON.stringify({ sequences: [[0], [1, 1, 0, 1], Array(300).fill(1)] }),
    );
    const ask = async (...more: string[]) => {
      const { code, stdout, stderr } = await cli(['forward', model, 't.json', '--json', ...more], { cwd });
      if (code !== 0) throw new Error(stderr);
      return JSON.parse(stdout);
    };
    const linear = await ask('--adapter', 'software');
    const reference = await ask('--kernel', 'reference');
    expect(linear).toMatchObject({ kernel: 'linear', runtime: 'chrome' });
    expect(linear.adapter).toMatch(/software/);
    for (const [i, row] of linear.outputs.entries()) expect(row[0]).toBeCloseTo(reference.outputs[i][0], 4);
    const all = await ask('--kernel', 'reference', '--all-positions');
    expect(all.outputs.map((rows: number[][]) => rows.length)).toEqual([1, 4, 300]);
    expect(all.outputs.map((rows: number[][]) => rows.at(-1))).toEqual(reference.outputs);
  });
});

describe('lengthwise plan and doctor', () => {
  test('plan counts, and writes nothing', async () => {
    const before = readdirSync(cwd).sort();
    const { code, stdout } = await cli(['plan', 'tiny.yaml', '--json', '--set', 'model.width=[8, 16]'], {
      cwd,
    });
    expect(code).toBe(0);
    const { cells, packs, resolved } = JSON.parse(stdout);
    expect(cells).toHaveLength(8);
    // Those of width 8 are finished, as cells of a grid that had no such axis.
    expect(cells.filter(({ finished }: { finished: boolean }) => finished)).toHaveLength(4);
    expect(packs.map((pack: { replicas: number }) => pack.replicas)).toEqual([4]);
    expect(resolved).toMatchObject({ model: { width: 8, mlpWidth: 16 }, train: { schedule: 'cosine' } });
    expect(readdirSync(cwd).sort()).toEqual(before);
  });

  test('doctor measures every adapter of both runtimes', async () => {
    const { code, stdout } = await cli(['doctor', '--json'], { env: softwareDriver().environment });
    expect(code).toBe(0);
    const { browser, findings, auto } = JSON.parse(stdout);
    expect(existsSync(browser.path)).toBe(true);
    expect(findings.map((finding: { runtime: string }) => finding.runtime)).toEqual([
      'chrome',
      'chrome',
      'dawn',
    ]);
    const [, software, dawn] = findings;
    expect(software.version).toMatch(/^Chrome\//);
    expect(dawn.version).toMatch(/^Dawn \(webgpu /);
    for (const { adapter, memoryBytes, trial, roofline } of [software, dawn]) {
      expect(memoryBytes).toBeGreaterThan(0);
      expect(adapter.limits.maxBufferSize).toBeGreaterThan(0);
      expect(trial).toMatchObject({ right: true });
      expect(rooflineSchema.parse(roofline).gflops).toBeGreaterThan(0);
    }
    const fastest = findings.reduce(
      (most: number, { trial }: { trial?: { tokensPerSecond: number } }) =>
        Math.max(most, trial?.tokensPerSecond ?? 0),
      0,
    );
    const chosen = findings.find(
      (finding: { runtime: string; preference: string }) =>
        finding.runtime === auto.runtime && finding.preference === auto.preference,
    );
    expect(chosen.trial.tokensPerSecond).toBe(fastest);
  });
});
