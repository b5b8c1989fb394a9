import { z } from 'zod';
import { canonicalHash } from '../config/hash.ts';
import type { PlannedPack } from '../plan/packs.ts';
import { packSchema, replicaSchema } from '../shared/protocol.ts';

/** A hash in hexadecimal: it may become part of a key, or of a file's name. */
const hash = z.string().regex(/^[0-9a-f]{8,64}$/, 'not a hash');

/**
 * What a job carries: a pack, which is numbers, names of things that the worker's own build holds, and WGSL that the worker compares with
 * its own (`own-task.ts`); nothing that would run on its processor. Both ends validate it.
 */
export const jobSchema = z.strictObject({
  /** Engine hash of the build that queued it. */
  engine: hash,
  pack: packSchema.extend({ replicas: z.array(replicaSchema.extend({ cell: hash })).min(1) }),
  /** What the plan expects of a two-core machine, in seconds: workers are rated against it. */
  plannedSeconds: z.number().nonnegative(),
  /** Workers that failed on it: they leave it to others. */
  failedBy: z.array(z.string()),
});

export type JobData = z.infer<typeof jobSchema>;

/** The id of a pack's job: who queues the same cells of the same engine again adds nothing. */
export function jobId(engine: string, cells: readonly string[]): string {
  return `pack-${canonicalHash({ engine, cells: [...cells].sort() }, 16)}`;
}

/** Cuts a pack into equal parts of at most `mostSeconds` each, or of one cell. */
export function cutPack(
  { pack, cells, bytes }: PlannedPack,
  secondsOf: (pack: PlannedPack['pack']) => number,
  mostSeconds: number,
): PlannedPack[] {
  const parts = Math.min(cells.length, Math.max(1, Math.ceil(secondsOf(pack) / mostSeconds)));
  const size = Math.ceil(cells.length / parts);
  return Array.from({ length: Math.ceil(cells.length / size) }, (_, part) => {
    const cut = <T>(all: readonly T[]) => all.slice(part * size, (part + 1) * size);
    const own = cut(cells);
    return {
      pack: { ...pack, replicas: cut(pack.replicas) },
      cells: own,
      bytes: (bytes * own.length) / cells.length,
    };
  });
}
