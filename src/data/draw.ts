import type { Pack } from '../shared/protocol.ts';
import { STREAM, streamKey } from '../shared/random.ts';
import { packRecord } from '../shared/records.ts';
import { type ThreadTask, testLengths, tokensOf } from '../shared/task.ts';
import { inTime } from '../tasks/plug-in/in-time.ts';
import { type Drawing, sampleSequence } from '../tasks/sample.ts';
import type { Task } from '../tasks/task.ts';

/** What of a pack decides its sequences. Plain data: it crosses threads. */
export interface DrawnPack extends Pick<Pack, 'replicas' | 'lengthMode' | 'positions'> {
  task: ThreadTask;
  period: number;
  test: Pack['test'];
}

/** Sequences that are wanted: those numbered `from` to `to` of a portion (`shared/feed.ts`), sequence behind sequence of each replica. */
export interface Draws {
  pack: DrawnPack;
  /** Null: training steps from `first` on; else of the evaluation, sequences from `first` on. */
  point: number | null;
  first: number;
  /** Sequences of a replica in a step, or in all. */
  each: number;
  from: number;
  to: number;
}

/** Records, one behind the other, and where each begins. */
export interface Records {
  starts: Uint32Array<ArrayBuffer>;
  records: Uint32Array<ArrayBuffer>;
}

/** Tokens that are drawn under one deadline. */
const WATCHED_TOKENS = 2 ** 16;

/**
 * Draws and labels sequences: each is a function of its replica's seed, its step and its number alone, bit for bit what a device would draw
 * (`shaders/sample.wgsl`, and `engine/evaluate.ts` for the lengths of tests).
 * @throws OutOfTime when the task hangs, and what it throws
 */
export function drawRecords(task: Task, draws: Draws, patienceMs: number): Records {
  const { pack, point, first, each, from, to } = draws;
  const replicas = pack.replicas.map(replica => drawingsOf(task, pack, replica, point));
  const records: Uint32Array[] = [];
  const drawUntil = (end: number) => {
    for (let i = from + records.length; i < end; i++) {
      const row = Math.floor(i / each);
      const [step, number] =
        point === null ? [first + Math.floor(row / replicas.length), i % each] : [0, first + (i % each)];
      const { tokens, reads, targets } = sampleSequence(
        replicas[row % replicas.length]!(step, number),
        number,
      );
      const labels = pack.task.classes ? targets.map(target => target.indexOf(1)) : targets;
      records.push(packRecord({ tokens, positions: reads, targets: labels }));
    }
  };
  const longest = Math.max(...pack.replicas.map(({ trainLength }) => trainLength), ...pack.test.lengths);
  const together = Math.max(1, Math.floor(WATCHED_TOKENS / tokensOf(pack.task.law, longest)));
  for (let end = from; end < to; ) {
    end = Math.min(to, end + together);
    inTime(() => drawUntil(end), patienceMs);
  }
  return joined(records);
}

/** How a replica's sequence of a step and a number is drawn. */
function drawingsOf(
  task: Task,
  { task: { law }, period, lengthMode, positions, test }: DrawnPack,
  { seed, knobs, alphaThousandths, trainLength }: Pack['replicas'][number],
  point: number | null,
): (step: number, number: number) => Drawing {
  const common = { task, knobs, law: law.name, alphaThousandths, offsets: null };
  if (point === null || point === 0) {
    const key = streamKey(seed, point === null ? STREAM.train : STREAM.trainLoss);
    return step => ({ ...common, lengthMode, length: trainLength, positions, key, step });
  }
  const { length, spread } = testLengths({ law }, { period, span: test.span }, test.lengths[point - 1]!);
  const tested = { lengthMode: 'fixed' as const, positions: test.positions ?? ('last' as const) };
  const key = streamKey(seed, STREAM.test);
  return (step, number) => ({ ...common, ...tested, length: length + (number % spread), key, step });
}

function joined(all: readonly Uint32Array[]): Records {
  const starts = new Uint32Array(all.length);
  let words = 0;
  all.forEach((record, i) => {
    starts[i] = words;
    words += record.length;
  });
  const records = new Uint32Array(words);
  all.forEach((record, i) => {
    records.set(record, starts[i]!);
  });
  return { starts, records };
}
