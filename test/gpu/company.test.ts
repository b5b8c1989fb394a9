import { describe, expect, test } from 'vitest';
import type { Pack } from '../../src/shared/protocol.ts';
import { onDevice } from '../../src/shared/task.ts';
import { useEngine } from '../support/engine.ts';
import { PATH_PACKS, replica } from '../support/packs.ts';

const engine = useEngine();

const kGram = replica({ knobs: { vocabulary: 3, k: 1 } });

async function train(own: Pack, submissionMs?: number) {
  const losses: (number | null)[][] = [];
  const { cells } = await engine.ask('trained', { op: 'train', pack: own, submissionMs }, event => {
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
        { ...mine!, seed: 5, trainLength: 2 + onDevice(own.task).law.order },
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

describe.each([PATH_PACKS[0]!, PATH_PACKS[3]!])('$name', ({ own }) => {
  test('the same bits beside one of 4096 tokens, in other evaluation chunks and in other submissions', async () => {
    const [mine] = own.replicas;
    const short = { ...own, steps: 2, batch: 4, test: { lengths: [5000], sequences: 40 } };
    const alone = await train(short);
    const beside = { ...mine!, seed: 9, trainLength: 4096 };
    // Three times the memory a sequence: what was one window alone is several.
    const among = await train({ ...short, replicas: [beside, mine!, { ...mine!, seed: 4 }] }, 1);
    expect(among.cells[1]).toEqual(alone.cells[0]);
    expect(among.losses.map(row => row[1])).toEqual(alone.losses.map(row => row[0]));
  });
});

test('a curve has a point for every step, all finite, in each of these packs', async () => {
  for (const { own } of PATH_PACKS) {
    const { losses } = await train({
      ...own,
      steps: 2,
      replicas: [{ ...replica(), ...own.replicas[0]!, ...(own.task.name === 'k-gram' ? kGram : {}) }],
    });
    expect(losses).toHaveLength(2);
    for (const row of losses) expect(row.every(loss => loss !== null && loss > 0)).toBe(true);
  }
});
