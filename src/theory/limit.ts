import { type ClassTables, classTables, throughMlp } from '../model/first-layer.ts';
import { isDeep } from '../model/paths.ts';
import { add, dot, multiply, multiplyTransposed, type Vector } from '../shared/linear.ts';
import { type AnyModel, classCount } from '../shared/model-config.ts';
import { gramAt, gramFrequencies, type TokenChain, tokensOfGram } from '../tasks/laws/chain.ts';
import { hasInfinitePrecision, isDefined } from './defined.ts';
import { suffixBiases } from './margins.ts';

/*
 * T = ∞ (docs/theory.md §12). On almost every string of an ergodic law class frequencies tend to their stationary law μ. With m = max φ of
 * a head, e^{c} i^{φ} against the body's i Σ_c μ(c) e^{c} leaves of its attention, as i → ∞,
 *
 *     m > 1   the offsets where φ = m, by e^{c}
 *     m < 1   the body: class c with weight μ(c) e^{c}
 *     m = 1   both: class c with weight μ(c) e^{c}, an offset where φ = 1 with weight e^{c}
 *
 * So layer 1's state tends to a function of the residue and of the last tokens, as far back as such an offset goes: a gram. Layer 2 sees
 * grams as layer 1 saw classes, with the stationary law of grams for μ: early positions, whose states are still on their way, have a
 * vanishing share of the body. What is left at a finite i is of order i^{−γ}, γ the layer's positional margin, beside the fluctuation
 * of the frequencies, i^{−1/2}.
 */

/** What of a head is left at T = ∞. */
export interface Settled {
  /** Whether the body before the suffix keeps a share. */
  body: boolean;
  /** Offsets that keep a share. */
  offsets: number[];
}

/** What of a head is left at T = ∞, by its φ [τ+1]. Ties are exact ones: φ that differ part in the end. */
export function settledOf(phi: ArrayLike<number>): Settled {
  const biases = Array.from(phi);
  const top = Math.max(...biases);
  return {
    body: top <= 1,
    offsets: top < 1 ? [] : biases.flatMap((bias, t) => (bias === top ? [t] : [])),
  };
}

/** How many tokens a layer's settled attention goes back: its largest offset that keeps a share, and the query itself. */
export function reachOf(phi: readonly ArrayLike<number>[]): number {
  return 1 + Math.max(0, ...phi.flatMap(row => settledOf(row).offsets));
}

/** Softmax over weighted values: (log weight, value) each. */
type Atom = [log: number, value: Vector];

/** Atoms as one: their total weight, and their mean. */
function merged(atoms: Atom[]): Atom {
  const highest = atoms.reduce((most, [log]) => Math.max(most, log), -Infinity);
  const mean = new Float64Array(atoms[0]![1].length);
  let total = 0;
  for (const [log, value] of atoms) {
    const weight = Math.exp(log - highest);
    total += weight;
    add(mean, value, weight);
  }
  return [highest + Math.log(total), mean.map(x => x / total)];
}

/** f at T = ∞ for one token law. */
export interface LimitFunction {
  /** Last tokens that it depends on. */
  reach: number;
  /** f of strings that end with `last`, at least `reach` tokens, at a position of residue `residue` [outputs]. */
  output(last: ArrayLike<number>, residue?: number): Vector;
}

/** y^(1) at T = ∞. */
export interface LimitStates {
  /** Tokens of a gram. */
  reach: number;
  /** The state of a position whose last `reach` tokens are a gram, by gram and residue [d]. */
  at(gram: number, residue: number): Vector;
}

/**
 * Layer 1 at T = ∞, for limit models in infinite precision, by grams of `reach` tokens. μ(class) may be left out where no head looks at the
 * body.
 */
