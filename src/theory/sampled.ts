import { quantileSorted } from 'simple-statistics';
import { type ClassTables, FirstLayer } from '../model/first-layer.ts';
import type { AnyModel } from '../shared/model-config.ts';
import { drawTokens, type TokenSource } from '../tasks/laws/registry.ts';
import { gapBelowTop, TIE } from './margins.ts';

/**
 * The effective margin of layer 1 (docs/theory.md §4): gaps between the largest and the next logit met, a = c + φ, at the last position.
 */
export interface EffectiveMargin {
  /** The smallest gap over sequences and heads; infinite when no query met two different logits. */
  smallest: number;
  /** 1 %, 10 % and 50 % quantiles. */
  quantiles: Record<'0.01' | '0.1' | '0.5', number>;
  sequences: number;
  length: number;
}

const SEQUENCES = 64;
/** Length of the sampled sequences (plus up to Δ − 1, so that every residue is met). */
const LENGTH = 1024;

/** A model with the attention rule of finite precision at `bits`. */
export function asFinite(model: AnyModel, bits: number | null): AnyModel {
  const { scale } = model.config.attention;
  return { ...model, config: { ...model.config, attention: { precision: 'finite', bits, scale } } };
}

/** Measures the effective margin over sampled sequences. */
export function effectiveMargin(model: AnyModel, tables: ClassTables, source: TokenSource): EffectiveMargin {
  const finite = asFinite(model, null);
  const gaps: number[] = [];
  for (let s = 0; s < SEQUENCES; s++) {
    const layer = after(finite, tables, drawTokens(source, s, LENGTH + (s % model.config.period)));
    for (let h = 0; h < model.config.heads; h++)
      gaps.push(gapBelowTop(layer.scores(h).filter(score => score > -Infinity)));
  }
  gaps.sort((a, b) => a - b);
  const quantile = (p: number) => quantileSorted(gaps, p);
  return {
    smallest: gaps[0]!,
    quantiles: { '0.01': quantile(0.01), '0.1': quantile(0.1), '0.5': quantile(0.5) },
    sequences: SEQUENCES,
    length: LENGTH,
  };
}

/** From which length on attention at p bits is hardmax. */
export interface HardmaxLength {
  bits: number;
  /**
   * The first length of the grid from which on, in every sampled sequence, at most 2^−p of the mass lies off the argmax. Null: not up to
   * `searchedTo`.
   */
  measured: number | null;
  searchedTo: number;
}

const LONGEST_SEARCHED = 16384;

/** Measures it on prefixes of sampled sequences, at lengths 4, 4·2^¼, …, 16384. */
export function hardmaxLength(
  model: AnyModel,
  tables: ClassTables,
  source: TokenSource,
  bits: number,
): HardmaxLength {
  const finite = asFinite(model, bits);
  const { heads, period } = model.config;
  const grid: number[] = [];
  for (let quarter = 8; 2 ** (quarter / 4) <= LONGEST_SEARCHED; quarter++)
    grid.push(Math.round(2 ** (quarter / 4)));
  /** The longest length of the grid at which some sequence had more mass off the argmax. */
  let fails = 0;
  for (let s = 0; s < SEQUENCES; s++) {
    const tokens = drawTokens(source, s, LONGEST_SEARCHED + period);
    const layer = new FirstLayer(finite, tables);
    for (const length of grid) {
      while (layer.position < length + (s % period)) layer.see(tokens[layer.position]!);
      for (let h = 0; h < heads && length > fails; h++)
        if (1 - argmaxMass(layer, h) > 2 ** -bits) fails = length;
    }
  }
  const measured = grid.find(length => length > fails);
  return { bits, measured: measured ?? null, searchedTo: LONGEST_SEARCHED };
}

/** Share of a head's attention that lies on its largest logits. */
function argmaxMass(layer: FirstLayer, h: number): number {
  const scores = layer.scores(h);
  const highest = scores.reduce((a, b) => Math.max(a, b), -Infinity);
  return layer.attention(h).reduce((sum, w, a) => (scores[a]! >= highest - TIE ? sum + w : sum), 0);
}

/** Layer-1 attention at the last position, over sampled sequences: the paper's Figure 3 in numbers. Means over sequences. */
export interface AttentionMap {
  length: number;
  sequences: number;
  heads: {
    /** Mass on the largest logits. */
    argmaxMass: number;
    /** Mass on positions j ≡ r (mod Δ), by r. */
    residueMass: number[];
    /** 1 − total variation between the attention within the residue of most mass and the uniform law on it: 1 is uniform. */
    uniformity: number;
  }[];
}

/** The attention map of a model at sequences of about `length` tokens. */
export function attentionMap(
  model: AnyModel,
  tables: ClassTables,
  source: TokenSource,
  length = LENGTH,
): AttentionMap {
  const { heads, period } = model.config;
  const sums = Array.from({ length: heads }, () => ({
    argmaxMass: 0,
    residueMass: Array<number>(period).fill(0),
    uniformity: 0,
  }));
  for (let s = 0; s < SEQUENCES; s++) {
    // Figure 3 is one query residue; here every residue of the last position takes part.
    const layer = after(model, tables, drawTokens(source, s, length + (s % period)));
    sums.forEach((sum, h) => {
      const attention = layer.attention(h);
      sum.argmaxMass += argmaxMass(layer, h) / SEQUENCES;
      const residues = Array<number>(period).fill(0);
      attention.forEach((w, a) => {
        residues[classAt(layer, a) % period]! += w;
      });
      residues.forEach((mass, r) => {
        sum.residueMass[r]! += mass / SEQUENCES;
      });
      const top = residues.indexOf(Math.max(...residues));
      sum.uniformity += uniformity(layer, attention, top, period, residues[top]!) / SEQUENCES;
    });
  }
  return { length, sequences: SEQUENCES, heads: sums };
}

function classAt(layer: FirstLayer, atom: number): number {
  const classes = layer.counts.length;
  return atom < classes ? atom : layer.suffix[atom - classes]!;
}

function uniformity(
  layer: FirstLayer,
  attention: Float64Array,
  residue: number,
  period: number,
  mass: number,
): number {
  const counted = Array.from(attention, (w, a) => ({
    w,
    n: layer.counts[a] ?? 1,
    r: classAt(layer, a) % period,
  }));
  const own = counted.filter(({ n, r }) => r === residue && n > 0);
  const positions = own.reduce((sum, { n }) => sum + n, 0);
  return 1 - own.reduce((sum, { w, n }) => sum + Math.abs(w / mass - n / positions), 0) / 2;
}

function after(model: AnyModel, tables: ClassTables, tokens: Uint8Array): FirstLayer {
  const layer = new FirstLayer(model, tables);
  for (const token of tokens) layer.see(token);
  return layer;
}
