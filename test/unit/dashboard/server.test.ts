import { appendFileSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { loadExperiment } from '../../../src/config/experiment.ts';
import type { Change } from '../../../src/dashboard/data.ts';
import { commandOf } from '../../../src/dashboard/server/command.ts';
import { Library } from '../../../src/dashboard/server/library.ts';
import { LiveState } from '../../../src/dashboard/server/live-state.ts';
import { cellsOf } from '../../../src/plan/cells.ts';
import { FollowedLive, LiveFile } from '../../../src/results/live.ts';
import { Store } from '../../../src/results/store.ts';
import { cliHere, emptyFolder } from '../../support/cli.ts';
import { manifestOf } from '../../support/results.ts';
import { bareCell, curveOf, THEORY } from '../../support/stored.ts';
import { writeSynthetic } from '../../support/synthetic.ts';

test('the command of a cell trains exactly that cell', async () => {
  const folder = emptyFolder();
  const file = join(folder, 'my grid.yaml');
  writeFileSync(
    file,
    'name: grid\ntask: { kind: simple, omega: [1, 2] }\ntrain: { length: [4, 8], steps: 10 }\ntest: { length: 16 }\n',
  );
  const set = ['train.steps=20', 'seed=[0, 1]'];
  const cells = cellsOf(await loadExperiment(file, set));
  const command = `lengthwise run ${file} --set ${set[0]} --shard 1/2 --set ${set[1]} --out elsewhere`;
  for (const { axes, hash } of cells) {
    const text = commandOf({ command }, axes);
    expect(text).not.toMatch(/shard|--out/);
    const words = [...text.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
    const sets = words.flatMap((word, i) => (words[i - 1] === '--set' ? [word] : []));
    const own = cellsOf(await loadExperiment(words[2]!, sets));
    expect(own.map(cell => cell.hash)).toEqual([hash]);
  }
});

describe('a library', () => {
  test('follows what another writer adds, cell by cell, and tells it once', async () => {
    const root = emptyFolder();
    const folder = join(root, 'made-up', 'run');
    const store = await Store.open(folder, { fresh: false, onTorn: () => {} });
    await store.writeManifest({ ...manifestOf([]), cells: 2, finished: 0, end: null });
    const library = new Library([root]);
    await library.open();
    const heard: Change[] = [];
    const versions: number[] = [];
    library.listen((version, changes) => {
      versions.push(version);
      heard.push(...changes);
    });
    const { head } = library.snapshot().runs[0]!;
    expect(head).toMatchObject({ id: 'made-up/0123abcd', state: 'running', planned: 2 });
    await store.add(bareCell('a'), curveOf('a'));
    await vi.waitFor(() => expect(rowsIn(heard)).toEqual(['a finished']), { timeout: 60_000 });
    await store.addTheory('a', THEORY);
    await store.add(bareCell('b', { divergedAtStep: 3, trainLoss: null, ...THEORY }), curveOf('b'));
    await vi.waitFor(() => expect(rowsIn(heard).at(-1)).toBe('b diverged'), { timeout: 60_000 });
    await store.close();
    await vi.waitFor(() => expect(library.snapshot().runs[0]!.head.state).toBe('finished'), {
      timeout: 60_000,
    });
    expect(library.snapshot().runs[0]!.columns.cells).toEqual(['a', 'b']);
    const run = library.run('made-up/0123abcd')!;
    expect(await run.curvesOf(['b'])).toEqual({
      b: { steps: [1, 2, 3], losses: [1, 1 / 2, 1 / 3], tests: [{ length: 16, loss: 0.2, stderr: null }] },
    });
    expect((await run.detailOf('a'))!.line).toMatchObject({ cell: 'a', theory: null });
    expect(await run.detailOf('../../../etc/passwd')).toBeUndefined();
    // Whoever was away hears what changed meanwhile, and no more.
    expect(library.since(library.now).filter(({ kind }) => kind === 'rows')).toEqual([]);
    expect(rowsIn(library.since(versions[0]! - 1))).toEqual(['a finished', 'b diverged']);
    library.close();
  });

  test('shows what it can read of a run that is damaged, with what is wrong', async () => {
    const root = emptyFolder();
    const folder = writeSynthetic(root, { name: 'torn', task: { kind: 'simple', omega: 1 } });
    appendFileSync(join(folder, 'cells.jsonl'), 'garbage\n');
    const library = new Library([root]);
    await library.open();
    expect(library.snapshot().runs[0]!.head.problems[0]).toMatch(/cells\.jsonl:13: not a line/);
    library.close();
  });
});

function rowsIn(changes: readonly Change[]): string[] {
  const states = ['waiting', 'running', 'interrupted', 'finished', 'diverged', 'failed'];
  return changes.flatMap(change =>
    change.kind === 'rows'
      ? change.columns.cells.map((cell, i) => `${cell} ${states[change.columns.states[i]!]}`)
      : [],
  );
}

describe('live.jsonl', () => {
  const progress = {
    pack: 0,
    phase: 'train' as const,
    done: 20,
    total: 100,
    sequencesPerSecond: 5,
    secondsLeft: 8,
  };

  test('what a process says is heard by another, in lines that survive a torn one', async () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, 'live.jsonl'), '{"say":"progr');
    const live = new LiveFile(folder);
    live.say({ say: 'begin', packs: 1, workers: 1 });
    live.packed(0, ['a', 'b']);
    live.progressed({ ...progress, done: 10, curve: [{ step: 10, losses: [1, 2] }] });
    live.packed(0, ['a', 'b']);
    live.progressed({ ...progress, curve: [{ step: 20, losses: [0.5, null] }] });
    await live.close(false);
    const state = new LiveState();
    const { said } = await new FollowedLive(folder).look();
    expect(state.hear(said)).toEqual({
      a: { steps: [10, 20], losses: [1, 0.5], tests: [] },
      b: { steps: [10, 20], losses: [2, null], tests: [] },
    });
    // Two events between two writes are one line.
    expect(said.map(({ say }) => say)).toEqual(['begin', 'pack', 'progress']);
    // Of losses that are finite the median is told.
    expect(state.packsNow(() => false)).toMatchObject([{ cells: 2, done: 20, total: 100, loss: 0.5 }]);
    expect(state.secondsLeft).toBe(8);
  });

  test('a file that has grown too large begins anew: who follows it hears what still holds', async () => {
    const folder = emptyFolder();
    const most = 2000;
    const live = new LiveFile(folder, most);
    const followed = new FollowedLive(folder);
    const state = new LiveState();
    live.say({ say: 'begin', packs: 2, workers: 1 });
    live.packed(0, ['a', 'b']);
    live.packed(1, ['c', 'd']);
    live.left(1);
    let anews = 0;
    for (let done = 1; done <= 100; done++) {
      live.progressed({ ...progress, done, curve: [{ step: done, losses: [1 / done, 2] }] });
      await live.close(false);
      const { anew, said } = await followed.look();
      if (anew) {
        anews++;
        expect(said.slice(0, 2)).toMatchObject([
          { say: 'begin', packs: 2 },
          { say: 'pack', pack: 0 },
        ]);
        expect(said.filter(({ say }) => say === 'pack')).toHaveLength(1);
      }
      state.hear(said);
    }
    expect(anews).toBeGreaterThan(3);
    expect(statSync(join(folder, 'live.jsonl')).size).toBeLessThanOrEqual(most);
    expect(state.packsNow(() => false)).toMatchObject([{ cells: 2, done: 100 }]);
  });

  test('a step that is trained again replaces what followed it', () => {
    const at = '2026-01-01T00:00:00.000Z';
    const state = new LiveState();
    const line = (step: number, value: number) => ({
      say: 'progress' as const,
      at,
      ...progress,
      curve: [{ step, losses: [value] }],
    });
    state.hear([
      { say: 'pack', at, pack: 0, cells: ['a'] },
      line(10, 1),
      line(20, 2),
      line(30, 3),
      line(20, 4),
    ]);
    expect(state.curvesOf('a')).toEqual({ steps: [10, 20], losses: [1, 4], tests: [] });
  });

  test('test lengths come in one by one, the last told counts; training again forgets them', () => {
    const at = '2026-01-01T00:00:00.000Z';
    const state = new LiveState();
    const tested = (length: number, value: number | null) => ({
      ...{ say: 'tested' as const, at, pack: 0, length },
      ...{ losses: [value, 2], stderrs: [0.1, null] },
    });
    const news = state.hear([
      { say: 'pack', at, pack: 0, cells: ['a', 'b'] },
      tested(16, 1),
      tested(8, 3),
      tested(16, 1 / 3),
    ]);
    const b = [8, 16].map(length => ({ length, loss: 2, stderr: null }));
    const a = [
      { length: 8, loss: 3, stderr: 0.1 },
      { length: 16, loss: 0.333333, stderr: 0.1 },
    ];
    expect(news).toEqual(
      Object.fromEntries(
        Object.entries({ a, b }).map(([cell, tests]) => [cell, { steps: [], losses: [], tests }]),
      ),
    );
    expect(state.curvesOf('a')!.tests).toEqual(a);
    state.hear([{ say: 'progress', at, ...progress, curve: [{ step: 10, losses: [1, 1] }] }]);
    expect(state.curvesOf('a')).toEqual({ steps: [10], losses: [1], tests: [] });
  });

  test('a pack that nobody trains any more is no longer under way, and why cells are given up is told', () => {
    const at = '2026-01-01T00:00:00.000Z';
    const state = new LiveState();
    state.hear([
      { say: 'pack', at, pack: 0, cells: ['a'] },
      { say: 'progress', at, ...progress, worker: 'w', curve: [] },
    ]);
    expect(state.packsNow(() => false)).toMatchObject([{ worker: 'w', loss: null }]);
    state.hear([
      { say: 'left', at, pack: 0 },
      { say: 'lost', at, cells: ['a', 'b'], reason: 'no memory' },
    ]);
    expect([state.packsNow(() => false), state.underway]).toEqual([[], []]);
    expect(state.lost).toEqual([{ cells: 2, reason: 'no memory' }]);
    // Whoever begins again tries again.
    state.hear([{ say: 'begin', at, packs: 1, workers: 0 }]);
    expect(state.lost).toEqual([]);
  });
});

describe('the command line', () => {
  test('a folder that is not there, or holds no run to export, is one clear error', async () => {
    const root = emptyFolder();
    mkdirSync(join(root, 'empty'));
    const none = await cliHere(['dashboard', join(root, 'none')]);
    expect([none.code, none.stderr]).toEqual([2, expect.stringMatching(/none: no such folder/)]);
    const empty = await cliHere(['dashboard', join(root, 'empty'), '--export', join(root, 'out')]);
    expect([empty.code, empty.stderr]).toEqual([2, expect.stringMatching(/no run in it/)]);
  });
});
