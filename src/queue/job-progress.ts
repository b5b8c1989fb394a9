import { z } from 'zod';
import { loss } from '../shared/protocol.ts';

/** What a worker tells of a job while it trains: the job's progress in BullMQ, and an event of its queue. */
export const jobProgressSchema = z.strictObject({
  worker: z.string().max(40),
  /** The cells that the rest is about, by their places in the job's pack. */
  cells: z.array(z.int().min(0)).min(1),
  phase: z.enum(['train', 'test']),
  done: z.int(),
  total: z.int(),
  /** Training sequences a second, these cells together; 0 in the test phase. */
  sequencesPerSecond: z.number(),
  /** Batch losses of these cells since they were last told. */
  curve: z.array(z.strictObject({ step: z.int(), losses: z.array(loss) })),
  /** Test lengths that are evaluated since, as far as they are. */
  tested: z.array(z.strictObject({ length: z.int(), losses: z.array(loss), stderrs: z.array(loss) })),
});

export type JobProgress = z.infer<typeof jobProgressSchema>;

/** Two that follow on each other as one; undefined where they are about different cells. */
export function joined(first: JobProgress, next: JobProgress): JobProgress | undefined {
  if (first.cells.join() !== next.cells.join()) return undefined;
  const again = new Set(next.tested.map(({ length }) => length));
  return {
    ...next,
    curve: [...first.curve, ...next.curve],
    tested: [...first.tested.filter(({ length }) => !again.has(length)), ...next.tested],
  };
}

/** What is trained of a job's cells, in cells. */
export function trainedShare({ cells, phase, done, total }: JobProgress): number {
  return cells.length * (phase === 'test' ? 1 : done / total);
}
