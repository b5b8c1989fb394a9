import { z } from 'zod';

/**
 * What keys the random numbers of a cell, those of its data and of its initial weights: `cell`, everything that decides its training, so
 * that no two cells share any; `paired`, the seed alone, so that cells of one seed are compared on the same ones.
 */
export const streamsSchema = z.enum(['cell', 'paired']);

export type Streams = z.infer<typeof streamsSchema>;
