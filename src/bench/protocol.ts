import { z } from 'zod';
import { adapterInfoSchema, adapterPreferenceSchema, rooflineSchema } from '../shared/protocol.ts';

/*
 * What the command line and the bench page say to each other: one request, one answer, both JSON. Node decides what runs
 * next, so that a call that never returns can be ended by ending the page.
 */

const count = z.int().min(1);
const milliseconds = z.number().min(0);

/** Causal attention of `heads` heads over T positions of width D, or its gradients from scratch (forward included). */
export const attentionProblemSchema = z.strictObject({
  suite: z.literal('attention'),
  T: count,
  D: count.multipleOf(4),
  heads: count,
  direction: z.enum(['forward', 'backward']),
});

/** f(x) at the last position of T tokens, two layers. */
export const forwardProblemSchema = z.strictObject({
  suite: z.literal('forward'),
  T: count,
  D: count,
  heads: count,
  direction: z.literal('forward'),
});

/** Optimiser steps on training length T; `replicas` models of one shape train together. */
export const trainingProblemSchema = z.strictObject({
  suite: z.literal('training'),
  model: z.enum(['one-layer', 'two-layer']),
  T: count,
  D: count,
  heads: count,
  direction: z.literal('training'),
});

export const problemSchema = z.discriminatedUnion('suite', [
  attentionProblemSchema,
  forwardProblemSchema,
  trainingProblemSchema,
]);

/** The suites of `bench`, in the order in which they are run and shown. */
export const SUITES = problemSchema.options.map(({ shape }) => shape.suite.value);

export const benchRequestSchema = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('open'), adapter: adapterPreferenceSchema }),
  z.strictObject({ op: z.literal('roofline') }),
  /** Makes inputs and their float64 results; forgets the problem before. */
  z.strictObject({ op: z.literal('pose'), problem: problemSchema }),
  /** Loads an implementation, runs it for the first time and compares its results with float64. */
  z.strictObject({ op: z.literal('check'), implementation: z.string() }),
  /** One call of a checked implementation. */
  z.strictObject({ op: z.literal('time'), implementation: z.string() }),
]);

export const benchAnswerSchema = z.discriminatedUnion('event', [
  z.strictObject({ event: z.literal('opened'), adapter: adapterInfoSchema }),
  z.strictObject({ event: z.literal('measured'), roofline: rooflineSchema }),
  z.strictObject({ event: z.literal('posed'), referenceMs: milliseconds }),
  z.strictObject({
    event: z.literal('checked'),
    version: z.string(),
    /** The first call, with compilation and read-back. */
    coldMs: milliseconds,
    /** Largest difference from float64, relative to the largest float64 result; null when results are not finite. */
    maxError: z.number().min(0).nullable(),
    /** Largest `maxError` that rounding explains. */
    tolerance: z.number().positive(),
    /** Training sequences, and optimiser steps, of one call; absent elsewhere. */
    sequences: count.optional(),
    steps: count.optional(),
  }),
  z.strictObject({ event: z.literal('timed'), ms: milliseconds }),
  z.strictObject({
    event: z.literal('failed'),
    problem: z.string(),
    version: z.string().optional(),
    /** Nothing was run on the device: the page is as good as before. */
    harmless: z.boolean(),
  }),
]);

export type AttentionProblem = z.infer<typeof attentionProblemSchema>;
export type ForwardProblem = z.infer<typeof forwardProblemSchema>;
export type TrainingProblem = z.infer<typeof trainingProblemSchema>;
export type Problem = z.infer<typeof problemSchema>;
export type Suite = (typeof SUITES)[number];
export type BenchRequest = z.infer<typeof benchRequestSchema>;
export type BenchAnswer = z.infer<typeof benchAnswerSchema>;
