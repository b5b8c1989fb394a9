import type { Sums } from '../shared/protocol.ts';

/** Mean loss over sequences with its standard error; null when it is not finite. */
export interface Estimate {
  loss: number | null;
  stderr: number | null;
  /** Of classes: the share of reads that are right, the share of sequences of which every read is, and how many sequences that is of. */
  accuracy?: number;
  exactMatch?: number;
  sequences?: number;
}

/** Losses of a batch [replicas · reads], which reads count, and where the reads of each sequence begin [replicas][sequences + 1]. */
export interface Losses {
  losses: Float32Array;
  weights: Float32Array;
  /** Which reads that count are right (1), of classes. */
  correct?: Float32Array;
  starts: Uint32Array;
  rows: number;
}

/**
 * Sums over sequences in float64, of one replica: of L_b, the loss of sequence b over its n_b reads that count, of n_b, and of their
 * products; of classes, how many reads and sequences are right. One sequence after the other, so that they do not depend on how sequences
 * were batched.
 */
type Running = { [Key in keyof Sums]-?: number };

const begin = (): Running => ({ count: 0, L: 0, n: 0, LL: 0, Ln: 0, nn: 0, right: 0, exact: 0 });

/** Sums of every replica of a pack over the sequences evaluated so far. */
export class LossSums {
  private readonly replicas: Running[];
  private readonly classes: boolean;

  /**
   * @param classes whether reads are right or wrong
   * @param before sums to go on from
   */
  constructor(replicas: number, classes: boolean, before?: Sums[]) {
    this.classes = classes;
    const resumed = before?.map(sums => ({
      ...begin(),
      ...Object.fromEntries(Object.entries(sums).map(([key, sum]) => [key, sum ?? Number.NaN])),
    }));
    this.replicas = resumed ?? Array.from({ length: replicas }, begin);
  }

  /** Sequences of each replica that are in the sums. */
  get count(): number {
    return this.replicas[0]!.count;
  }

  /** Adds the first `used` sequences of each replica. */
  add({ losses, weights, correct, starts, rows }: Losses, used: number): void {
    const perReplica = starts.length / this.replicas.length;
    this.replicas.forEach((sums, r) => {
      sums.count += used;
      for (let b = 0; b < used; b++) {
        let L = 0;
        let n = 0;
        let right = 0;
        const first = r * rows + starts[r * perReplica + b]!;
        const end = r * rows + starts[r * perReplica + b + 1]!;
        for (let row = first; row < end; row++) {
          L += losses[row]!;
          n += weights[row]!;
          right += correct?.[row] ?? 0;
        }
        sums.L += L;
        sums.n += n;
        sums.LL += L * L;
        sums.Ln += L * n;
        sums.nn += n * n;
        sums.right += right;
        if (this.classes && n > 0 && right === n) sums.exact++;
      }
    });
  }

  /** The sums so far, as events carry them. */
  carried(): Sums[] {
    const finite = (sum: number) => (Number.isFinite(sum) ? sum : null);
    return this.replicas.map(({ count, L, n, LL, Ln, nn, right, exact }) => ({
      ...{ count, L: finite(L), n: finite(n), LL: finite(LL), Ln: finite(Ln), nn: finite(nn) },
      ...(this.classes ? { right, exact } : {}),
    }));
  }

  /** Mean over all reads, as training has it, with the standard error of a ratio of means over sequences. */
  estimates(): Estimate[] {
    return this.replicas.map(({ count, L, n, LL, Ln, nn, right, exact }) => {
      const loss = L / n;
      const rates = this.classes ? { accuracy: right / n, exactMatch: exact / count, sequences: count } : {};
      if (!Number.isFinite(loss)) return { loss: null, stderr: null, ...rates };
      const residual = Math.max(0, LL - 2 * loss * Ln + loss * loss * nn) / Math.max(1, count - 1);
      const stderr = Math.sqrt(residual / count) / (n / count);
      return { loss, stderr: Number.isFinite(stderr) ? stderr : null, ...rates };
    });
  }

  /** Reads of a sequence that count, in the mean, of each replica. */
  labels(): number[] {
    return this.replicas.map(({ n, count }) => n / count);
  }
}
