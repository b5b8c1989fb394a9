import { median } from 'simple-statistics';
import { z } from 'zod';
import { RUNTIMES } from '../runtime/conversation.ts';
import { adapterInfoSchema, rooflineSchema } from '../shared/protocol.ts';
import { type Problem, SUITES } from './protocol.ts';

const number = z.number().nullable();

/**
 * A line of a table: one implementation on one problem (docs/results.md, "What --json prints", `bench --json`). Null: there is no such
 * number.
 */
export const rowSchema = z.strictObject({
  suite: z.enum(SUITES),
  implementation: z.string(),
  version: z.string(),
  T: z.int(),
  D: z.int(),
  heads: z.int(),
  direction: z.enum(['forward', 'backward', 'training']),
  /** Of the warm runs; a training run is one optimiser step. */
  medianMs: number,
  minMs: number,
  maxMs: number,
  /** The first call, with compilation. */
  coldMs: number,
  /** Warm runs. */
  runs: z.int().min(0),
  /** Causal convention (`causalFlops`); null outside attention. */
  gflops: number,
  shareOfPeak: number,
  /** Largest difference from float64 relative to the largest float64 result. */
  maxError: number,
  correct: z.boolean(),
  /** What it ran on. */
  adapter: z.string(),
  /** Training only: over all replicas. */
  sequencesPerSecond: z.number().optional(),
  /** Training only. */
  model: z.string().optional(),
  /** Why there are no times. */
  problem: z.string().optional(),
});

/** What `bench --json` prints. */
export const reportSchema = z.strictObject({
  adapter: adapterInfoSchema,
  runtime: z.enum(RUNTIMES),
  /** Browser or Dawn, with its version. */
  runtimeVersion: z.string(),
  /** The best that was measured, which shares are of. */
  peak: rooflineSchema,
  /** Every time that it was measured, in order: machines that are shared move. */
  peaks: z.array(rooflineSchema).min(1),
  rows: z.array(rowSchema),
});

/** Another benchmark's output, of which the rows count; it may carry more keys than ours. */
export const includedSchema = z.object({
  rows: z.array(
    z.object({
      ...rowSchema.shape,
      adapter: z.string().default(''),
      coldMs: number.default(null),
      gflops: number.default(null),
      shareOfPeak: number.default(null),
    }),
  ),
});

export type Row = z.infer<typeof rowSchema>;
export type Report = z.infer<typeof reportSchema>;

/** What became of one implementation on one problem. */
export interface Measurement {
  implementation: string;
  version: string;
  /** Warm runs, in ms. */
  samples: number[];
  coldMs: number | null;
  maxError: number | null;
  tolerance: number;
  /** Training sequences, and optimiser steps, of one run. */
  sequences: number | undefined;
  steps: number;
  problem: string | undefined;
}

/**
 * Floating-point operations of causal attention, a multiply-add counted as two: scores and averages over half of T² pairs are 2T²D a
 * head. Gradients from scratch are the forward pass and five more products of that size, 7T²D (two and a half times as many backward
 * as forward, as in the flash-attention papers). Skipped or wasted work of an implementation changes nothing here.
 */
export function causalFlops(problem: Problem): number | null {
  if (problem.suite !== 'attention') return null;
  const { T, D, heads, direction } = problem;
  return (direction === 'forward' ? 2 : 7) * T * T * D * heads;
}

/** The row of a measurement. */
export function rowOf(
  problem: Problem,
  measured: Measurement,
  peak: { gflops: number },
  adapter: string,
): Row {
  const { implementation, version, samples, maxError, tolerance, sequences, steps } = measured;
  const timed = measured.problem === undefined ? samples.map(ms => ms / steps) : [];
  const medianMs = timed.length > 0 ? median(timed) : null;
  const flops = causalFlops(problem);
  const gflops = flops === null || medianMs === null ? null : flops / medianMs / 1e6;
  const { suite, T, D, heads, direction } = problem;
  return {
    suite,
    implementation,
    version,
    T,
    D,
    heads,
    direction,
    medianMs,
    minMs: timed.length > 0 ? Math.min(...timed) : null,
    maxMs: timed.length > 0 ? Math.max(...timed) : null,
    coldMs: measured.coldMs,
    runs: timed.length,
    gflops,
    shareOfPeak: gflops === null ? null : gflops / peak.gflops,
    maxError,
    correct: measured.problem === undefined && maxError !== null && maxError <= tolerance,
    adapter,
    ...(problem.suite === 'training' ? { model: problem.model } : {}),
    ...(sequences === undefined || medianMs === null
      ? {}
      : { sequencesPerSecond: (1000 * sequences) / (medianMs * steps) }),
    ...(measured.problem === undefined ? {} : { problem: measured.problem }),
  };
}
