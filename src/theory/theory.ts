import { encodingOf } from '../model/encodings/registry.ts';
import { type ClassTables, classTables } from '../model/first-layer.ts';
import { regimeOf } from '../model/regime.ts';
import { type AnyModel, isSoftmax, type ModelConfig, type Regime } from '../shared/model-config.ts';
import { measureSimulation } from '../simulation/empirical.ts';
import type { Simulation } from '../simulation/simulate.ts';
import type { TokenSource } from '../tasks/laws/registry.ts';
import { type Bound, type BoundInputs, boundsAt, finiteOrNull } from './bounds.ts';
import { type Certificate, certificateOf } from './certificate.ts';
import { lipschitzOf, normComplexity } from './complexity.ts';
import { bitsOf, isDefined, isOneLayer, type Quantity, undefinedLines, undefinedOf } from './defined.ts';
import {
  attainableLogitMargin,
  largestTie,
  logitMargin,
  positionalMargin,
  suffixBiases,
  TIE,
} from './margins.ts';
import { type NamedNorms, type Norms, namedNorms, normsOf } from './norms.ts';
import { rangeComplexity } from './range.ts';
import { reachableStates } from './reachable.ts';
import {
  type AttentionMap,
  attentionMap,
  type EffectiveMargin,
  effectiveMargin,
  type HardmaxLength,
  hardmaxLength,
} from './sampled.ts';
import { steepestSlopes } from './slope-bound.ts';

/**
 * What the theory says of one trained transformer: `theory --json`, and `theory` in `cells.jsonl` (docs/results.md, "What --json prints").
 * Null: not finite, or not defined for the model, which `notDefined` tells apart.
 */
export interface Theory {
  norms: NamedNorms;
  /** Of layer 1: γ as it is defined, of every two logits that a query can meet. */
  logitMargin: number | null;
  /** Of layer 1: γ of logits that can meet as the largest and another of one softmax. */
  attainableLogitMargin: number | null;
  /** Logits closer than this count as equal. */
  tieTolerance: number;
  /** The largest gap that counts as equal; 0 where what counts as equal is so. */
  largestTie: number | null;
  /** log10 of 2^(p/gap), up to which it does; null without a gap, or without bits. */
  log10TieLength: number | null;
  effectiveMargin: number | null;
  effectiveMarginQuantiles: Record<string, number | null> | null;
  /** Of layer 1. */
  positionalMargin: number | null;
  /** Of every layer. */
  positionalMargins: (number | null)[] | null;
  /** Of layer 1's heads, by φ alone. */
  regimes: Regime[] | null;
  /** Of every head [layer][head], in infinite precision. */
  layerRegimes: Regime[][] | null;
  /** L(f) of one layer. */
  lipschitz: number | null;
  /** log10 C(f). For one layer: of the Lipschitz constant of f in the class histogram. */
  complexity: { norm: number | null; range: number | null; empirical: number | null };
  /** At the bits asked for; null without any. */
  hardmax: (HardmaxLength & { log10Predicted: number | null; log10Attainable: number | null }) | null;
  bounds: Bound[] | null;
  /** What is not defined for the model, with what the model has instead. */
  notDefined: Partial<Record<Quantity, string>>;
  /** In words: whatever is infinite, zero or missing above. */
  notes: string[];
}

export interface TheoryOptions {
  epsilons: readonly number[];
  /** p; null: the model's own, if it has one. */
  bits: number | null;
  /** α0 of Theorem 4.2. */
  alpha: number;
  /** Where sampled sequences come from. */
  source: TokenSource;
}

/** A model with everything that the bounds are made of; undefined where bounds are (`defined.ts`). */
export interface Analysis {
  model: AnyModel;
  theory: Theory;
  inputs: BoundInputs | undefined;
  certificate: Certificate | undefined;
  /** Null where layer 1 does not see classes. */
  attention: AttentionMap | null;
}

