import { z } from 'zod';
import { streamsSchema } from '../config/streams.ts';
import { testPointSchema } from '../shared/protocol.ts';
import { KINDS } from '../tasks/registry.ts';
import type { Bound } from '../theory/bounds.ts';
import { QUANTITY_NAMES } from '../theory/defined.ts';
import type { PopulationLoss } from '../theory/population.ts';
import type { AttentionMap } from '../theory/sampled.ts';
import type { Theory } from '../theory/theory.ts';

const loss = z.number().nullable();

/** What a line keeps of `Theory`: bounds without the words that are the same in every cell. */
export type CellTheory = Omit<Theory, 'bounds'> & {
  bounds: Omit<Bound, 'statement' | 'of' | 'source' | 'note'>[] | null;
};

const finite = z.number().nullable();
const regimes = z.array(z.enum(['token', 'balanced', 'position']));

const theorySchema: z.ZodType<CellTheory> = z.object({
  norms: z.record(z.string(), z.union([z.number(), z.array(z.number())])),
  logitMargin: finite,
  // What runs of older versions don't have has a default.
  attainableLogitMargin: finite.default(null),
  tieTolerance: z.number(),
  largestTie: finite.default(null),
  log10TieLength: finite.default(null),
  effectiveMargin: finite,
  effectiveMarginQuantiles: z.record(z.string(), finite).nullable(),
  positionalMargin: finite,
  positionalMargins: z.array(finite).nullable().default(null),
  regimes: regimes.nullable(),
  layerRegimes: z.array(regimes).nullable().default(null),
  lipschitz: finite,
  complexity: z.object({ norm: finite, range: finite, empirical: finite }),
  hardmax: z
    .object({
      bits: z.int(),
      measured: z.int().nullable(),
      searchedTo: z.int(),
      log10Predicted: finite,
      log10Attainable: finite.default(null),
    })
    .nullable(),
  bounds: z
    .array(
      z.object({
        name: z.string(),
        epsilon: z.number(),
        log10N: finite,
        log10NRange: finite.exactOptional(),
        applies: z.boolean(),
      }),
    )
    .nullable(),
  notDefined: z.partialRecord(z.enum(QUANTITY_NAMES), z.string()).default({}),
  notes: z.array(z.string()),
});

const attentionMapSchema: z.ZodType<AttentionMap> = z.object({
  length: z.int(),
  sequences: z.int(),
  heads: z.array(
    z.object({ argmaxMass: z.number(), residueMass: z.array(z.number()), uniformity: z.number() }),
  ),
});

const populationSchema: z.ZodType<PopulationLoss> = z.object({
  exact: z.array(z.object({ length: z.int(), loss: z.number() })),
  infinity: z
    .object({ loss: z.number(), stderr: z.number(), laws: z.int(), margin: z.number().nullable() })
    .nullable(),
});

/** One line of `cells.jsonl`: a finished cell (docs/results.md). A null loss was not finite. */
export const cellLineSchema = z.object({
  cell: z.string(),
  axes: z.record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.null()])),
  trainLoss: loss,
  trainLossStderr: loss,
  /** First step whose batch loss was not finite; null for a replica that trained to the end. */
  divergedAtStep: z.int().nullable(),
  test: z.array(z.object(testPointSchema.shape)),
  /** Null for a diverged cell; absent while it is to come (`trained.jsonl`), and in runs of older versions. */
  theory: theorySchema.nullable().optional(),
  attention: attentionMapSchema.nullable().optional(),
  /** Beside theory, in runs of versions that compute it. */
  population: populationSchema.optional(),
  /** Why theory failed, where it did. */
  theoryError: z.string().optional(),
  steps: z.int(),
  /** Share of the pack's wall time: training and testing, divided by its replicas. */
  seconds: z.number(),
  adapter: z.string(),
  /** What carried WebGPU, with its version; absent in runs of older versions. */
  driver: z.string().optional(),
  /** Hash of the engine that trained it; absent in runs of older versions. */
  engine: z.string().optional(),
  /** The run that trained it, where another took it over. */
  from: z.string().optional(),
});

export type CellLine = z.infer<typeof cellLineSchema>;

/** One line of `curves.jsonl`. */
export const curveLineSchema = z.object({ cell: z.string(), step: z.int(), loss });
export type CurveLine = z.infer<typeof curveLineSchema>;

/** What analysis and reports read of a theory: 10^5 whole ones are more than memory holds. Of the bounds only those that apply. */
export type TheoryDigest = Pick<
  CellTheory,
  | 'complexity'
  | 'logitMargin'
  | 'attainableLogitMargin'
  | 'effectiveMargin'
  | 'positionalMargin'
  | 'lipschitz'
  | 'hardmax'
  | 'notDefined'
  | 'bounds'
>;

/** A finished cell as analysis and reports read it. Any `CellLine` is one. */
export type CellResult = Omit<CellLine, 'theory'> & { theory?: TheoryDigest | null | undefined };

/** A cell's line without what only people look up in the file. */
export function digestOf({ theory, ...line }: CellLine): CellResult {
  if (!theory) return theory === undefined ? line : { ...line, theory };
  const { complexity, logitMargin, attainableLogitMargin, effectiveMargin, positionalMargin } = theory;
  const { lipschitz, hardmax, notDefined } = theory;
  const bounds = theory.bounds?.filter(({ applies }) => applies) ?? null;
  const digest = {
    complexity,
    logitMargin,
    attainableLogitMargin,
    effectiveMargin,
    positionalMargin,
    lipschitz,
    hardmax,
    notDefined,
    bounds,
  };
  return { ...line, theory: digest };
}

/** `manifest.json`: what was run, on what, by which command. */
export const manifestSchema = z.object({
  name: z.string(),
  run: z.string(),
  /** Names the grid whatever engine trains it. With `engine` absent in runs of older versions, whose `run` is their grid. */
  grid: z.string().optional(),
  /** Hash of the engine that trains the run. */
  engine: z.string().optional(),
  /** Digests of the WGSL that draws and labels, by the law's name; absent in runs whose engine's hash covers it. */
  sources: z.record(z.string(), z.string()).optional(),
  /** The part of the grid that is trained here, where it is shared out: `3/8`. */
  shard: z.string().optional(),
  /** The experiment as validated, axes as lists; here only what analysis reads of it. */
  experiment: z.looseObject({
    // A plug-in may be gone: what it was is named, and its results can be read.
    task: z
      .looseObject({ kind: z.string(), source: z.string().optional() })
      .refine(({ kind, source }) => source !== undefined || KINDS.includes(kind), {
        path: ['kind'],
        message: 'no task of this version, and no plug-in',
      }),
    epsilon: z.array(z.number().positive()),
    // In runs of older versions cells of one seed share their random numbers.
    streams: streamsSchema.default('paired'),
  }),
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
