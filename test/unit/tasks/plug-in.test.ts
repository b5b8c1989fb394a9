import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadExperiment } from '../../../src/config/experiment.ts';
import { cellsOf } from '../../../src/plan/cells.ts';
import { packsOf } from '../../../src/plan/packs.ts';
import { checkOwnTask } from '../../../src/queue/own-task.ts';
import { manifestSchema } from '../../../src/results/schema.ts';
import { onDevice, type ThreadTask } from '../../../src/shared/task.ts';
import { checkRepeats } from '../../../src/tasks/plug-in/check.ts';
import { checkedPlugIn } from '../../../src/tasks/plug-in/checked.ts';
import { loadPlugIn } from '../../../src/tasks/plug-in/load.ts';
import { plugInOf } from '../../../src/tasks/plug-in/loaded.ts';
import { tryPlugIn } from '../../../src/tasks/plug-in/trial.ts';
import { complexityOf, taskWritten } from '../../../src/tasks/written.ts';
import { emptyFolder } from '../../support/cli.ts';
import { PARITY, plugInExperiment, plugInPack, TWICE, withoutWgsl } from '../../support/plug-ins.ts';

/** The share of ones, as TypeScript that imports zod and a file beside it. */
const TASK = `import { z } from 'zod';
import { share } from './share.ts';
interface Knobs { scale: number }
export default {
  summary: 'scaled share of ones',
  knobs: z.strictObject({ scale: z.number().positive() }),
  complexity: ['scale'],
  shape: () => ({ vocabulary: 2, outputs: 1, period: 1, locality: 0, layers: 1, order: 0 }),
  targets: (tokens: ArrayLike<number>, { scale }: Knobs, reads: readonly number[]) =>
    reads.map(length => [scale * share(tokens, length)]),
  wgslKnobs: ({ scale }: Knobs) => [scale, 0, 0, 0],
  wgsl: \`
fn task_targets(sequence: u32, length: u32, knobs: vec4<f32>) {
  var ones = 0u;
  for (var t = 1u; t <= length; t++) {
    ones += token_at(sequence, t);
    if (wanted(t)) { set_target(0u, knobs.x * f32(ones) / f32(t)); }
  }
}\`,
  examples: [{ knobs: { scale: 2 }, tokens: [1, 0, 0, 1], target: [1] }],
};
`;
const SHARE = `export const share = (tokens: ArrayLike<number>, length: number) => {
  let ones = 0;
  for (let i = 0; i < length; i++) ones += tokens[i]!;
  return ones / length;
};
`;
const EXPERIMENT = `name: x
task: { kind: ./my-task.ts, scale: [1, 2] }
train: { length: 8, steps: 10 }
test: { length: 16 }
`;

function written(task = TASK, share = SHARE, experiment = EXPERIMENT): string {
  const folder = emptyFolder();
  writeFileSync(join(folder, 'my-task.ts'), task);
  writeFileSync(join(folder, 'share.ts'), share);
  writeFileSync(join(folder, 'x.yaml'), experiment);
  return folder;
}
const load = (folder: string, ...sets: string[]) => loadExperiment(join(folder, 'x.yaml'), sets);

const OF_TWICE = EXPERIMENT.replace('scale: [1, 2]', 'm: 2');

/** What a plug-in's text exports. */
async function exportsOf(text: string): Promise<object> {
  const { plugIn } = onDevice((await plugInPack(text, EXPERIMENT)).task);
  return (await import(plugInOf('./my-task.ts', plugIn!).code.url)).default;
}

