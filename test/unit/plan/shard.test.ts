import { describe, expect, test } from 'vitest';
import { parseExperiment } from '../../../src/config/experiment.ts';
import { cellsOf } from '../../../src/plan/cells.ts';
import { estimateSeconds } from '../../../src/plan/estimate.ts';
import { packsOf } from '../../../src/plan/packs.ts';
import { shardOf } from '../../../src/plan/shard.ts';
import fc from '../../support/property.ts';

const grid = (...sets: string[]) =>
  cellsOf(
    parseExperiment(
      'name: x\ntask: { kind: simple, omega: 2 }\ntrain: { length: 8, steps: 10, batch: 2 }\ntest: { length: 8, sequences: 2 }\n',
      'x.yaml',
      sets,
    ),
  );
const shards = (cells: ReturnType<typeof grid>, count: number) =>
  Array.from({ length: count }, (_, i) => shardOf(cells, { index: i + 1, count }));

describe('shards of a grid', () => {
  test('are every cell once, in the order of the grid, whatever their count; none is empty while there are cells', () => {
    const cells = grid('seed=[0,1,2,3,4]', 'model.width=[8,16]', 'train.length=[8,64]');
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), count => {
        const parts = shards(cells, count);
        expect(
          parts
            .flat()
            .map(({ hash }) => hash)
            .sort(),
        ).toEqual(cells.map(({ hash }) => hash).sort());
        for (const part of parts) expect(part).toEqual(cells.filter(cell => part.includes(cell)));
        expect(parts.filter(part => part.length === 0).length).toBe(Math.max(0, count - cells.length));
      }),
    );
  });

  test('have about the same to do', () => {
    const cells = grid(`seed=[${Array.from({ length: 40 }, (_, i) => i)}]`, 'model.width=[8,16,32]');
    const seconds = shards(cells, 4).map(part =>
      packsOf(part).reduce((sum, { pack }) => sum + estimateSeconds(pack), 0),
    );
    expect(Math.max(...seconds) / Math.min(...seconds)).toBeLessThan(1.5);
  });
});
