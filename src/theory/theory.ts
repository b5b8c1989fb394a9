import { type ClassTables, classTables } from '../model/first-layer.ts';
import { regimeOf } from '../model/regime.ts';
import type { AnyModel, Regime } from '../shared/model-config.ts';
import { measureSimulation } from '../simulation/empirical.ts';
import type { Simulation } from '../simulation/simulate.ts';
import type { TokenSource } from '../tasks/laws.ts';
import { type Bound, type BoundInputs, boundsAt, finiteOrNull } from './bounds.ts';
import { type Certificate, certificateOf } from './certificate.ts';
import { lipschitzOf, normComplexity } from './complexity.ts';
import { logitMargin, positionalMargin, TIE } from './margins.ts';
import { type Norms, normsOf } from './norms.ts';
import { rangeComplexity } from './range.ts';
import {
  type AttentionMap,
  attentionMap,
  type EffectiveMargin,
  effectiveMargin,
  type HardmaxLength,
  hardmaxLength,
} from './sampled.ts';

/** What the theory says of one trained transformer: `theory --json`, and `theory` in `cells.jsonl` (interfaces.md). Null: not finite. */
export interface Theory {
  norms: Norms;
  logitMargin: number | null;
  /** Logits closer than this count as equal. */
  tieTolerance: number;
  effectiveMargin: number | null;
  effectiveMarginQuantiles: Record<string, number | null>;
  positionalMargin: number | null;
  /** Of layer 1's heads. */
  regimes: Regime[];
  /** L(f); null for two layers. */
  lipschitz: number | null;
  /** log10 C(f). For one layer: of the Lipschitz constant of f in the class histogram. */
  complexity: { norm: number | null; range: number | null; empirical: number | null };
  /** At the bits asked for; null without any. */
  hardmax: (HardmaxLength & { log10Predicted: number | null }) | null;
  bounds: Bound[];
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

/** A model with everything that the bounds are made of. */
export interface Analysis {
  model: AnyModel;
  theory: Theory;
  inputs: BoundInputs;
  certificate: Certificate | undefined;
  attention: AttentionMap;
}

/** Margins, norms, complexities and bounds of a model (theory.md §§4–7). Weights must be finite. */
export async function analyse(model: AnyModel, options: TheoryOptions): Promise<Analysis> {
  const { config } = model;
  const tables = classTables(model);
  const norms = normsOf(model, tables);
  const bits = options.bits ?? (config.attention.precision === 'finite' ? config.attention.bits : null);
  const certificate = certificateOf(model, tables);
  const inputs: BoundInputs = {
    config,
    bits,
    logitMargin: logitMargin(config, tables),
    positionalMargin: positionalMargin(tables),
    lipschitz: config.layers === 1 ? lipschitzOf(config, norms) : null,
    log10C: { norm: normComplexity(config, norms), range: rangeComplexity(model, tables) },
    alpha: options.alpha,
    certificates: certificate ? [certificate] : [],
  };
  const simulation = await measureSimulation(model, options.source);
  const effective = effectiveMargin(model, tables, options.source);
  const theory: Theory = {
    norms,
    logitMargin: finiteOrNull(inputs.logitMargin),
    tieTolerance: TIE,
    effectiveMargin: finiteOrNull(effective.smallest),
    effectiveMarginQuantiles: Object.fromEntries(
      Object.entries(effective.quantiles).map(([p, gap]) => [p, finiteOrNull(gap)]),
    ),
    positionalMargin: finiteOrNull(inputs.positionalMargin),
    regimes: tables.phi.map(regimeOf),
    lipschitz: finiteOrNull(inputs.lipschitz),
    complexity: {
      norm: finiteOrNull(inputs.log10C.norm),
      range: finiteOrNull(inputs.log10C.range),
      empirical: finiteOrNull(simulation.fit?.log10CAtOneThird ?? null),
    },
    hardmax: bits === null ? null : hardmaxOf(model, tables, inputs, bits, options.source),
    bounds: boundsAt(inputs, options.epsilons),
    notes: [
      ...notesOf(inputs, effective),
      ...(simulation.fit ? [] : [`empirical C(f): none, because ${whyNoFit(simulation)}`]),
    ],
  };
  return { model, theory, inputs, certificate, attention: attentionMap(model, tables, options.source) };
}

function hardmaxOf(
  model: AnyModel,
  tables: ClassTables,
  { logitMargin: gamma }: BoundInputs,
  bits: number,
  source: TokenSource,
) {
  const log10Predicted = finiteOrNull((bits / gamma) * Math.log10(2));
  return { ...hardmaxLength(model, tables, source, bits), log10Predicted };
}

function notesOf(inputs: BoundInputs, effective: EffectiveMargin): string[] {
  const { logitMargin: gamma, positionalMargin: positional, log10C, bits, config } = inputs;
  const forms = [log10C.norm, log10C.range];
  const needed = config.period + config.locality;
  return [
    ...(gamma === Infinity ? ['logit margin: infinite, because no query meets two different logits'] : []),
    ...(effective.smallest === Infinity
      ? ['effective margin: infinite, because no sampled query met two different logits']
      : []),
    ...(effective.length < needed
      ? [
          `sampled sequences of ${effective.length} tokens do not hold the τ-suffix and every residue (Δ + τ = ${needed})`,
        ]
      : []),
    ...(positional === Infinity ? ['positional margin: infinite, because every φ is 1'] : []),
    ...(forms.includes(-Infinity) ? ['C(f) is 0: the function is constant'] : []),
    ...(forms.every(log => log < Infinity) ? [] : ['C(f): beyond float64 even as a logarithm']),
    ...(bits === null ? ['2^(p/γ): infinite without a number of bits; give --bits'] : []),
  ];
}

function whyNoFit({ points }: Simulation): string {
  if (points.length === 0)
    return 'no short string of 128 tokens or fewer can hold the τ-suffix and every token of every residue';
  return points.every(({ meanError }) => Number.isFinite(meanError))
    ? 'short strings simulate long ones exactly, but for rounding'
    : 'f(x) is not finite in float64';
}
