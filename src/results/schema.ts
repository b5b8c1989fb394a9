import { z } from 'zod';

const loss = z.number().nullable();

/** One line of `cells.jsonl`: a finished cell (interfaces.md, "Results"). A null loss was not finite. */
export const cellLineSchema = z.object({
  cell: z.string(),
  axes: z.record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.null()])),
  trainLoss: loss,
  trainLossStderr: loss,
  /** First step whose batch loss was not finite; null for a replica that trained to the end. */
  divergedAtStep: z.int().nullable(),
  test: z.array(z.object({ length: z.int(), loss, stderr: loss })),
  steps: z.int(),
  /** Share of the pack's wall time: training and testing, divided by its replicas. */
  seconds: z.number(),
  adapter: z.string(),
});

export type CellLine = z.infer<typeof cellLineSchema>;

/** `manifest.json`: what was run, on what, by which command. */
export const manifestSchema = z.object({
  name: z.string(),
  run: z.string(),
  /** The experiment as validated, axes as lists. */
  experiment: z.unknown(),
  cells: z.int(),
  command: z.string(),
  versions: z.object({ lengthwise: z.string(), node: z.string(), browser: z.string().nullable() }),
  host: z.object({ name: z.string(), platform: z.string(), cpu: z.string(), cores: z.int() }),
  /** As WebGPU reports it; null until a pack was trained. */
  adapter: z.unknown().nullable(),
  start: z.string(),
  end: z.string().nullable(),
  finished: z.int(),
  diverged: z.int(),
});

export type Manifest = z.infer<typeof manifestSchema>;
