import { describe, expect, test } from 'vitest';
import type { Pack } from '../../src/shared/protocol.ts';
import { useEngine } from '../support/engine.ts';
import { PATH_PACKS, replica } from '../support/packs.ts';

const engine = useEngine();

const kGram = { knobs: { vocabulary: 3, k: 1 } };

async function train(own: Pack) {
  const losses: (number | null)[][] = [];
  const { cells } = await engine.ask('trained', { op: 'train', pack: own }, event => {
    for (const point of event.curve) losses.push(point.losses);
  });
  return { losses, cells };
}

describe.each(PATH_PACKS)('$name', ({ own }) => {
  const steps = 4;
  const [mine] = own.replicas;
  const short = { ...own, steps };

  test('a replica has the same bits alone and beside one of 300 tokens, two more, and in another place', async () => {
    const beside = {
      ...short,
      replicas: [
        { ...mine!, seed: 9, trainLength: 300 },
        { ...mine!, seed: 4 },
        mine!,
        { ...mine!, seed: 5, trainLength: 2 + own.order },
      ],
    };
    const [alone, among] = [await train(short), await train(beside)];
    expect(among.losses.map(row => row[2])).toEqual(alone.losses.map(row => row[0]));
    expect(among.cells[2]).toEqual(alone.cells[0]);
  });

  test('the same bits twice', async () => {
    const [first, second] = [await train(short), await train(short)];
    expect(second).toEqual(first);
  });
});

test('a curve has a point for every step, all finite, in each of these packs', async () => {
  for (const { own } of PATH_PACKS) {
    const { losses } = await train({
      ...own,
      steps: 2,
      replicas: [{ ...replica(), ...own.replicas[0]!, ...(own.task === 'k-gram' ? kGram : {}) }],
    });
    expect(losses).toHaveLength(2);
    for (const row of losses) expect(row.every(loss => loss !== null && loss > 0)).toBe(true);
  }
});