export function limitStates(
  model: AnyModel,
  tables: ClassTables,
  frequencies?: Vector,
  reach = reachOf(tables.phi),
): LimitStates {
  const { vocabulary: S, period, heads } = model.config;
  const settled = tables.phi.map(settledOf);
  const known = new Map<number, Vector>();
  const compute = (gram: number, residue: number) => {
    const tokens = tokensOfGram(gram, reach, S);
    const classAt = (t: number) => tokens[reach - 1 - t]! * period + residueAt(residue, t, period);
    const query = classAt(0);
    const Y = tables.embedding[query]!.slice();
    for (let h = 0; h < heads; h++) {
      const { body, offsets } = settled[h]!;
      const [logits, values] = [tables.logits[h]![query]!, tables.values[h]!];
      const atoms = offsets.map((t): Atom => [logits[classAt(t)]!, values[classAt(t)]!]);
      if (body)
        values.forEach((value, c) => {
          atoms.push([Math.log(frequencies![c]!) + logits[c]!, value]);
        });
      add(Y, merged(atoms)[1]);
    }
    return throughMlp(model, 0, Y);
  };
  return {
    reach,
    at(gram, residue) {
      const key = gram * period + residueAt(residue, 0, period);
      const state = known.get(key) ?? compute(gram, residue);
      known.set(key, state);
      return state;
    },
  };
}

/** f at T = ∞ on strings of an ergodic law, for limit models of one or two layers in infinite precision without norm. */
export function limitFunction(
  model: AnyModel,
  chain: TokenChain,
  tables: ClassTables = classTables(model),
): LimitFunction {
  const { config, tensors } = model;
  if (!isDefined('simulation', config) || !hasInfinitePrecision(config.attention))
    throw new Error('no limit at T = ∞: this takes infinite precision, no norm, one or two layers');
  const { vocabulary: S, period, outputs } = config;
  const frequencies = new Float64Array(classCount(config));
  for (let r = 0; r < period; r++)
    gramFrequencies(chain, 1, r).forEach((p, x) => {
      frequencies[x * period + r] = p / period;
    });
  const states = limitStates(model, tables, frequencies);
  const { reach } = states;
  if (!isDeep(config))
    return {
      reach,
      output: (last, residue = 0) =>
        multiply(tensors.unembed!, states.at(gramAt(last, reach, S), residue), outputs),
    };
  const second = secondLayer(model, states, chain);
  const back = reachOf(suffixBiases(model)[1]!) - 1;
  return { reach: reach + back, output: (last, residue = 0) => second(last, residue) };
}

function secondLayer(model: AnyModel, states: LimitStates, chain: TokenChain) {
  const { config, tensors } = model;
  const { vocabulary: S, period, outputs, width: d, keyWidth, attention } = config;
  const { reach } = states;
  const settled = suffixBiases(model)[1]!.map(settledOf);
  const all = Array.from({ length: period }, (_, r) => {
    const law = gramFrequencies(chain, reach, r);
    return Array.from(law, (p, gram) => ({ log: Math.log(p / period), y: states.at(gram, r) }));
  }).flat();
  const bodies = new Map<string, Atom>();
  return (last: ArrayLike<number>, residue: number): Vector => {
    const gram = gramAt(last, reach, S);
    const own = states.at(gram, residue);
    const Y = own.slice();
    settled.forEach(({ body, offsets }, h) => {
      const query = multiply(tensors['layer.1.query']!, own, keyWidth, h * keyWidth * d);
      const direction = multiplyTransposed(tensors['layer.1.key']!, query, d, h * keyWidth * d);
      const logit = (y: Vector) => attention.scale * dot(y, direction);
      const atoms = offsets.map((t): Atom => {
        const y = states.at(gramAt(last, reach, S, t), residueAt(residue, t, period));
        return [logit(y), y];
      });
      if (body) {
        const key = `${h},${gram},${residueAt(residue, 0, period)}`;
        const known = bodies.get(key) ?? merged(all.map(({ log, y }): Atom => [log + logit(y), y]));
        bodies.set(key, known);
        atoms.push(known);
      }
      add(Y, multiply(tensors['layer.1.value']!, merged(atoms)[1], d, h * d * d));
    });
    return multiply(tensors.unembed!, throughMlp(model, 1, Y), outputs);
  };
}

/** The residue `t` positions before one of residue `residue`. */
function residueAt(residue: number, t: number, period: number): number {
  return (((residue - t) % period) + period) % period;
}
