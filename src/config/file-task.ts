import { z } from 'zod';
import { hostTaskSchema } from '../shared/task.ts';

const pattern = z.string().min(1);
const count = z.int().min(1);

/** What was found in the files of a task (`sweep/read-files.ts`); part of an experiment as it is validated, and never of its file. */
const foundSchema = z.strictObject({
  /** Hash of the training files' content. */
  trained: z.string(),
  vocabulary: count,
  outputs: count,
  /** Every length of a training sequence, rising, with the number of its sequences. */
  lengths: z.array(z.tuple([count, count])).min(1),
  fed: hostTaskSchema,
});

/** A task whose sequences are lines of files: `task: { kind: file, train: …, test: { 100: …, … } }`. */
export const fileTaskSchema = z.strictObject({
  kind: z.literal('file').describe('Sequences and their targets are lines of files.'),
  train: pattern.describe('Files of training sequences: a name, or a pattern with * and ?.'),
  test: z
    .record(z.string().regex(/^[1-9][0-9]{0,8}$/, 'a test length, such as 100'), pattern)
    .refine(tests => Object.keys(tests).length > 0, 'no test lengths: give at least one')
    .describe('Files of test sequences, by their greatest length.'),
  vocabulary: count.max(256).optional().describe('Different tokens; as many as the files have unless given.'),
  outputs: count
    .max(4096)
    .optional()
    .describe('Classes, or numbers of a target vector; as many as the files have unless given.'),
  found: foundSchema.optional(),
});

export type FileTask = z.infer<typeof fileTaskSchema>;
export type FoundInFiles = z.infer<typeof foundSchema>;

/** The test lengths of a file task as a person wrote it, in order; none where it is no file task. */
export function testLengthsOf(task: unknown): number[] {
  const { kind, test } = (task ?? {}) as { kind?: unknown; test?: unknown };
  if (kind !== 'file' || typeof test !== 'object' || test === null) return [];
  return Object.keys(test)
    .map(Number)
    .sort((a, b) => a - b);
}
