import { encodingOf } from '../../src/model/encodings/registry.ts';
import type { Listeners } from '../../src/runtime/session.ts';
import { packPortion } from '../../src/shared/feed.ts';
import type { Pack } from '../../src/shared/protocol.ts';
import { STREAM, streamKey } from '../../src/shared/random.ts';
import { type LabelledSequence, packRecord } from '../../src/shared/records.ts';
import { type HostTask, onDevice } from '../../src/shared/task.ts';
import { taskOf } from '../../src/tasks/registry.ts';
import { type Example, sampleSequence } from '../../src/tasks/sample.ts';

export type TestFeed = NonNullable<Listeners['feed']>;

interface Twin {
  pack: Pack;
  feed: TestFeed;
  /** First step or sequence of every question so far. */
  asked: number[];
}

/** How the host is to make what the device would draw. */
interface Making {
  /** Steps a portion at most. */
  most: number;
  form?: HostTask['form'];
  reads?: Pack['positions'];
  /** What becomes of a sequence. */
  label?: (example: Example) => LabelledSequence;
}

const asDrawn = ({ tokens, reads, targets }: Example) => ({ tokens, positions: reads, targets });

/** A pack that is fed on the host what it would draw on the device: equal bits where targets are correctly rounded. */
export function fedTwin(
  own: Pack,
  { most, form = 'vectors', reads = own.positions, label = asDrawn }: Making,
): Twin {
  const { test, batch, replicas, model } = own;
  const longest = Math.max(...test.lengths, ...replicas.map(({ trainLength }) => trainLength));
  const point = (reads: Pack['positions']) => ({
    ...{
      reads,
      sequences: test.sequences,
      mostWords: 4 + longest * (2 + model.outputs),
      words: null,
      variance: null,
    },
  });
  const task: HostTask = {
    ...{ source: 'host', name: 'drawn', maker: { kind: 'drawn', content: '01234567' }, form, labels: 1 },
    points: [point(reads), ...test.lengths.map(() => point('last'))],
  };
  const asked: number[] = [];

  const record = (replica: Pack['replicas'][number], point: number | null, step: number, number: number) => {
    const isTest = point !== null && point > 0;
    const stream = point === null ? STREAM.train : isTest ? STREAM.test : STREAM.trainLoss;
    const example = sampleSequence(
      {
        ...replica,
        ...{
          task: taskOf(own.task.name),
          law: onDevice(own.task).law.name,
          key: streamKey(replica.seed, stream),
          step,
        },
        length: isTest ? test.lengths[point - 1]! : replica.trainLength,
        lengthMode: isTest ? 'fixed' : own.lengthMode,
        positions: isTest ? 'last' : own.positions,
        offsets: own.positionOffset === 'random' ? encodingOf(model.attention).longest(model) : null,
      },
      number,
    );
    return packRecord(label(example));
  };

  const feed: TestFeed = async ({ point, first, count: wanted }) => {
    asked.push(first);
    const training = point === null;
    const count = training ? Math.min(most, wanted) : wanted;
    const records: Uint32Array[] = [];
    for (let step = 0; step < (training ? count : 1); step++)
      for (const replica of replicas)
        for (let b = 0; b < (training ? batch : count); b++)
          records.push(
            training ? record(replica, point, first + step, b) : record(replica, point, 0, first + b),
          );
    const starts: number[] = [];
    let words = 0;
    for (const own of records) {
      starts.push(words);
      words += own.length;
    }
    const all = new Uint32Array(words);
    records.forEach((own, i) => {
      all.set(own, starts[i]!);
    });
    return packPortion({ count, starts: Uint32Array.from(starts), records: all });
  };
  return { pack: { ...own, positions: reads, task }, feed, asked };
}
