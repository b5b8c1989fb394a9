import { beforeAll, describe, expect, test } from 'vitest';
import type { Standing } from '../../src/runtime/session.ts';
import { InputError } from '../../src/shared/errors.ts';
import type { Pack, PackState } from '../../src/shared/protocol.ts';
import { fedTwin, type TestFeed } from '../support/drawn-feed.ts';
import { useEngine } from '../support/engine.ts';
import { pack, replica, taskWith } from '../support/packs.ts';
import {
  buildDrawWorker,
  feedOf,
  PARITY,
  plugInPack,
  TWICE,
  threadSource,
  withoutWgsl,
} from '../support/plug-ins.ts';

const engine = useEngine();

async function outcomeOf(
  pack: Pack,
  {
    feed,
    resume,
    onStanding,
  }: { feed?: TestFeed; resume?: PackState; onStanding?: (event: Standing) => void } = {},
) {
  const how = { ...(resume ? { resume } : {}), stateEverySeconds: 1e-6, submissionMs: 1e-6 };
  const { cells } = await engine.ask('trained', { op: 'train', pack, ...how }, undefined, onStanding, feed);
  return cells;
}

/** Targets of mod-p are the same in both languages, to the last bit. */
const knobs = { p: 3, k: 1 };
const own = (positions: Pack['positions']): Pack =>
  pack({
    ...{ task: taskWith(knobs), positions, steps: 7, batch: 5, test: { lengths: [9, 20], sequences: 12 } },
    replicas: [replica({ knobs, seed: 1 }), replica({ knobs, seed: 2, trainLength: 6, cell: 'b' })],
  });

describe('what the host feeds is trained and evaluated as what the device draws, bit by bit', () => {
  test.each(['last', 'every', 3] as const)('reads: %s', async positions => {
    const drawn = await outcomeOf(own(positions));
    const { pack, feed, asked } = fedTwin(own(positions), { most: 3 });
    expect(await outcomeOf(pack, { feed })).toEqual(drawn);
    // Training in portions of three steps, each asked for once; then the training loss and two test lengths.
    expect(asked).toEqual([0, 3, 6, 0, 0, 0]);
  });
});

/** Of the one output that the model has, class 0 is 1 and every other 0. */
test('classes are vectors of a one among zeros', async () => {
  const classOf = (tokens: Uint8Array, reads: number[]) => reads.map(read => tokens[read - 1]!);
  const [vectors, classes] = [
    fedTwin(own('every'), {
      most: 4,
      label: ({ tokens, reads }) => ({ tokens, targets: classOf(tokens, reads).map(c => [1 - c]) }),
    }),
    fedTwin(own('every'), {
      ...{ most: 4, form: 'classes' },
      label: ({ tokens, reads }) => ({ tokens, targets: classOf(tokens, reads) }),
    }),
  ];
  const found = await outcomeOf(classes.pack, classes);
  for (const { accuracy, exactMatch } of found.flatMap(cell => cell.test)) {
    expect(accuracy).toBeGreaterThan(0);
    expect(exactMatch).toBeLessThanOrEqual(accuracy!);
  }
  // Beside them, the same bits: vectors have no accuracy.
  const losses = found.map(cell => ({
    ...cell,
    test: cell.test.map(({ length, loss, stderr }) => ({ length, loss, stderr })),
  }));
  expect(losses).toEqual(await outcomeOf(vectors.pack, vectors));
});

test('targets at some of the positions: alone, or among all that are read', async () => {
  /** Those of odd positions and of the last. */
  const label = ({
    tokens,
    reads,
    targets,
  }: Parameters<NonNullable<Parameters<typeof fedTwin>[1]['label']>>[0]) => {
    const kept = reads.filter(read => read % 2 === 1 || read === tokens.length);
    return { tokens, positions: kept, targets: kept.map(read => targets[reads.indexOf(read)]!) };
  };
  const alone = fedTwin(own('every'), { most: 9, reads: 5, label });
  const among = fedTwin(own('every'), { most: 9, label });
  const [a, b] = [await outcomeOf(alone.pack, alone), await outcomeOf(among.pack, among)];
  const everyone = await outcomeOf(own('every'));
  // Sums run over other rows, in another order.
  a.forEach(({ trainLoss }, r) => {
    expect(trainLoss! / b[r]!.trainLoss!).toBeCloseTo(1, 5);
    expect(Math.abs(trainLoss! / everyone[r]!.trainLoss! - 1)).toBeGreaterThan(1e-3);
  });
});

