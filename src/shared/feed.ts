import { z } from 'zod';

/*
 * How labelled sequences that are made on the host reach an engine that trains or evaluates a pack. The engine asks, ahead of the step
 * that needs them, with a `Wanted`, and gets a `Portion` of binary data by whatever carries it.
 */

const count = z.int().min(0);

/** Where an engine in a page asks for sequences, below the page's own address. */
export const FEED = 'feed';

/** What the engine asks for. */
export const wantedSchema = z.strictObject({
  /**
   * The training steps from `first` on; or of the evaluation (0: the training sequences, then the test lengths in order) the sequences
   * from `first` on.
   */
  point: count.nullable(),
  first: count,
  /** Steps, at most; or sequences a replica, exactly. */
  count: z.int().min(1),
  /** Words of records that there is room for. */
  room: z.int().min(1),
  /** Whether the engine still has every record that this point can ask for, as a portion before has brought them. */
  complete: z.boolean(),
});

export type Wanted = z.infer<typeof wantedSchema>;

/** What the host answers. */
export interface Portion {
  /** Steps, one at least and at most as many as were wanted; or sequences a replica, as many as were wanted. */
  count: number;
  /** Where each sequence's record begins in `records`: [count][replicas][batch], or [replicas][count]. */
  starts: Uint32Array;
  /** One record (`shared/records.ts`) behind the other; absent where the engine has what it needs. */
  records?: Uint32Array;
  /** Whether `records` is everything that this point can ask for, so that later portions do without. */
  complete?: boolean;
}

/**
 * Makes the sequences of packs, in this process or in threads of its own. Equal requests have equal answers, in any order: training goes
 * on anywhere.
 */
export interface SequenceSource<P> {
  /** Sequences of a pack. One request at a time. */
  portion(pack: P, wanted: Wanted): Promise<Portion>;
  close(): Promise<void>;
}

const HEAD = 3;

/** A portion as bytes. */
export function packPortion({ count, starts, records, complete }: Portion): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(HEAD + starts.length + (records?.length ?? 0));
  words.set([count, starts.length, records ? (complete ? 2 : 1) : 0]);
  words.set(starts, HEAD);
  if (records) words.set(records, HEAD + starts.length);
  return new Uint8Array(words.buffer);
}

/** What `packPortion` was given. */
export function unpackPortion(bytes: ArrayBuffer): Portion {
  const words = new Uint32Array(bytes);
  const [count, starts, kind] = words as unknown as [number, number, number];
  return {
    count,
    starts: words.subarray(HEAD, HEAD + starts),
    ...(kind > 0 ? { records: words.subarray(HEAD + starts), complete: kind === 2 } : {}),
  };
}
