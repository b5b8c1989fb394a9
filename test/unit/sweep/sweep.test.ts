import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseExperiment } from '../../../src/config/experiment.ts';
import { ENGINE_HASH } from '../../../src/plan/engine-hash.ts';
import { readRuns } from '../../../src/results/runs.ts';
import { readCells } from '../../../src/results/store.ts';
import { InputError } from '../../../src/shared/errors.ts';
import { addTheory } from '../../../src/sweep/add-theory.ts';
import { theoryOfCell } from '../../../src/sweep/cell-theory.ts';
import { runSweep, type SweepEvents, type SweepOptions } from '../../../src/sweep/sweep.ts';
import type { TheoryThreads } from '../../../src/sweep/theory-threads.ts';
import { emptyFolder } from '../../support/cli.ts';
import { fakeSession } from '../../support/fake-session.ts';

const TEXT = `name: tiny
task: { kind: simple, omega: 2 }
model: { width: 4, mlpWidth: 4 }
train: { length: [4, 8], steps: 10, batch: 2 }
test: { length: [8, 32], sequences: 2 }
seed: [0, 1]
streams: paired
`;
const EXPERIMENT = parseExperiment(TEXT, 'tiny.yaml');

const options = (out: string, more: Partial<SweepOptions> = {}): SweepOptions => ({
  out,
  fresh: false,
  workers: 1,
  adapter: 'auto',
  maker: { command: 'test', version: '0' },
  theory: inProcess(),
  open: async () => fakeSession(),
  ...more,
});
const QUIET: SweepEvents = { say() {}, planned() {}, begun() {}, progress() {}, theory() {} };

/** Theory without threads. */
const inProcess = (compute: TheoryThreads['compute'] = theoryOfCell): TheoryThreads => ({
  atOnce: 1,
  compute,
  close: async () => {},
});
const names = (folder: string) => readdirSync(folder).sort();

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

  test('that starts over deletes nothing before there is an engine', async () => {
    const out = emptyFolder();
    const { folder } = await runSweep(EXPERIMENT, options(out), QUIET);
    const before = readFileSync(join(folder, 'cells.jsonl'));
    const open = () => Promise.reject(new Error('no engine starts'));
    await expect(runSweep(EXPERIMENT, options(out, { fresh: true, open }), QUIET)).rejects.toThrow(
      /no engine/,
    );
    expect(readFileSync(join(folder, 'cells.jsonl'))).toEqual(before);
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

  test('of a wider grid trains what is new, and takes the rest over: line, model and curve, to the bit', async () => {
    const out = emptyFolder();
    const narrow = await runSweep(EXPERIMENT, options(out), QUIET);
    const several = (set: string) => parseExperiment(TEXT, 'tiny.yaml', [set]);
    let trained = 0;
    const counting = options(out, { open: async () => fakeSession({ onTrain: () => void trained++ }) });
    const { folder, lines, plan } = await runSweep(several('seed=[0,1,2]'), counting, QUIET);
    expect(trained).toBe(1);
    expect(plan.packs.map(({ cells }) => cells.map(({ axes }) => axes.seed))).toEqual([[2, 2]]);
    expect(lines).toHaveLength(6);
    for (const before of narrow.lines) {
      const after = lines.find(({ cell }) => cell === before.cell);
      expect(after).toEqual({ ...before, from: basename(narrow.folder) });
      const model = (at: string) => readFileSync(join(at, 'models', `${before.cell}.safetensors`));
      expect(model(folder)).toEqual(model(narrow.folder));
    }
    const curves = (at: string) => readFileSync(join(at, 'curves.jsonl'), 'utf8').trimEnd().split('\n');
    expect(curves(folder)).toEqual(expect.arrayContaining(curves(narrow.folder)));
    expect(curves(folder)).toHaveLength(6);
    // A narrower grid has nothing to train, and a manifest all the same.
    const open = () => Promise.reject(new Error('an engine was started'));
    const part = await runSweep(several('seed=[2]'), options(out, { open }), QUIET);
    expect(part.lines.map(({ axes, from }) => [axes.seed, from])).toEqual(
      [2, 2].map(seed => [seed, basename(folder)]),
    );
    expect(existsSync(join(part.folder, 'manifest.json'))).toBe(true);
    // In a grid of other axes the same cell has these, too.
    const other = await runSweep(several('task.omega=[2,3]'), options(out), QUIET);
    expect(other.plan.finished).toHaveLength(4);
    for (const { axes } of other.lines)
      expect(Object.keys(axes)).toEqual(['task.omega', 'train.length', 'seed']);
    const { runs } = await readRuns(out);
    expect(runs.map(({ cells }) => cells.length).sort()).toEqual([2, 8]);
  });

  test('takes nothing over from an adapter of another kind', async () => {
    const out = emptyFolder();
    await runSweep(EXPERIMENT, options(out), QUIET);
    const wider = parseExperiment(TEXT, 'tiny.yaml', ['seed=[0,1,2]']);
    const { plan } = await runSweep(wider, options(out, { adapter: 'hardware' }), QUIET);
    expect(plan.finished).toEqual([]);
  });

  test('that another engine began is refused with what to do, and starts over only when told', async () => {
    const out = emptyFolder();
    const { folder } = await runSweep(EXPERIMENT, options(out), QUIET);
    const path = join(folder, 'manifest.json');
    for (const change of [{ engine: '0123456789ab' }, { engine: undefined }]) {
      const manifest = JSON.parse(readFileSync(path, 'utf8'));
      writeFileSync(path, JSON.stringify({ ...manifest, ...change }));
      const before = readFileSync(join(folder, 'cells.jsonl'), 'utf8');
      const error = await runSweep(EXPERIMENT, options(out), QUIET).catch(thrown => thrown);
      expect(error).toBeInstanceOf(InputError);
      expect(error.message).toContain(`${folder}: this grid was begun with`);
      expect(error.message).toContain(change.engine ?? 'an engine that was not named');
      expect(error.message).toContain(ENGINE_HASH);
      expect(error.fix).toMatch(/--fresh .*--out/);
      expect(readFileSync(join(folder, 'cells.jsonl'), 'utf8')).toBe(before);
    }
    const fresh = await runSweep(EXPERIMENT, options(out, { fresh: true }), QUIET);
    expect(fresh.plan.finished).toEqual([]);
    expect(JSON.parse(readFileSync(path, 'utf8')).engine).toBe(ENGINE_HASH);
  });

  test('in shards is every cell once, and each shard has a folder', async () => {
    const out = emptyFolder();
    const shards = [1, 2, 3].map(index => ({ index, count: 3 }));
    for (const shard of shards) await runSweep(EXPERIMENT, options(out, { shard }), QUIET);
    expect(readdirSync(join(out, 'tiny')).map(name => name.slice(8))).toEqual(['-1of3', '-2of3', '-3of3']);
    const { runs } = await readRuns(out);
    // The largest share stands for all.
    expect(runs.map(({ cells, manifest }) => [cells.length, manifest.cells, manifest.shard])).toEqual([
      [4, 4, expect.stringMatching(/^[123]\/3$/)],
    ]);
    // The whole grid afterwards has nothing left to train.
    const open = () => Promise.reject(new Error('an engine was started'));
    expect((await runSweep(EXPERIMENT, options(out, { open }), QUIET)).lines).toHaveLength(4);
  });
});

