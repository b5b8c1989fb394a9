import type { ModelConfig } from '../shared/model-config.ts';
import type { PhiInit } from '../shared/protocol.ts';
import { pcg4d, STREAM, streamKey } from '../shared/random.ts';
import { layoutOf, type TensorSlot } from './layout.ts';

/** How a model starts. */
export interface Initialisation {
  /** φ is drawn uniformly from an interval; `offsets`: `offsetPhi`. */
  phiInit: PhiInit;
  /** Width at which μP's multipliers are 1. */
  baseWidth: number;
  seed: number;
}

/** Where one kind of tensor starts and, as μP says (Yang et al. 2022, Tensor Programs V, table 8), how fast Adam moves it. */
interface Scaling {
  mean?: number;
  std: number;
  rate: number;
}

function scaling(name: string, { width: d, mlpWidth: m }: ModelConfig, baseWidth: number): Scaling {
  const hidden = baseWidth / d;
  switch (name.split('.').at(-1)) {
    case 'embed':
    case 'position':
      return { std: 1, rate: 1 };
    case 'query':
    case 'key':
    case 'value':
    case 'mlp_in':
      return { std: 1 / Math.sqrt(d), rate: hidden };
    case 'mlp_out':
      return { std: 1 / Math.sqrt(m), rate: hidden };
    case 'unembed':
      // Output weights shrink one root of the width faster than hidden ones.
      return { std: Math.sqrt(baseWidth) / d, rate: hidden };
    case 'mlp_bias':
      return { std: 0, rate: 1 };
    case 'phi':
      return { std: 0, rate: 1 };
    case 'attention_norm':
    case 'mlp_norm':
    case 'final_norm':
    // σ = 1: the logits times log i, as finite precision has them; queries from 0 keep attention uniform at first all the same.
    case 'log_scale':
      return { mean: 1, std: 0, rate: 1 };
    default:
      throw new Error(`no μP scaling for ${name}`);
  }
}

/**
 * φ at a head's own offset: what else it sees fades like i^{1−φ}. Measured on 1-grams of two tokens (N = 64, one seed): from 1.5 the
 * layer is far from exact at N and the loss at T = 4096 is seven times that from 3; from 5 the rest of the model leans on the first
 * position, and the loss rises.
 */
const HARD_PHI = 3;

/**
 * φ of a layer whose h-th head looks at offset h mod (τ+1), hard, [H, τ+1] (docs/theory.md §13; h from 1, as the query's own token is
 * in its state already). In a first layer that is what an induction head needs from the start, and what is left to learn is to match;
 * later layers start at φ = 0, where content alone decides.
 */
function offsetPhi(first: boolean, { heads, locality }: ModelConfig): Float32Array {
  const offsets = locality + 1;
  const phi = new Float32Array(heads * offsets);
  if (first) for (let h = 0; h < heads; h++) phi[h * offsets + ((h + 1) % offsets)] = HARD_PHI;
  return phi;
}

const TWO_POW_32 = 2 ** 32;

interface Drawn {
  normal: number;
  uniform: number;
}

/** Standard normal and uniform numbers of one parameter: counter-based, so that no tensor depends on another's size. */
function draw(key: number, slot: number, index: number): Drawn {
  const [a, b, c] = pcg4d(index, slot, 0, key);
  const radius = Math.sqrt(-2 * Math.log((a + 1) / (TWO_POW_32 + 1)));
  return { normal: radius * Math.cos((2 * Math.PI * b) / TWO_POW_32), uniform: c / TWO_POW_32 };
}

/**
 * μP initial weights, flat float32 in `layoutOf` order [stride]. Deterministic in the seed. Queries are 0 (Yang et al. 2022, appendix D.2):
 * attention to content starts uniform. From random queries it saturates before the rest has learned anything, and stays so: on SimpleTask
 * with ω = 4 and N = 4 the training loss then ends at 0.1, from zero at 1e-5.
 */
export function initialise(config: ModelConfig, initialisation: Initialisation): Float32Array {
  const flat = randomWeights(config, initialisation);
  for (const { name, offset, size } of layoutOf(config).slots)
    if (name.endsWith('.query')) flat.fill(0, offset, offset + size);
  return flat;
}

/**
 * Weights of the sizes that training starts from, queries among them: for checks and timings, where uniform attention would hide mistakes.
 */
export function randomWeights(
  config: ModelConfig,
  { phiInit, baseWidth, seed }: Initialisation,
): Float32Array {
  const layout = layoutOf(config);
  const key = streamKey(seed, STREAM.initialise);
  const flat = new Float32Array(layout.stride);
  layout.slots.forEach(({ name, offset, size }, s) => {
    const { mean = 0, std } = scaling(name, config, baseWidth);
    const value = ({ normal, uniform }: Drawn): number => {
      if (!name.endsWith('.phi') || phiInit === 'offsets') return mean + std * normal;
      const [low, high] = phiInit;
      return low + (high - low) * uniform;
    };
    for (let i = 0; i < size; i++) flat[offset + i] = value(draw(key, s, i));
    if (phiInit === 'offsets' && name.endsWith('.phi'))
      flat.set(offsetPhi(name === 'layer.0.phi', config), offset);
  });
  return flat;
}

/** μP's factor on Adam's learning rate for every parameter, flat in `layoutOf` order [stride]; 0 in the padding. */
export function learningRateMultipliers(config: ModelConfig, baseWidth: number): Float32Array {
  const layout = layoutOf(config);
  const flat = new Float32Array(layout.stride);
  const fill = (slot: TensorSlot) =>
    flat.fill(scaling(slot.name, config, baseWidth).rate, slot.offset, slot.offset + slot.size);
  layout.slots.forEach(fill);
  return flat;
}
