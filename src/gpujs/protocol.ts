import { z } from 'zod';
import { modelConfigSchema } from '../shared/model-config.ts';
import { adapterPreferenceSchema } from '../shared/protocol.ts';

/*
 * What Node asks the page of gpu.js, and what that answers. One question, one answer, as JSON.
 */

/** What `--gpujs-mode` takes. `auto`: WebGPU, else WebGL2, else the CPU. */
export const GPUJS_MODES = ['auto', 'webgpu', 'webgl2', 'cpu'] as const;
export type GpujsMode = (typeof GPUJS_MODES)[number];

export const gpujsRequestSchema = z.strictObject({
  /** Backends to try, in order. */
  modes: z.array(z.enum(['webgpu', 'webgl2'])).min(1),
  adapter: adapterPreferenceSchema,
  model: modelConfigSchema,
  /** Flat float32 parameters in `model/layout.ts` order, base64. */
  weights: z.string(),
  /** A byte a token, base64. */
  sequences: z.array(z.string()).min(1),
  allPositions: z.boolean(),
});

export const gpujsAnswerSchema = z.discriminatedUnion('event', [
  z.strictObject({
    event: z.literal('computed'),
    /** `[sequence][position][output]`; null: not finite. */
    outputs: z.array(z.array(z.array(z.number().nullable()))),
    /** Backend of gpu.js, and the device behind it as the browser names it. */
    backend: z.string(),
    device: z.string(),
  }),
  /** None of the modes is there: why not, one reason a mode. */
  z.strictObject({ event: z.literal('absent'), reasons: z.array(z.string()) }),
  z.strictObject({ event: z.literal('failed'), message: z.string() }),
]);

export type GpujsRequest = z.infer<typeof gpujsRequestSchema>;
export type GpujsAnswer = z.infer<typeof gpujsAnswerSchema>;