describe('a task that is a plug-in', () => {
  test('has cells and packs as any task, and its source in their hash', async () => {
    const cells = cellsOf(await load(written()));
    expect(cells.map(({ axes }) => axes['task.scale'])).toEqual([1, 2]);
    const [{ pack }] = packsOf(cells) as [ReturnType<typeof packsOf>[number]];
    expect(pack.replicas.map(({ deviceKnobs }) => deviceKnobs)).toEqual([
      [1, 0, 0, 0],
      [2, 0, 0, 0],
    ]);
    expect(pack.task).toMatchObject({
      name: './my-task.ts',
      plugIn: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    const hashes = async (folder: string) => cellsOf(await load(folder)).map(({ hash }) => hash);
    const here = cells.map(({ hash }) => hash);
    expect(await hashes(written())).toEqual(here);
    expect(await hashes(written(TASK.replace('import {', '// said\nimport {')))).toEqual(here);
    expect(await hashes(written(TASK, SHARE.replace('ones / length', 'ones / (length + 0)')))).not.toEqual(
      here,
    );
  });

  test('is refused by a worker that has another source, or none', async () => {
    const [{ pack }] = packsOf(cellsOf(await load(written()))) as [ReturnType<typeof packsOf>[number]];
    expect(() => checkOwnTask(pack)).not.toThrow();
    const elsewhere = { ...pack, task: { ...pack.task, plugIn: 'f'.repeat(32) } };
    expect(() => checkOwnTask(elsewhere)).toThrow(
      /\.\/my-task\.ts is a plug-in whose source f{32} is not here/,
    );
    const changed = { ...pack, task: { ...pack.task, wgsl: 'fn other() {}' } };
    expect(() => checkOwnTask(changed)).toThrow(/is not the one that this worker has/);
  });

  test('brings a law, classes and positions of its own', async () => {
    const [cell] = cellsOf(await loadExperiment(plugInExperiment(TWICE, OF_TWICE)));
    expect(cell!.config).toMatchObject({
      data: { law: 'task' },
      train: { positions: 'every', loss: 'cross-entropy' },
      model: { vocabulary: 3, outputs: 4 },
    });
    const [{ pack }] = packsOf([cell!]) as [ReturnType<typeof packsOf>[number]];
    const tokens = { each: 2, more: 1 };
    expect(pack.task).toMatchObject({
      source: 'device',
      classes: true,
      law: { name: 'task', shortest: 2, tokens },
    });
    expect(() => checkOwnTask(pack)).not.toThrow();
    const file = plugInExperiment(TWICE, OF_TWICE);
    const cells = async (...sets: string[]) => cellsOf(await loadExperiment(file, sets));
    await expect(cells('train.length=1')).rejects.toThrow(
      /train\.length: 1 is shorter than a sequence can be \(2\)/,
    );
    await expect(cells('test.length=501')).rejects.toThrow(
      /test\.length: 501 is longer than a sequence can be \(500\)/,
    );
    await expect(cells('data.law=uniform-iid')).rejects.toThrow(/draws sequences by a law of its own/);
    await expect(cells('train.positions=last')).rejects.toThrow(/answers at several positions/);
  });

  test.each([
    ['without WGSL', withoutWgsl(TWICE)],
    ['whose law has no WGSL', TWICE.replace(/wgsl: `\nfn draw_tokens[^`]*`,/, '')],
  ])('%s is drawn in threads, by a worker that has it alone', async (_, text) => {
    const pack = await plugInPack(text, OF_TWICE);
    expect(pack.task).toEqual({
      ...{
        source: 'threads',
        name: './my-task.ts',
        plugIn: expect.stringMatching(/^[0-9a-f]{32}$/),
        classes: true,
      },
      law: { name: 'task', order: 0, shortest: 2, tokens: { each: 2, more: 1 } },
    });
    expect(() => checkOwnTask(pack)).not.toThrow();
    const elsewhere = { ...pack, task: { ...pack.task, plugIn: 'f'.repeat(32) } };
    expect(() => checkOwnTask(elsewhere)).toThrow(/a plug-in whose source f{32} is not here/);
    const task = pack.task as ThreadTask;
    const longer = { ...pack, task: { ...task, law: { ...task.law, shortest: 1 } } };
    expect(() => checkOwnTask(longer)).toThrow(/is not the one that this worker has/);
    expect(checkRepeats(taskWritten({ kind: './my-task.ts', source: task.plugIn }))).toBeUndefined();
  });

  test('that draws otherwise the second time is found', async () => {
    const text = withoutWgsl(TWICE).replace('stream.below(2)', 'Number(Math.random() < 0.5)');
    const { plugIn } = (await plugInPack(text, OF_TWICE)).task as ThreadTask;
    const task = taskWritten({ kind: './my-task.ts', source: plugIn });
    expect(checkRepeats(task)).toMatch(
      /^sequence \d+ of task with \{"m":2\} is [012 ]+ → .*, and when it is drawn again [012 ]+ → /,
    );
  });

  test('that hangs when it is asked later is broken off, whoever asks', async () => {
    const never = () => {
      for (;;);
    };
    const own = await exportsOf(PARITY);
    const hangs = (what: object) => checkedPlugIn({ ...own, ...what }, 'my-task.ts', './my-task.ts', 100);
    const targets = (tokens: ArrayLike<number>) => (tokens.length > 4 ? never() : [[1]]);
    expect(() => hangs({ targets }).targets([0, 1, 0, 1, 1], { scale: 1 }, [5])).toThrow(
      'my-task.ts: targets at {"scale":1} has not come to an end in 0.1 s',
    );
    expect(() => checkRepeats(hangs({ targets }))).toThrow(/targets at .* has not come to an end/);
    expect(() => hangs({ limitVariance: never }).limitVariance!({ scale: 1 }, 'uniform-iid', 1)).toThrow(
      /limitVariance at .* has not come to an end/,
    );
    expect(() => hangs({ shape: never })).toThrow(/shape at .* has not come to an end/);
  });

  test('that is away leaves its results readable, and says what it is needed for', () => {
    const task = { kind: './gone.ts', scale: [1, 2], source: 'a'.repeat(32) };
    expect(complexityOf(task)).toEqual(['scale']);
    expect(manifestSchema.shape.experiment.safeParse({ task, epsilon: [0.1] }).success).toBe(true);
    expect(() => taskWritten(task)).toThrow(/\.\/gone\.ts is a plug-in whose source a{32} is not here/);
  });

  test('may be a package by its name', async () => {
    const folder = written(TASK, SHARE, EXPERIMENT.replace('./my-task.ts', 'my-tasks'));
    const home = join(folder, 'node_modules', 'my-tasks');
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, 'package.json'), '{ "name": "my-tasks", "type": "module", "main": "index.js" }');
    writeFileSync(
      join(home, 'index.js'),
      TASK.replace(/interface.*\n/, '')
        .replaceAll(/: (Knobs|ArrayLike<number>|readonly number\[\])/g, '')
        .replace('./share.ts', '../../share.ts'),
    );
    expect(cellsOf(await load(folder))).toHaveLength(2);
  });

  test('keeps to its knobs', async () => {
    await expect(load(written(), 'task.scale=[1, -2]')).rejects.toThrow(/task\.scale: -2: /);
    await expect(load(written(), 'task.scal=2')).rejects.toThrow(
      /task\.scal: unknown key, did you mean task\.scale\?/,
    );
  });

  test.each<[string, string, RegExp]>([
    ['is not there', '', /my-task\.ts: its default export is no task/],
    ['does not parse', 'export default {', /my-task\.ts:1: /],
    [
      'imports what is not there',
      "import './nothing.ts';",
      /my-task\.ts:1: Could not resolve "\.\/nothing\.ts"/,
    ],
    ['throws when it is loaded', "throw new Error('no luck');", /my-task\.ts: Error: no luck/],
    ['ends the process', 'process.exit(0);', /my-task\.ts: ended its thread/],
    ['has no targets', TASK.replace('targets:', 'target:'), /my-task\.ts: .*targets: expected a function/],
    ['has no example', TASK.replace(/examples: \[.*\]/, 'examples: []'), /examples: at least one example/],
    [
      'throws at an example',
      TASK.replace('[scale *', '[missing *'),
      /my-task\.ts: ReferenceError: missing is not defined/,
    ],
    [
      'gives two outputs for one',
      TASK.replace('[scale *', '[1, scale *'),
      /targets at \{"scale":2\} is wrong/,
    ],
    [
      'has a wrong example',
      TASK.replace('target: [1]', 'target: [3]'),
      /example 1 0 0 1 .*said to be \[3\], targets gives \[1\]/,
    ],
    [
      'has a law that draws nothing',
      TASK.replace('targets:', 'law: {}, targets:'),
      /its default export is no task: law\.draw: expected a function/,
    ],
    [
      'has no tokens',
      TASK.replace('vocabulary: 2', 'vocabulary: 0'),
      /shape at \{"scale":2\} is wrong: vocabulary/,
    ],
  ])('that %s is one clear error', async (_, task, message) => {
    await expect(load(written(task))).rejects.toThrow(message);
  });

  test('that hangs is given up', async () => {
    await expect(tryPlugIn('my-task.ts', 'data:text/javascript,for(;;);', 500)).rejects.toThrow(
      'my-task.ts: has not come to an end in 0.5 s',
    );
  });

  test('that throws later, or answers with something else, says so', async () => {
    const folder = written(
      TASK.replace('reads.map(length => [', 'reads.map(length => length > 4 ? null : ['),
    );
    const { source } = await loadPlugIn(join(folder, 'my-task.ts'), './my-task.ts');
    const task = taskWritten({ kind: './my-task.ts', source });
    expect(() => task.targets([0, 1, 1, 0, 1], { scale: 1 }, [5])).toThrow(
      /my-task\.ts: targets at .* is wrong: 0/,
    );
  });
});
