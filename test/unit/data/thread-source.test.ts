import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ThreadSource } from '../../../src/data/thread-source.ts';
import type { Portion, Wanted } from '../../../src/shared/feed.ts';
import type { Pack } from '../../../src/shared/protocol.ts';
import { STREAM, streamKey } from '../../../src/shared/random.ts';
import { type LabelledSequence, positionsOf, unpackRecord } from '../../../src/shared/records.ts';
import { formOf } from '../../../src/shared/task.ts';
import { sampleSequence } from '../../../src/tasks/sample.ts';
import { taskAndKnobs } from '../../../src/tasks/written.ts';
import {
  buildDrawWorker,
  PARITY,
  plugInPack,
  TWICE,
  threadSource,
  withoutWgsl,
} from '../../support/plug-ins.ts';

const EXPERIMENT = `name: x
task: { kind: ./my-task.ts, scale: [1, 3] }
train: { length: [5, 9], steps: 10, batch: 3 }
test: { length: [8, 20], sequences: 50 }
seed: [0, 1]
`;
const OF_TWICE = EXPERIMENT.replace('scale: [1, 3]', 'm: [2, 3]');

let script: string;
beforeAll(async () => {
  script = await buildDrawWorker();
});
const open: ThreadSource[] = [];
afterEach(() => Promise.all(open.splice(0).map(source => source.close())));
function sourceOf(pack: Pack, options?: Parameters<typeof threadSource>[2]): ThreadSource {
  const source = threadSource(pack, script, options);
  open.push(source);
  return source;
}

const ROOM = 2 ** 22;
const wanted = (point: number | null, first: number, count: number, room = ROOM): Wanted => ({
  ...{ point, first, count, room, complete: false },
});

/** The sequences of a portion. */
function sequencesOf(pack: Pack, { starts, records }: Portion): LabelledSequence[] {
  return Array.from(starts, start =>
    unpackRecord(records!.subarray(start), formOf(pack.task), pack.model.outputs),
  );
}

/** What the sampler's twin makes of a replica's sequence. */
function drawn(pack: Pack, r: number, point: number | null, step: number, number: number) {
  const { task, replicas, test: tests, model, lengthMode, positions } = pack;
  if (task.source !== 'threads') throw new Error('drawn on the device');
  const { seed, trainLength, alphaThousandths, knobs } = replicas[r]!;
  const isTest = point !== null && point > 0;
  const stream = point === null ? STREAM.train : isTest ? STREAM.test : STREAM.trainLoss;
  return sampleSequence(
    {
      ...taskAndKnobs({ kind: task.name, source: task.plugIn, ...knobs }),
      ...{ law: task.law.name, alphaThousandths, offsets: null, key: streamKey(seed, stream), step },
      lengthMode: isTest ? 'fixed' : lengthMode,
      length: isTest ? tests.lengths[point - 1]! + (number % model.period) : trainLength,
      positions: isTest ? (tests.positions ?? 'last') : positions,
    },
    number,
  );
}

describe.each([
  ['tokens of a law that is there', withoutWgsl(PARITY), EXPERIMENT],
  ['several positions', withoutWgsl(PARITY), EXPERIMENT.replace('batch: 3', 'batch: 3, positions: 3')],
  ['a law of its own, and classes', withoutWgsl(TWICE), OF_TWICE],
])('a plug-in without WGSL: %s', (_, text, experiment) => {
  test('its sequences are those of the sampler’s twin, for training, training loss and tests', async () => {
    const pack = await plugInPack(text, experiment);
    const source = sourceOf(pack, { threads: 2 });
    const R = pack.replicas.length;
    expect(R).toBe(8);
    const check = (got: LabelledSequence, twin: ReturnType<typeof drawn>) => {
      expect([...(got.tokens as Uint8Array)]).toEqual([...twin.tokens]);
      expect(positionsOf(got)).toEqual(twin.reads);
      const classes = formOf(pack.task) === 'classes';
      expect(got.targets).toEqual(classes ? twin.targets.map(target => target.indexOf(1)) : twin.targets);
    };
    const training = await source.portion(pack, wanted(null, 4, 3));
    expect(training.count).toBe(3);
    sequencesOf(pack, training).forEach((got, i) => {
      const row = Math.floor(i / 3);
      check(got, drawn(pack, row % R, null, 4 + Math.floor(row / R), i % 3));
    });
    for (const point of [0, 1, 2])
      sequencesOf(pack, await source.portion(pack, wanted(point, 7, 5))).forEach((got, i) => {
        check(got, drawn(pack, Math.floor(i / 5), point, 0, 7 + (i % 5)));
      });
  });
});

