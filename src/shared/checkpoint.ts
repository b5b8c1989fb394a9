import { z } from 'zod';
import { base64, loss, sumsSchema } from './protocol.ts';

/** Where the bits of a checkpoint hold: they may differ on another adapter, driver or runtime, or under another engine. */
export const originSchema = z.strictObject({
  /** Adapter with driver, and name and version of the runtime. */
  machine: z.string(),
  /** Hash of the engine. */
  engine: z.string(),
});

/** A cell under way: enough to go on from, bit by bit, alone or in any pack of cells of the same shape at the same place. */
export const checkpointSchema = z.strictObject({
  cell: z.string(),
  origin: originSchema,
  /** Optimiser steps done. */
  step: z.int().min(0),
  /** First logged step whose loss was not finite. */
  divergedAtStep: z.int().nullable(),
  /** Training curve so far. */
  curve: z.array(z.strictObject({ step: z.int().min(1), loss })),
  /** Evaluation so far: fresh training sequences, then the test lengths in order; the last point may be under way. */
  tested: z.array(sumsSchema),
  /** Time spent on the cell so far, its share of its packs'. */
  seconds: z.number().min(0),
  /** Parameters and Adam's two moments, one after the other, each float32 in `model/layout.ts` order. */
  floats: base64,
});

export type Origin = z.infer<typeof originSchema>;
export type Checkpoint = z.infer<typeof checkpointSchema>;