/** Margins, norms, complexities and bounds of a model (docs/theory.md §§4–7), as far as they are defined for it. Weights must be finite. */
export async function analyse(given: AnyModel, options: TheoryOptions): Promise<Analysis> {
  const model = inDouble(given);
  const { config } = model;
  const { source, epsilons } = options;
  const norms = normsOf(model);
  const phi = isDefined('positionalMargin', config) ? suffixBiases(model) : null;
  const positional = phi?.map(positionalMargin);
  const first = isDefined('logitMargin', config) ? firstLayerOf(model, options) : null;
  const inputs =
    first && positional && isDefined('bounds', config)
      ? boundInputs(model, options, { norms, first, positionalMargin: Math.min(...positional) })
      : undefined;
  const simulation = isDefined('simulation', config)
    ? await measureSimulation(model, source, first?.tables)
    : undefined;
  const theory: Theory = {
    norms: namedNorms(norms),
    logitMargin: finiteOrNull(first?.logitMargin ?? null),
    attainableLogitMargin: finiteOrNull(first?.attainable ?? null),
    tieTolerance: TIE,
    largestTie: first?.tie ?? null,
    log10TieLength: first && hardmaxLog10(first.tie, bitsIn(model, options)),
    effectiveMargin: finiteOrNull(first?.effective.smallest ?? null),
    effectiveMarginQuantiles: first && mapValues(first.effective.quantiles, finiteOrNull),
    positionalMargin: finiteOrNull(positional?.[0] ?? null),
    positionalMargins: positional?.map(finiteOrNull) ?? null,
    regimes: phi?.[0]?.map(regimeOf) ?? null,
    layerRegimes: phi && isDefined('layerRegimes', config) ? phi.map(layer => layer.map(regimeOf)) : null,
    lipschitz: finiteOrNull(inputs?.lipschitz ?? null),
    complexity: {
      norm: finiteOrNull(inputs?.log10C.norm ?? null),
      range: finiteOrNull(inputs?.log10C.range ?? null),
      empirical: finiteOrNull(simulation?.fit?.log10CAtRate ?? null),
    },
    hardmax: first && hardmaxOf(model, first, options),
    bounds: inputs ? boundsAt(inputs, epsilons) : null,
    notDefined: undefinedOf(config),
    notes: [
      ...undefinedLines(config),
      ...normNotes(config),
      ...(first ? firstLayerNotes(model, first) : []),
      ...(positional ? positionalNotes(positional) : []),
      ...(inputs ? boundNotes(inputs) : []),
      ...(simulation && !simulation.fit ? [`empirical C(f): none, because ${whyNoFit(simulation)}`] : []),
    ],
  };
  return {
    model,
    theory,
    inputs,
    certificate: inputs?.certificates[0],
    attention: first && attentionMap(model, first.tables, source),
  };
}

/** A model whose tensors are float64, as everything below computes: loops are slow over what is now one kind of array, now another. */
function inDouble({ config, tensors }: AnyModel): AnyModel {
  const doubles = Object.entries(tensors).map(([name, tensor]) => [name, Float64Array.from(tensor)] as const);
  return { config, tensors: Object.fromEntries(doubles) };
}

/** What the class tables of layer 1 give. */
interface FirstLayerTheory {
  tables: ClassTables;
  logitMargin: number;
  /** The attainable logit margin. */
  attainable: number;
  /** The largest gap that counts as a tie. */
  tie: number;
  effective: EffectiveMargin;
}

function firstLayerOf(model: AnyModel, { source }: TheoryOptions): FirstLayerTheory {
  const tables = classTables(model);
  return {
    tables,
    logitMargin: logitMargin(model.config, tables),
    attainable: attainableLogitMargin(model.config, tables),
    tie: largestTie(model.config, tables),
    effective: effectiveMargin(model, tables, source),
  };
}

function boundInputs(
  model: AnyModel,
  options: TheoryOptions,
  { norms, first, positionalMargin }: { norms: Norms; first: FirstLayerTheory; positionalMargin: number },
): BoundInputs {
  const { config } = model;
  const { tables, logitMargin } = first;
  const sets = reachableStates(model, tables);
  const steepest = isOneLayer(config) ? steepestSlopes(model, sets, norms) : undefined;
  const certificate = certificateOf(model, tables, steepest);
  return {
    config,
    bits: bitsIn(model, options),
    logitMargin,
    positionalMargin,
    lipschitz: isDefined('lipschitz', config) ? lipschitzOf(config, norms) : null,
    log10C: {
      norm: normComplexity(config, norms),
      range: rangeComplexity(model, tables, sets, { steepest, norms }),
    },
    alpha: options.alpha,
    certificates: certificate ? [certificate] : [],
  };
}

