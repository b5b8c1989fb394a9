import { encodingOf } from '../model/encodings/registry.ts';
import type { AnyModel, ModelConfig, Tensors } from '../shared/model-config.ts';
import { classCount } from '../shared/model-config.ts';
import type { Pack } from '../shared/protocol.ts';
import { pcg4d } from '../shared/random.ts';
import { addGradient, type LabelledSequence, labelsOf, lossOfReads, zeros } from './backward.ts';
import { referenceForward } from './forward.ts';
import { EXACT, type Rules } from './rules.ts';

/*
 * How far float32 kernels may be from the float64 reference, by backward error analysis.
 *
 * A matrix-vector product in float32 is the exact product of a nearby matrix: fl(W x) = (W + ΔW) x with |ΔW| ≤ λ √n u |W|,
 * u = 2⁻²⁴, n the length of its sums (Higham and Mary 2019, "A new approach to probabilistic rounding error analysis",
 * theorem 3.1; the worst case, n u, is never met). λ = 2 for each rounding to stay inside with 95 %. So a kernel's rounding is a
 * perturbation of its weights within that box, and of the results of exp, log, erf and ψ within WGSL's accuracy. What the box does to
 * read-outs and gradients is found by evaluating the reference at random corners of it, with fresh corners for the backward pass. The bound
 * is `SAFETY` times the largest change seen: real kernels round in all directions at once, and the worst corner is not sampled.
 */

const U = 2 ** -24;
const CORNERS = 24;
const SAFETY = 3;
const LAMBDA = 2;
/** WGSL §15.7.4.1: exp to 3 + 2|x| ulp, an ulp at most 2u. */
const expError = (x: number) => 2 * U * (3 + 2 * Math.abs(x));
/** log to 3 ulp. */
const LOG_ERROR = 6 * U;
/** Of ψ, relative to its argument: one rounding, and for GELU the erf of shaders/common/elementary.wgsl (1.5e-7, on x/2). */
const ACTIVATION_ERROR = { relu: U, gelu: 1e-7 + 8 * U };

/**
 * sin and cos of shaders/attention/rotate_rows.wgsl at a position: 3e-7 of shaders/common/elementary.wgsl, the rounding of their argument,
 * in ±π, and that of the frequency to 2⁻³² turns, which grows with the position.
 */
const turnError = (position: number) => 3e-7 + Math.PI * U + position * Math.PI * 2 ** -32;
/** An encoding's bias (model/encodings/alibi.ts), relative: exp2 of at most 8 to 3 + 2·8 ulp, and two roundings. */
const BIAS_ERROR = 2 * U * (3 + 2 * 8) + 2 * U;
/** inverseSqrt after a Newton step (shaders/common/norm.wgsl), and of the mean of squares under it. */
const ROOT_ERROR = 8 * U;

/** Absolute error bounds, the same for every element of a tensor. */
export interface Bounds {
  /** Of every read-out of each sequence. */
  outputs: number[];
  /** Of the gradient of the mean squared error, by tensor. */
  gradient: Record<string, number>;
}

/** Bounds on what float32 kernels give for a batch: read-outs at every position, and gradients of the mean loss. */
export function float32Bounds(
  model: AnyModel,
  batch: readonly LabelledSequence[],
  kind: Pack['loss'] = 'mse',
): Bounds {
  const exactGradient = gradientBy(model, model, batch, kind, EXACT);
  const outputs = batch.map(() => 0);
  const gradient: Record<string, number> = Object.fromEntries(
    Object.keys(exactGradient).map(name => [name, 0]),
  );
  for (let corner = 0; corner < CORNERS; corner++) {
    const random = signs(corner);
    const forward = perturbed(model, random);
    const rules = perturbedRules(random);
    batch.forEach(({ tokens, offset = 0 }, b) => {
      const exact = referenceForward(model, tokens, { offset }).outputs;
      const moved = referenceForward(forward, tokens, { offset, rules }).outputs;
      exact.forEach((row, i) => {
        outputs[b] = Math.max(outputs[b]!, distance(row, moved[i]!));
      });
    });
    const moved = gradientBy(forward, perturbed(model, random), batch, kind, rules);
    for (const [name, values] of Object.entries(exactGradient)) {
      gradient[name] = Math.max(gradient[name]!, distance(values, moved[name]!));
    }
  }
  return {
    outputs: outputs.map(change => SAFETY * change),
    gradient: Object.fromEntries(Object.entries(gradient).map(([name, change]) => [name, SAFETY * change])),
  };
}

/** Gradient of the mean loss, forward pass through one model and backward through another. */
function gradientBy(
  forward: AnyModel,
  back: AnyModel,
  batch: readonly LabelledSequence[],
  kind: Pack['loss'],
  rules: Rules,
): Tensors<Float64Array> {
  const gradient = zeros(forward.config);
  const labels = labelsOf(batch);
  for (const sequence of batch) {
    const { tokens, offset = 0 } = sequence;
    const trace = referenceForward(forward, tokens, { offset, rules });
    const { gradOutputs } = lossOfReads(kind, trace.outputs, sequence, labels);
    addGradient(back, sequence, trace, gradOutputs, gradient, rules);
  }
  return gradient;
}

function distance(a: Float64Array, b: Float64Array): number {
  return a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0);
}

/** ±1 at random, a stream for each corner. */
function signs(corner: number): () => number {
  let count = 0;
  return () => (pcg4d(count++, corner, 0, 0)[0] & 1 ? 1 : -1);
}

/** λ √n u for the longest sums of a model. Matrices that kernels multiply out beforehand add their lengths: twice. */
function gamma(config: ModelConfig): number {
  const { width, keyWidth, mlpWidth, heads } = config;
  const n = 2 * Math.max(width, keyWidth, mlpWidth) + heads * classCount(config);
  return LAMBDA * Math.sqrt(n) * U;
}

function perturbed({ config, tensors }: AnyModel, sign: () => number): AnyModel {
  const relative = gamma(config);
  return {
    config,
    tensors: Object.fromEntries(
      Object.entries(tensors).map(([name, values]) => [
        name,
        Float64Array.from(
          values as ArrayLike<number>,
          x => x * (1 + sign() * (name.endsWith('.phi') ? LOG_ERROR : relative)),
        ),
      ]),
    ),
  };
}

function perturbedRules(sign: () => number): Rules {
  return {
    attention(config, h, logits, parameters) {
      const weights = EXACT.attention(config, h, logits, parameters);
      const highest = Math.max(...weights);
      const { bias } = encodingOf(config.attention);
      const slope = sign() * BIAS_ERROR;
      const moved = weights.map((w, j) => {
        const error = sign() * expError(w > 0 ? Math.log(w / highest) : 0);
        return w * (1 + error + slope * bias(config, h, weights.length - 1 - j));
      });
      const total = moved.reduce((a, b) => a + b, 0);
      return moved.map(w => w / total);
    },
    attentionBackward: EXACT.attentionBackward,
    turn(position, frequency) {
      const [cos, sin] = EXACT.turn(position, frequency);
      const error = turnError(position);
      return [cos + sign() * error, sin + sign() * error];
    },
    inverseRoot: meanSquare => EXACT.inverseRoot(meanSquare) * (1 + sign() * ROOT_ERROR),
    activation(config) {
      const { value, slope } = EXACT.activation(config);
      const error = ACTIVATION_ERROR[config.activation];
      return {
        value: x => value(x) + sign() * error * Math.abs(x),
        slope: x => slope(x) * (1 + sign() * error),
      };
    },
  };
}
