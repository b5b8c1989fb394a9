import { z } from 'zod';

/**
 * What a model was trained on, as its file says (docs/model-file.md, "What a trained model says of itself"): a copy that has left its run's
 * folder keeps it. Decided by the cell alone, so that its bytes are.
 */
export const trainingSchema = z.object({
  /** Of lengthwise. */
  version: z.string(),
  /** Hash of the cell. */
  cell: z.string(),
  task: z.object({ kind: z.string() }).catchall(z.union([z.number(), z.string()])),
  data: z.object({ law: z.string(), alpha: z.number().positive() }),
  /** Training length N, in tokens. */
  length: z.int().min(1),
  seed: z.int().min(0),
});

export type Training = z.infer<typeof trainingSchema>;

/** A training in words: `simple, omega = 4; up to 16 tokens of dirichlet-iid, α = 1; seed 0; lengthwise 0.1.0`. */
export function trainingText({ version, task: { kind, ...knobs }, data, length, seed }: Training): string {
  return [
    [kind, ...Object.entries(knobs).map(([knob, value]) => `${knob} = ${value}`)].join(', '),
    `up to ${length} tokens of ${data.law}, α = ${data.alpha}`,
    `seed ${seed}`,
    `lengthwise ${version}`,
  ].join('; ');
}
