import { z } from 'zod';

const count = z.int().min(0);

/** A number with the file, by its place in the list, and the line or row where it first stands. */
const foundSchema = z.strictObject({ value: z.number(), file: count, number: count });

/** What is known of the sequences for training, or of those of one test length. */
export const partSchema = z.strictObject({
  sequences: z.int().min(1),
  /** Of all records (`shared/records.ts`). */
  words: z.int().min(1),
  /** Targets of all sequences together, and of one at most. */
  targets: z.int().min(1),
  mostTargets: z.int().min(1),
  /** Words of the longest record. */
  mostWords: z.int().min(1),
  /** Whether every sequence has one target, at its last position; whether every one has targets at all positions. */
  last: z.boolean(),
  every: z.boolean(),
  /** Every length that there is, rising, with the number of its sequences. */
  lengths: z.array(z.tuple([count, count])).min(1),
  longest: foundSchema,
  largestToken: foundSchema,
  /** Squared error of predicting the mean target, summed over outputs; a class is a vector of a 1 among 0. */
  variance: z.number().min(0),
  /** Null where targets are vectors. */
  largestClass: foundSchema.nullable(),
});

/** What is known of a data set. */
export const summarySchema = z.strictObject({
  format: z.literal(1),
  /** Hash of the training files' content alone. */
  trained: z.string(),
  form: z.enum(['classes', 'vectors']),
  /** Numbers of a vector; 1 for classes. */
  width: z.int().min(1),
  train: partSchema,
  /** In rising order of their lengths. */
  tests: z.array(partSchema.extend({ length: z.int().min(1) })),
});

export type Found = z.infer<typeof foundSchema>;
export type PartSummary = z.infer<typeof partSchema>;
export type Summary = z.infer<typeof summarySchema>;