test('a state in the middle goes on to the same bits', async () => {
  const { pack, feed } = fedTwin(own('last'), { most: 2 });
  const states: Extract<Standing, { event: 'state' }>[] = [];
  const onStanding = (event: Standing) => {
    if (event.event === 'state') states.push(event);
  };
  const whole = await outcomeOf(pack, { feed, onStanding });
  const { step, replicas } = states.find(state => state.step === 3)!;
  const again = fedTwin(own('last'), { most: 2 });
  const resume = { step, replicas, tested: [] };
  expect(await outcomeOf(again.pack, { feed: again.feed, resume })).toEqual(whole);
  expect(again.asked[0]).toBe(3);
});

test('a host that makes nothing says why, and the engine lives on', async () => {
  const { pack, feed } = fedTwin(own('last'), { most: 2 });
  const error = new InputError('data/train.jsonl: went away', 'Bring it back.');
  const fails: TestFeed = wanted => (wanted.first > 0 ? Promise.reject(error) : feed(wanted));
  await expect(outcomeOf(pack, { feed: fails })).rejects.toThrow(error);
  expect(await outcomeOf(pack, { feed })).toEqual(await outcomeOf(own('last')));
});

describe('a plug-in without WGSL is trained and evaluated as the same with WGSL, bit by bit', () => {
  let script: string;
  beforeAll(async () => {
    script = await buildDrawWorker();
  });
  const experiment = (more: string, task = 'scale: [1, 3]') => `name: x
task: { kind: ./my-task.ts, ${task} }
model: { width: 8 }
train: { length: [5, 9], steps: 7, batch: 5${more} }
test: { length: [8, 13], sequences: 12 }
streams: paired
`;
  test.each([
    ['the last position', PARITY, experiment('')],
    ['every position', PARITY, experiment(', positions: every')],
    ['three positions, lengths fixed', PARITY, experiment(', positions: 3, lengthMode: fixed')],
    ['a law of its own, classes', TWICE, experiment('', 'm: [2, 3]')],
    ['a span of test lengths', TWICE, experiment('', 'm: [2, 3]').replace('sequences', 'span: 4, sequences')],
  ])('%s', async (_, text, written) => {
    const drawn = await outcomeOf(unnamed(await plugInPack(text, written)));
    const pack = unnamed(await plugInPack(withoutWgsl(text), written));
    expect(pack.task.source).toBe('threads');
    const source = threadSource(pack, script, { threads: 2 });
    try {
      expect(await outcomeOf(pack, { feed: feedOf(pack, source) })).toEqual(drawn);
    } finally {
      await source.close();
    }
  });

  test('and goes on from a state to the same bits', async () => {
    const pack = await plugInPack(withoutWgsl(TWICE), experiment('', 'm: [2, 3]'));
    const states: Extract<Standing, { event: 'state' }>[] = [];
    const onStanding = (event: Standing) => {
      if (event.event === 'state') states.push(event);
    };
    const source = threadSource(pack, script);
    try {
      const whole = await outcomeOf(pack, { feed: feedOf(pack, source), onStanding });
      const { step, replicas } = states.find(state => state.step > 2 && state.step < 7)!;
      const resume = { step, replicas, tested: [] };
      expect(await outcomeOf(pack, { feed: feedOf(pack, source), resume })).toEqual(whole);
    } finally {
      await source.close();
    }
  });
});

/** A pack whose cells are called by their place: their hashes cover the plug-in's source. */
const unnamed = (pack: Pack): Pack => ({
  ...pack,
  replicas: pack.replicas.map((own, r) => ({ ...own, cell: String(r) })),
});