describe('theory of trained cells', () => {
  const noEngine = () => Promise.reject(new Error('an engine was started'));

  test('comes after weights and losses are safe, and takes the waiting away', async () => {
    const out = emptyFolder();
    const waited: number[] = [];
    const theory = inProcess(async task => {
      const folder = dirname(dirname(task.modelFile));
      waited.push((await readCells(folder)).cells.length);
      return theoryOfCell(task);
    });
    const told: number[][] = [];
    const events = { ...QUIET, theory: (...counts: number[]) => told.push(counts) };
    const { folder } = await runSweep(EXPERIMENT, options(out, { theory }), events);
    expect(waited).toHaveLength(4);
    expect(told.at(-1)).toEqual([4, 4]);
    expect(names(folder)).not.toContain('trained.jsonl');
    const { cells } = await readCells(folder);
    expect(cells.every(({ theory, attention }) => theory && attention)).toBe(true);
  });

  test('that fails costs nothing but itself, and is not tried again', async () => {
    const out = emptyFolder();
    const said: string[] = [];
    let asked = 0;
    const theory = inProcess(async task => {
      if (asked++ === 1) throw new Error('no such margin');
      return theoryOfCell(task);
    });
    const events = { ...QUIET, say: (line: string) => said.push(line) };
    const { folder, lines } = await runSweep(EXPERIMENT, options(out, { theory }), events);
    expect(lines.map(line => line.theoryError)).toEqual([undefined, 'no such margin', undefined, undefined]);
    expect(lines[1]).toMatchObject({ trainLoss: 1 / 6, test: expect.objectContaining({ length: 2 }) });
    expect(said).toContainEqual(
      expect.stringMatching(/theory of cell \w+ failed, its weights and losses are kept: no such margin/),
    );
    const again = await runSweep(EXPERIMENT, options(out, { open: noEngine }), QUIET);
    expect(again.lines).toEqual(lines);
    expect(names(folder)).toContain('trained.jsonl');
  });

  test('that was left for later is made up for by the next run', async () => {
    const out = emptyFolder();
    const first = await runSweep(EXPERIMENT, options(out, { theory: undefined }), QUIET);
    expect(first.lines.map(line => line.theory)).toEqual(Array(4).fill(undefined));
    const second = await runSweep(EXPERIMENT, options(out, { open: noEngine }), QUIET);
    expect(second.lines.map(({ theory: _, attention: __, population: ___, ...rest }) => rest)).toEqual(
      first.lines,
    );
    expect(second.lines.every(line => line.theory && line.population?.infinity)).toBe(true);
    expect(names(second.folder)).not.toContain('trained.jsonl');
  });

  test('is added to results that have none, failed ones too', async () => {
    const out = emptyFolder();
    const failing = inProcess(async () => {
      throw new Error('no such margin');
    });
    const { folder } = await runSweep(EXPERIMENT, options(out, { theory: failing }), QUIET);
    const told: number[][] = [];
    const events = { say() {}, theory: (...counts: number[]) => told.push(counts) };
    expect(await addTheory(out, inProcess(), events)).toEqual([{ folder, added: 4, missing: 0 }]);
    expect(told.at(-1)).toEqual([4, 4]);
    const { cells } = await readCells(folder);
    expect(cells).toHaveLength(4);
    expect(cells.every(({ theory, theoryError }) => theory && theoryError === undefined)).toBe(true);
    expect(await addTheory(out, inProcess(), events)).toEqual([{ folder, added: 0, missing: 0 }]);
    await expect(addTheory(emptyFolder(), inProcess(), events)).rejects.toThrow(/no run in it/);
  });
});

test('a folder that is deleted while the run goes on is no defect', async () => {
  const out = emptyFolder();
  const open = async () => fakeSession({ onTrain: () => rmSync(join(out, 'tiny'), { recursive: true }) });
  const run = runSweep(EXPERIMENT, options(out, { open }), QUIET);
  await expect(run).rejects.toThrow(InputError);
  await expect(run).rejects.toThrow(/its folder was deleted while the run went on/);
});
