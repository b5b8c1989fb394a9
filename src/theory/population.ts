import type { AnyModel } from '../shared/model-config.ts';
import type { TokenSource } from '../tasks/laws/registry.ts';
import type { Knobs, Task } from '../tasks/task.ts';
import { hasInfinitePrecision, isDefined } from './defined.ts';
import { exactLoss, termsOf, whyNoExactLoss } from './exact-loss.ts';
import { lossAtInfinity } from './limit-loss.ts';
import { positionalMargin, suffixBiases } from './margins.ts';

/** Losses of a trained model that no test strings are drawn for: expectations, and what the test loss tends to. */
export interface PopulationLoss {
  /** L(T) without sampling error, at the test lengths where the sum is short enough and finite (docs/theory.md §11). */
  exact: { length: number; loss: number }[];
  /** L(∞) over token laws drawn from the prior (docs/theory.md §12); null where f has no limit that is known. */
  infinity: {
    loss: number;
    stderr: number;
    laws: number;
    /**
     * γ, the smallest positional margin of the layers: at a finite T the attention is off its limit by the order of T^{−γ}. Null: nothing
     * is.
     */
    margin: number | null;
  } | null;
}

export interface Measured {
  source: TokenSource;
  task: Task;
  knobs: Knobs;
  /** Nominal test lengths: strings of T … T+Δ−1 tokens in equal parts. */
  lengths: readonly number[];
}

/** Terms that an exact loss may have: a second of one core. */
const MOST_TERMS = 2 ** 18;
/** Token laws that L(∞) is averaged over. */
const LAWS = 256;

/** What is known of a model's losses without drawing strings. Squared errors only. */
export function populationLoss(model: AnyModel, measured: Measured): PopulationLoss {
  return { exact: exactLosses(model, measured), infinity: atInfinity(model, measured) };
}

function exactLosses(model: AnyModel, { source, task, knobs, lengths }: Measured): PopulationLoss['exact'] {
  const { limit } = task;
  const { period } = model.config;
  // f* has to be a function of the frequencies in the model's own residues.
  const countable = task.shape(knobs).order === 0 && task.shape(knobs).period === period;
  if (!limit || !countable || whyNoExactLoss(model, source) !== undefined) return [];
  const target = (chain: Parameters<typeof limit>[0]) => limit(chain, knobs);
  return lengths.flatMap(length => {
    const strings = Array.from({ length: period }, (_, i) => length + i);
    if (strings.reduce((sum, T) => sum + termsOf(model.config, T), 0) > MOST_TERMS) return [];
    const losses = strings.map(T => exactLoss(model, source, target, T).loss);
    const loss = losses.reduce((a, b) => a + b, 0) / period;
    return Number.isFinite(loss) ? [{ length, loss }] : [];
  });
}

function atInfinity(model: AnyModel, { source, task, knobs }: Measured): PopulationLoss['infinity'] {
  const { limit } = task;
  const { config } = model;
  if (!limit || !isDefined('simulation', config) || !hasInfinitePrecision(config.attention)) return null;
  const { order } = task.shape(knobs);
  const margin = Math.min(...suffixBiases(model).map(positionalMargin));
  const known = lossAtInfinity(model, source, chain => limit(chain, knobs), { laws: LAWS, order });
  // Weights of a training that went astray may overflow.
  if (!Number.isFinite(known.loss) || !Number.isFinite(known.stderr)) return null;
  return {
    ...known,
    margin: Number.isFinite(margin) ? margin : null,
  };
}
