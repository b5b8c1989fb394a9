import type { Portion, SequenceSource, Wanted } from '../shared/feed.ts';
import { STREAM, streamKey } from '../shared/random.ts';
import type { OpenData } from './data-set.ts';
import type { Part } from './part.ts';
import { shuffle } from './shuffle.ts';

/** Words of records that are gathered for one portion, where the engine cannot have them all. */
const GATHERED_WORDS = 2 ** 21;

/** What is asked of a pack. */
export interface FedPack {
  batch: number;
  replicas: readonly { seed: number; trainLength: number }[];
}

/**
 * Sequences out of files. Each replica reads those of at most its training length in an order of its own, shuffled anew every epoch:
 * sequence n of its training is
 * number n mod m of epoch floor(n / m), so that what step s is fed depends on nothing but the seed and s. Its training loss is of another
 * shuffle, from the
 * beginning again where there are fewer sequences than are measured; tests are every sequence once, in the order of their lengths.
 */
export class FileSource implements SequenceSource<FedPack> {
  private readonly data: OpenData;
  /** The shuffles in use, one a replica and purpose: those of an epoch that is over are forgotten. */
  private readonly orders = new Map<string, { epoch: number; at: (i: number) => number }>();

  constructor(data: OpenData) {
    this.data = data;
  }

  async portion(pack: FedPack, wanted: Wanted): Promise<Portion> {
    const { point, first, count } = wanted;
    const part = point === null || point === 0 ? this.data.train : this.data.tests[point - 1]!;
    const { replicas } = pack;
    if (point !== null && point > 0) {
      const own = Uint32Array.from({ length: count }, (_, i) => (first + i) % part.summary.sequences);
      return this.gathered(part, own, replicas.length, count);
    }
    const training = point === null;
    // A step is a row of every replica's batch; of an evaluation, the whole portion is one.
    const batch = training ? pack.batch : count;
    const steps = training ? this.stepsOf(part, pack, wanted) : 1;
    const numbers = new Uint32Array(steps * replicas.length * batch);
    replicas.forEach((replica, r) => {
      for (let step = 0; step < steps; step++) {
        const begin = training ? (first + step) * batch : first;
        const at = (step * replicas.length + r) * batch;
        this.fill(numbers.subarray(at, at + batch), part, replica, training, begin);
      }
    });
    const served = training ? steps : count;
    if (wanted.complete) return { count: served, starts: numbers.map(number => part.start(number)) };
    if (part.summary.words <= wanted.room)
      return {
        ...{ count: served, complete: true },
        ...{ starts: numbers.map(number => part.start(number)), records: part.all() },
      };
    return this.gathered(part, numbers, 1, served);
  }

  async close(): Promise<void> {
    this.data.close();
  }

  /** Steps of a portion: as many as are wanted and fit. */
  private stepsOf(part: Part, { batch, replicas }: FedPack, { count, room, complete }: Wanted): number {
    const { words, mostWords } = part.summary;
    if (complete || words <= room) return count;
    const most = Math.min(room, Math.max(GATHERED_WORDS, replicas.length * batch * mostWords));
    return Math.max(1, Math.min(count, Math.floor(most / (replicas.length * batch * mostWords))));
  }

  /** The numbers of the sequences from the `first` on of a replica's stream. */
  private fill(
    numbers: Uint32Array,
    part: Part,
    { seed, trainLength }: FedPack['replicas'][number],
    training: boolean,
    first: number,
  ): void {
    const size = part.upTo(trainLength);
    const stream = training ? STREAM.train : STREAM.trainLoss;
    for (let i = 0; i < numbers.length; ) {
      const n = first + i;
      const epoch = Math.floor(n / size);
      const order = this.order(size, streamKey(seed, stream), training ? epoch : 0);
      for (let within = n % size; within < size && i < numbers.length; within++) numbers[i++] = order(within);
    }
  }

  private order(size: number, key: number, epoch: number): (i: number) => number {
    const name = `${size} ${key}`;
    const known = this.orders.get(name);
    if (known?.epoch === epoch) return known.at;
    const at = shuffle(size, key, epoch);
    this.orders.set(name, { epoch, at });
    return at;
  }

  /** The records of some sequences, one behind the other; `times` replicas read the same. */
  private gathered(part: Part, numbers: Uint32Array, times: number, count: number): Portion {
    const starts = new Uint32Array(numbers.length * times);
    let words = 0;
    numbers.forEach((number, i) => {
      starts[i] = words;
      words += part.size(number);
    });
    const records = new Uint32Array(words);
    numbers.forEach((number, i) => {
      part.copy(number, records, starts[i]!);
    });
    for (let r = 1; r < times; r++) starts.copyWithin(r * numbers.length, 0, numbers.length);
    return { count, starts, records };
  }
}
