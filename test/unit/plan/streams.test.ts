import { expect, test } from 'vitest';
import { parseExperiment } from '../../../src/config/experiment.ts';
import { cellsOf } from '../../../src/plan/cells.ts';
import { packsOf } from '../../../src/plan/packs.ts';

const TEXT = `name: x
task: { kind: simple, omega: [1, 2] }
train: { length: [4, 8], learningRate: [0.001, 0.002] }
test: { length: [16, 32] }
seed: [0, 1, 2]`;

const cells = (...sets: string[]) => cellsOf(parseExperiment(TEXT, 'x.yaml', sets));
/** The seed of every cell's streams, by its axes. */
const seedsOf = (...sets: string[]) =>
  new Map(
    packsOf(cells(...sets)).flatMap(({ pack, cells: own }) =>
      own.map(({ axes }, r): [string, number] => [JSON.stringify(axes), pack.replicas[r]!.seed]),
    ),
  );

test('no two cells share their random streams unless they are asked to', () => {
  expect(new Set(seedsOf().values()).size).toBe(24);
  expect([...new Set(seedsOf('streams=paired').values())]).toEqual([0, 1, 2]);
});

test('a cell’s streams are its own, whatever grid it is in and whatever it is tested on', () => {
  const [wide, narrow] = [seedsOf(), seedsOf('seed=[2, 1]', 'test.length=[64]', 'test.sequences=8')];
  expect(narrow.size).toBe(16);
  for (const [axes, seed] of narrow) expect(seed).toBe(wide.get(axes));
});

test('they change with everything that decides training', () => {
  const first = (...sets: string[]) => [...seedsOf(...sets).values()][0]!;
  const changes = ['data.alpha=2', 'model.width=16', 'train.steps=10', 'train.lengthMode=fixed', 'seed=[3]'];
  expect(new Set([first(), ...changes.map(change => first(change))]).size).toBe(changes.length + 1);
});

test('paired cells are named as they were before there was a choice', () => {
  const [cell] = cells('streams=paired');
  expect(Object.keys(cell!.config)).not.toContain('streams');
  expect(cell!.configHash).not.toBe(cells()[0]!.configHash);
});
