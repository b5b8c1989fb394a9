import { type ClassTables, classTables } from '../model/first-layer.ts';
import { regimeOf } from '../model/regime.ts';
import type { AnyModel, Regime } from '../shared/model-config.ts';
import { measureSimulation } from '../simulation/empirical.ts';
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
  const { fit, points } = await measureSimulation(model, options.source);
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
      empirical: finiteOrNull(fit?.log10CAtOneThird ?? null),
    },
    hardmax: bits === null ? null : hardmaxOf(model, tables, inputs, bits, options.source),
    bounds: boundsAt(inputs, options.epsilons),
    notes: notesOf(inputs, effective.smallest, points.length > 0 && fit !== undefined),
  };
  return { theory, inputs, certificate, attention: attentionMap(model, tables, options.source) };
}

/** The bounds of a trained f against a target g: the larger constants and the smaller margins. Shapes must agree in Σ. */
export function pairInputs(f: BoundInputs, g: BoundInputs): BoundInputs {
  const larger = (a: number | null, b: number | null) => (a === null || b === null ? null : Math.max(a, b));
  return {
    ...f,
    config: {
      ...f.config,
      period: Math.max(f.config.period, g.config.period),
      locality: Math.max(f.config.locality, g.config.locality),
    },
    logitMargin: Math.min(f.logitMargin, g.logitMargin),
    positionalMargin: Math.min(f.positionalMargin, g.positionalMargin),
    lipschitz: larger(f.lipschitz, g.lipschitz),
    log10C: {
      norm: Math.max(f.log10C.norm, g.log10C.norm),
      range: Math.max(f.log10C.range, g.log10C.range),
    },
    certificates:
      f.certificates.length > 0 && g.certificates.length > 0 ? [...f.certificates, ...g.certificates] : [],
  };
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

function notesOf(inputs: BoundInputs, effective: number, fitted: boolean): string[] {
  const { logitMargin: gamma, positionalMargin: positional, log10C, bits } = inputs;
  const zero = (value: number) => value === -Infinity;
  return [
    ...(gamma === Infinity ? ['logit margin: infinite, because no query meets two different logits'] : []),
    ...(effective === Infinity
      ? ['effective margin: infinite, because no sampled query met two different logits']
      : []),
    ...(positional === Infinity ? ['positional margin: infinite, because every φ is 1'] : []),
    ...(zero(log10C.norm) || zero(log10C.range) ? ['C(f) is 0: the function is constant'] : []),
    ...(log10C.norm === Infinity ? ['C(f), norm form: beyond float64 even as a logarithm'] : []),
    ...(fitted ? [] : ['empirical C(f): none, because short strings simulate long ones exactly']),
    ...(bits === null
      ? ['2^(p/γ): infinite, because no number of bits was given and the model has none']
      : []),
  ];
}