function hardmaxOf(
  model: AnyModel,
  { tables, logitMargin, attainable }: FirstLayerTheory,
  options: TheoryOptions,
): Theory['hardmax'] {
  const bits = bitsIn(model, options);
  if (bits === null) return null;
  return {
    ...hardmaxLength(model, tables, options.source, bits),
    log10Predicted: hardmaxLog10(logitMargin, bits),
    log10Attainable: hardmaxLog10(attainable, bits),
  };
}

/** p: what was asked for, else the model's own. */
const bitsIn = ({ config }: AnyModel, { bits }: TheoryOptions) => bits ?? bitsOf(config.attention);

/** log10 of 2^(p/gap), from which on a weight that far below the largest is rounded to 0. */
function hardmaxLog10(gap: number, bits: number | null): number | null {
  return bits === null ? null : finiteOrNull((bits / gap) * Math.log10(2));
}

/** What norms leave out, and what R0 is of, where it is not the classes of docs/theory.md §4. */
function normNotes({ attention, norm, ...config }: ModelConfig): string[] {
  const gains =
    norm === 'none' ? [] : [`norms are of the matrices alone: the gains of norm ${norm} are not in them`];
  if (!isSoftmax(attention)) return gains;
  const encoding = encodingOf(attention);
  const rows = encoding.positionRows({ ...config, attention });
  return [
    ...gains,
    rows > 0
      ? `R0: the largest ‖E + P‖ over tokens and the ${rows} rows of the position table`
      : `R0: the largest ‖E‖ over tokens, to which encoding ${encoding.kind} adds nothing`,
    ...(encoding.rotates ? ['‖s KᵀQ‖: of equal positions, as others are turned against each other'] : []),
    ...(attention.logScale ? ['‖s KᵀQ‖: without the factor σ log i'] : []),
  ];
}

function firstLayerNotes({ config }: AnyModel, { logitMargin, effective }: FirstLayerTheory): string[] {
  const needed = config.period + config.locality;
  return [
    ...(logitMargin === Infinity
      ? ['logit margin: infinite, because no query meets two different logits']
      : []),
    ...(effective.smallest === Infinity
      ? ['effective margin: infinite, because no sampled query met two different logits']
      : []),
    ...(effective.length < needed
      ? [
          `sampled sequences of ${effective.length} tokens do not hold the τ-suffix and every residue (Δ + τ = ${needed})`,
        ]
      : []),
  ];
}

function positionalNotes(positional: number[]): string[] {
  const infinite = positional.flatMap((margin, l) => (margin === Infinity ? [l + 1] : []));
  if (infinite.length === 0) return [];
  const where = infinite.length === positional.length ? '' : ` of layer ${infinite.join(', ')}`;
  return [`positional margin${where}: infinite, because every φ is 1`];
}

function boundNotes({ log10C, bits }: BoundInputs): string[] {
  const forms = [log10C.norm, log10C.range];
  return [
    ...(forms.includes(-Infinity) ? ['C(f) is 0: the function is constant'] : []),
    ...(forms.every(log => log < Infinity) ? [] : ['C(f): beyond float64 even as a logarithm']),
    ...(bits === null ? ['2^(p/γ): infinite without a number of bits; give --bits'] : []),
  ];
}

function mapValues<A, B>(record: Record<string, A>, map: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}

function whyNoFit({ points }: Simulation): string {
  if (points.length === 0)
    return 'no short string of 128 tokens or fewer can hold the τ-suffix and every token of every residue';
  return points.every(({ meanError }) => Number.isFinite(meanError))
    ? 'short strings simulate long ones exactly, but for rounding'
    : 'f(x) is not finite in float64';
}
