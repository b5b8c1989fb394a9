import { classCount, classOf } from '../shared/model-config.ts';
import { attentionRow } from './attention.ts';
import type { AnyModel } from './forward.ts';
import { add, dot, multiply, type Vector } from './linear.ts';
import { EXACT } from './rules.ts';

/**
 * f(x) in float64 in time linear in T, through the class histogram (theory.md §2): the twin of the kernels at lengths that
 * the dense reference cannot reach. One or two layers; tested against `referenceForward`.
 */
export function linearTimeForward(model: AnyModel, tokens: ArrayLike<number>): Vector {
  const { config, tensors } = model;
  const { outputs } = config;
  const first = new FirstLayer(model);
  const T = tokens.length;
  if (config.layers === 1) {
    let y: Vector | undefined;
    for (let i = 1; i <= T; i++) {
      first.see(tokens[i - 1]!);
      if (i === T) y = first.state();
    }
    return multiply(tensors.unembed!, y!, outputs);
  }
  const states: Vector[] = [];
  for (let i = 1; i <= T; i++) {
    first.see(tokens[i - 1]!);
    states.push(first.state());
  }
  const { heads, width: d, keyWidth, attention, locality } = config;
  const last = states.at(-1)!;
  const residual = last.slice();
  for (let h = 0; h < heads; h++) {
    const offset = h * keyWidth * d;
    const query = multiply(tensors['layer.1.query']!, last, keyWidth, offset);
    const logits = Float64Array.from(
      states,
      y => attention.scale * dot(multiply(tensors['layer.1.key']!, y, keyWidth, offset), query),
    );
    const phi = tensors['layer.1.phi']!.subarray(h * (locality + 1), (h + 1) * (locality + 1));
    const weights = attentionRow(config, logits, phi);
    const mean = new Float64Array(d);
    states.forEach((y, j) => {
      add(mean, y, weights[j]!);
    });
    add(residual, multiply(tensors['layer.1.value']!, mean, d, h * d * d));
  }
  return multiply(tensors.unembed!, mlp(model, 1, residual), outputs);
}

function mlp({ config, tensors }: AnyModel, l: number, Y: Vector): Vector {
  const { width: d, mlpWidth: m } = config;
  if (m === 0) return Y;
  const pre = multiply(tensors[`layer.${l}.mlp_in`]!, Y, m);
  add(pre, tensors[`layer.${l}.mlp_bias`]!);
  const out = Y.slice();
  add(out, multiply(tensors[`layer.${l}.mlp_out`]!, pre.map(EXACT.activation(config).value), d));
  return out;
}

/** Layer 1 along a sequence: the running class histogram n_i(class) with the τ-suffix taken out. */
class FirstLayer {
  private readonly model: AnyModel;
  private readonly embedding: Vector[];
  private readonly logits: number[][][];
  private readonly values: Vector[][];
  private readonly counts: Float64Array;
  private readonly suffix: number[] = [];
  private position = 0;

  constructor(model: AnyModel) {
    this.model = model;
    const { config, tensors } = model;
    const { width: d, keyWidth, heads, period, attention } = config;
    const classes = Array.from({ length: classCount(config) }, (_, c) => c);
    const heading = Array.from({ length: heads }, (_, h) => h);
    this.counts = new Float64Array(classes.length);
    this.embedding = classes.map(c => {
      const [x, r] = [Math.floor(c / period), c % period];
      return Float64Array.from(
        { length: d },
        (_, k) => tensors.embed![x * d + k]! + tensors.position![r * d + k]!,
      );
    });
    const project = (name: string, rows: number) =>
      heading.map(h => this.embedding.map(y => multiply(tensors[`layer.0.${name}`]!, y, rows, h * rows * d)));
    const [keys, queries] = [project('key', keyWidth), project('query', keyWidth)];
    this.logits = heading.map(h =>
      classes.map(q => classes.map(c => attention.scale * dot(keys[h]![c]!, queries[h]![q]!))),
    );
    this.values = project('value', d);
  }

  /** Moves on to the next token. */
  see(token: number): void {
    const { config } = this.model;
    this.suffix.unshift(classOf(config, token, ++this.position));
    if (this.suffix.length > config.locality + 1) this.counts[this.suffix.pop()!]!++;
  }

  /** y^(1) of the current position. */
  state(): Vector {
    const { config, tensors } = this.model;
    const [query] = this.suffix as [number];
    const residual = this.embedding[query]!.slice();
    const finite = config.attention.precision === 'finite';
    const log = Math.log(this.position);
    for (let h = 0; h < config.heads; h++) {
      const phi = tensors['layer.0.phi']!.subarray(h * (config.locality + 1));
      const content = this.logits[h]![query]!;
      const scores = [
        ...content.map((c, key) => ({ key, n: this.counts[key]!, score: c })),
        ...this.suffix.map((key, t) => ({
          key,
          n: 1,
          score: content[key]! + (finite ? phi[t]! : log * phi[t]!),
        })),
      ].filter(({ n }) => n > 0);
      const highest = Math.max(...scores.map(({ score }) => score));
      let total = 0;
      const mean = new Float64Array(config.width);
      for (const { key, n, score } of scores) {
        const w = n * this.weight(score - highest, log);
        total += w;
        add(mean, this.values[h]![key]!, w);
      }
      add(residual, mean, 1 / total);
    }
    return mlp(this.model, 0, residual);
  }

  private weight(below: number, log: number): number {
    const { attention } = this.model.config;
    if (attention.precision === 'infinite') return Math.exp(below);
    const w = Math.exp(log * below);
    return attention.bits !== null && w <= 2 ** -attention.bits ? 0 : w;
  }
}