test('neither threads nor portions, nor where training goes on, change a sequence', async () => {
  const pack = await plugInPack(withoutWgsl(TWICE), OF_TWICE);
  const [one, three] = [sourceOf(pack, { threads: 1 }), sourceOf(pack, { threads: 3 })];
  const whole = await one.portion(pack, wanted(null, 0, 6));
  expect(await three.portion(pack, wanted(null, 0, 6))).toEqual(whole);
  const later = sequencesOf(pack, await three.portion(pack, wanted(null, 4, 2)));
  expect(later).toEqual(sequencesOf(pack, whole).slice(-later.length));
  // As long as another one is there, a source of another cell draws the same.
  const alone = { ...pack, replicas: pack.replicas.slice(5, 6) };
  const own = sequencesOf(alone, await one.portion(alone, wanted(2, 0, 10)));
  expect(own).toEqual(sequencesOf(pack, await three.portion(pack, wanted(2, 0, 10))).slice(50, 60));
});

test('a portion has as many steps as there is room for, one at least', async () => {
  const pack = await plugInPack(withoutWgsl(PARITY), EXPERIMENT);
  const source = sourceOf(pack);
  const all = await source.portion(pack, wanted(null, 0, 10));
  const small = await source.portion(pack, wanted(null, 0, 10, 500));
  expect(all.count).toBe(10);
  expect(small.count).toBeLessThan(10);
  expect(small.records!.length).toBeLessThanOrEqual(500);
  expect((await source.portion(pack, wanted(null, 0, 10, 1))).count).toBe(1);
  const large = { ...pack, batch: 2 ** 12, steps: 100 };
  expect((await source.portion(large, wanted(null, 0, 100, 2 ** 30))).count).toBe(1);
});

describe('what goes wrong in a thread is one error with the module’s name', () => {
  const changed = (from: string, to: string) => {
    const text = withoutWgsl(TWICE).replace(from, to);
    expect(text).toContain(to);
    return text;
  };
  test.each<[string, string, RegExp]>([
    [
      'throws',
      changed('const so', "if (n > 6) throw new Error('too long'); const so"),
      /my-task\.ts: targets at \{"m":2\} threw: too long/,
    ],
    [
      'hangs',
      changed('const so', 'while (n > 6); const so'),
      /my-task\.ts: drawing a sequence has not come to an end in 1 s/,
    ],
    [
      'answers otherwise',
      changed('const so', 'if (n > 6) return 3; const so'),
      /my-task\.ts: targets at \{"m":2\} is wrong: 6: expected a 1 among 4 numbers that are else 0, or null/,
    ],
    [
      'ends its thread',
      changed('const so', 'if (n > 6) process.exit(0); const so'),
      /my-task\.ts: drawing sequences failed: its thread ended/,
    ],
    [
      'draws no token',
      changed('return [...bits, 2', 'return [...bits, length > 4 ? 3 : 2'),
      /my-task\.ts: law\.draw at \{"m":2\} is wrong: \d+: 3 is no token of 0 … 2/,
    ],
    [
      'draws too many',
      changed('return [...bits', 'return [0, ...bits'),
      /my-task\.ts: law\.draw at \{"m":2\} is wrong: expected a list of 1 to \d+ tokens/,
    ],
  ])('%s', async (what, text, message) => {
    const pack = await plugInPack(text, OF_TWICE);
    const source = sourceOf(pack, what === 'hangs' ? { patienceMs: 1000 } : {});
    await expect(source.portion(pack, wanted(null, 0, 10))).rejects.toThrow(message);
  });
});
