import { describe, expect, test } from 'vitest';
import { parseExperiment } from '../../../src/config/experiment.ts';
import { cellsOf } from '../../../src/plan/cells.ts';
import { packsOf } from '../../../src/plan/packs.ts';
import { planExperiment, runHash } from '../../../src/plan/plan.ts';

const TEXT = `name: grid
task: { kind: simple, omega: [2, 8] }
train: { length: [4, 16], steps: 10 }
test: { length: [16, 32] }
seed: [0, 1]
epsilon: [0.1]
`;
const parse = (text = TEXT, sets: string[] = []) => parseExperiment(text, 'grid.yaml', sets);

describe('cells', () => {
  test('one a point of the grid, the last axis fastest; train.length and seed always named', () => {
    const cells = cellsOf(parse());
    expect(cells).toHaveLength(8);
    expect(cells[0]!.axes).toEqual({ 'task.omega': 2, 'train.length': 4, seed: 0 });
    expect(cells[1]!.axes).toEqual({ 'task.omega': 2, 'train.length': 4, seed: 1 });
    expect(cells[7]!.axes).toEqual({ 'task.omega': 8, 'train.length': 16, seed: 1 });
    const single = cellsOf(parse(TEXT.replace('[2, 8]', '2').replace('[4, 16]', '4').replace('[0, 1]', '0')));
    expect(single.map(cell => cell.axes)).toEqual([{ 'train.length': 4, seed: 0 }]);
  });

  test('a cell keeps its name in another grid, whatever else changes around it', () => {
    const [first] = cellsOf(parse());
    const renamed = cellsOf(
      parse(
        TEXT.replace('grid', 'other').replace('epsilon: [0.1]', 'epsilon: 0.5').replace('[4, 16]', '[4]'),
      ),
    );
    expect(renamed[0]!.hash).toBe(first!.hash);
    expect(new Set(cellsOf(parse()).map(cell => cell.hash)).size).toBe(8);
  });

  test.each([
    'train.steps=11',
    'train.batch=8',
    'model.width=16',
    'test.length=[16]',
    'data.alpha=2',
    'train.clip=null',
  ])('%s makes other cells', set => {
    expect(cellsOf(parse(TEXT, [set]))[0]!.hash).not.toBe(cellsOf(parse())[0]!.hash);
  });

  test('defaults come from the task', () => {
    const kGram = TEXT.replace(
      '{ kind: simple, omega: [2, 8] }',
      '{ kind: k-gram, vocabulary: 3, k: [1, 2] }',
    );
    const [cell] = cellsOf(parse(kGram));
    expect(cell!.config.model).toMatchObject({
      layers: 2,
      locality: 1,
      vocabulary: 3,
      outputs: 3,
      phiInit: [0, 1],
      mlpWidth: 128,
    });
    expect(cell!.config.data.law).toBe('dirichlet-markov');
    const modP = TEXT.replace('{ kind: simple, omega: [2, 8] }', '{ kind: mod-p, p: 5, k: 1 }');
    expect(cellsOf(parse(modP))[0]!.config.model).toMatchObject({ layers: 1, period: 5, phiInit: [0, 0] });
  });
});

describe('packs', () => {
  test('cells of equal shape train together, whatever their length, knobs, seed and rate', () => {
    const packs = packsOf(cellsOf(parse(TEXT, ['train.learningRate=[0.001, 0.01]'])));
    expect(packs).toHaveLength(1);
    expect(packs[0]!.pack.replicas).toHaveLength(16);
    expect(packs[0]!.pack.replicas[0]).toMatchObject({
      trainLength: 4,
      knobs: { omega: 2 },
      learningRate: 0.001,
    });
    expect(packs[0]!.cells.map(cell => cell.hash)).toEqual(
      packs[0]!.pack.replicas.map(replica => replica.cell),
    );
  });

  test('another width is another pack', () => {
    const packs = packsOf(cellsOf(parse(TEXT, ['model.width=[16, 32]'])));
    expect(packs.map(({ pack }) => pack.model.width)).toEqual([16, 32]);
    expect(packs.map(({ pack }) => pack.replicas.length)).toEqual([8, 8]);
  });

  test('split at 64 replicas into equal parts', () => {
    const seeds = JSON.stringify(Array.from({ length: 33 }, (_, i) => i));
    const packs = packsOf(cellsOf(parse(TEXT.replace('[2, 8]', '2'), [`seed=${seeds}`])));
    expect(packs.map(({ pack }) => pack.replicas.length)).toEqual([33, 33]);
  });

  test('split when memory asks', () => {
    const cells = cellsOf(parse());
    const [whole] = packsOf(cells);
    const parts = packsOf(cells, { budgetBytes: whole!.bytes / 2 });
    expect(parts.length).toBeGreaterThanOrEqual(2);
    expect(parts.flatMap(part => part.cells.map(cell => cell.hash))).toEqual(cells.map(cell => cell.hash));
    for (const { bytes } of parts) expect(bytes).toBeLessThanOrEqual(whole!.bytes / 2);
  });

  test('finished cells are left out, and the run keeps its name', () => {
    const plan = planExperiment(parse());
    const [first] = plan.cells;
    const rest = planExperiment(parse(), hash => hash === first!.hash);
    expect(rest.finished).toEqual([first!.hash]);
    expect(rest.packs.flatMap(({ cells }) => cells)).toHaveLength(7);
    expect(runHash(rest.cells)).toBe(runHash(plan.cells));
  });
});
