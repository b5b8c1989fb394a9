import { describe, expect, test } from 'vitest';
import type { ModelConfig } from '../../src/shared/model-config.ts';
import type { Pack } from '../../src/shared/protocol.ts';
import { useEngine } from '../support/engine.ts';
import { kGramPack, pack, replica } from '../support/packs.ts';

const engine = useEngine();

async function train(own: Pack) {
  const losses: (number | null)[][] = [];
  const { cells } = await engine.ask('trained', { op: 'train', pack: own }, event => {
    for (const point of event.curve) losses.push(point.losses);
  });
  return { losses, cells };
}

const softmax = (attention: object, more: Partial<ModelConfig> = {}): ModelConfig => ({
  ...kGramPack().model,
  locality: 0,
  attention: { rule: 'softmax', encoding: 'none', logScale: false, scale: 0.5, ...attention } as never,
  ...more,
});

const kGram = { knobs: { vocabulary: 3, k: 1 } };
const test5000 = { lengths: [5000], sequences: 3 };

/** One path, or one turn of one, each. */
const PACKS: { name: string; own: Pack }[] = [
  { name: 'one layer, last position', own: pack() },
  { name: 'one layer, every position', own: pack({ positions: 'every' }) },
  { name: 'one layer, 5 positions', own: pack({ positions: 5 }) },
  { name: 'two limit layers, one query', own: kGramPack({ test: test5000 }) },
  {
    name: 'two limit layers of finite precision, one query, two sweeps',
    own: kGramPack({
      model: { ...kGramPack().model, attention: { precision: 'finite', bits: 6, scale: 0.1 } },
      test: test5000,
    }),
  },
  { name: 'two limit layers, 5 positions', own: kGramPack({ positions: 5 }) },
  {
    name: 'four limit layers, every position',
    own: kGramPack({ positions: 'every', model: { ...kGramPack().model, layers: 4 } }),
  },
  {
    name: 'three softmax layers, rope, rms, every position',
    own: kGramPack({
      positions: 'every',
      model: softmax({ encoding: 'rope', ropeBase: 100 }, { layers: 3, norm: 'rms' }),
    }),
  },
  {
    name: 'two softmax layers, absolute with offsets, log scale, 5 positions',
    own: kGramPack({
      positions: 5,
      positionOffset: 'random',
      model: softmax({ encoding: 'absolute', maxLength: 600, logScale: true }),
    }),
  },
];

describe.each(PACKS)('$name', ({ own }) => {
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
  for (const { own } of PACKS) {
    const { losses } = await train({
      ...own,
      steps: 2,
      replicas: [{ ...replica(), ...own.replicas[0]!, ...(own.task === 'k-gram' ? kGram : {}) }],
    });
    expect(losses).toHaveLength(2);
    for (const row of losses) expect(row.every(loss => loss !== null && loss > 0)).toBe(true);
  }
});
