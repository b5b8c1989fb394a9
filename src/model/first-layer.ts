import { add, dot, multiply, type Vector } from '../shared/linear.ts';
import { type AnyModel, classCount, classOf } from '../shared/model-config.ts';
import { ACTIVATIONS } from './activation.ts';
import { ruleOf } from './rules/registry.ts';

/** What layer 1 of a limit model makes of each (token, residue) class, float64 (docs/theory.md §2). */
export interface ClassTables {
  /** E[x] + P[r] [S·Δ][d] */
  embedding: Vector[];
  /** Content logits c(query, key) [H][query class][key class] */
  logits: Vector[][];
  /** V_h y [H][S·Δ][d] */
  values: Vector[][];
  /** φ [H][τ+1] */
  phi: Vector[];
  /** What A of the layer's MLP makes of `embedding` and `values`, [m] each; made when it is asked for. */
  readonly images: Pick<ClassTables, 'embedding' | 'values'>;
}

/** The class tables of the first layer of a model under a limit rule and without norm. */
export function classTables({ config, tensors }: AnyModel): ClassTables {
  const { width: d, keyWidth, heads, mlpWidth, period, attention, locality } = config;
  const heading = Array.from({ length: heads }, (_, h) => h);
  const embedding = Array.from({ length: classCount(config) }, (_, c) => {
    const [x, r] = [Math.floor(c / period), c % period];
    return Float64Array.from(
      { length: d },
      (_, k) => tensors.embed![x * d + k]! + tensors.position![r * d + k]!,
    );
  });
  const project = (name: string, rows: number) =>
    heading.map(h => embedding.map(y => multiply(tensors[`layer.0.${name}`]!, y, rows, h * rows * d)));
  const [keys, queries] = [project('key', keyWidth), project('query', keyWidth)];
  const values = project('value', d);
  const image = (y: Vector) => multiply(tensors['layer.0.mlp_in'] ?? [], y, mlpWidth);
  let images: ClassTables['images'] | undefined;
  return {
    embedding,
    logits: heading.map(h =>
      queries[h]!.map(q => Float64Array.from(keys[h]!, k => attention.scale * dot(k, q))),
    ),
    values,
    phi: heading.map(h =>
      Float64Array.from(tensors['layer.0.phi']!.subarray(h * (locality + 1), (h + 1) * (locality + 1))),
    ),
    get images() {
      images ??= { embedding: embedding.map(image), values: values.map(ofHead => ofHead.map(image)) };
      return images;
    },
  };
}

/**
 * Layer 1 along a sequence in float64, through the running class histogram n_i(class) with the τ-suffix taken out: O(S·Δ + τ)
 * a position (docs/theory.md §2).
 */
export class FirstLayer {
  /** n_i(class): positions before the τ-suffix. */
  readonly counts: Float64Array;
  /** Classes of the τ-suffix, the current position first. */
  readonly suffix: number[] = [];
  position = 0;
  readonly tables: ClassTables;
  private readonly model: AnyModel;

  constructor(model: AnyModel, tables: ClassTables = classTables(model)) {
    this.model = model;
    this.tables = tables;
    this.counts = new Float64Array(classCount(model.config));
  }

  /** Moves on to the next token. */
  see(token: number): void {
    const { config } = this.model;
    this.suffix.unshift(classOf(config, token, ++this.position));
    if (this.suffix.length > config.locality + 1) this.counts[this.suffix.pop()!]!++;
  }

  /**
   * Logits of head `h` at the current position, one an atom: the S·Δ classes before the suffix, then the suffix by offset. The rule's
   * scores before its factor on content: `c + φ` in finite precision, `c + log(i) φ` in infinite. −∞ for a class that is not there.
   */
  scores(h: number): Float64Array {
    const classes = this.counts.length;
    const content = this.tables.logits[h]![this.suffix[0]!]!;
    const phi = this.tables.phi[h]!;
    const { contentFactor, suffixBias } = ruleOf(this.model.config.attention);
    // Where the factor is log i, the bias is its multiple: at i = 1 their quotient is that of any other i.
    const log = Math.log(contentFactor(Math.log(this.position), 1) === 0 ? 2 : this.position);
    const factor = contentFactor(log, 1);
    const scores = new Float64Array(classes + this.suffix.length);
    for (let c = 0; c < classes; c++) scores[c] = this.counts[c]! > 0 ? content[c]! : -Infinity;
    this.suffix.forEach((c, t) => {
      scores[classes + t] = content[c]! + suffixBias(log, phi[t]!) / factor;
    });
    return scores;
  }

  /** Attention of head `h` at the current position, by atom as in `scores`; a class's share counts all its positions. */
  attention(h: number): Float64Array {
    const { attention } = this.model.config;
    const scores = this.scores(h);
    const highest = scores.reduce((a, b) => Math.max(a, b), -Infinity);
    const rule = ruleOf(attention);
    const factor = rule.contentFactor(Math.log(this.position), 1);
    const least = rule.leastWeight(attention);
    let total = 0;
    for (let a = 0; a < scores.length; a++) {
      const present = scores[a]! > -Infinity;
      const w = present ? Math.exp(factor * (scores[a]! - highest)) : 0;
      scores[a] = w <= least ? 0 : w * (this.counts[a] ?? 1);
      total += scores[a]!;
    }
    return scores.map(w => w / total);
  }

  /** y^(1) of the current position. */
  state(): Vector {
    return throughMlp(this.model, 0, this.residuals([this.tables])[0]!);
  }

  /** Y of the current position, before the MLP, from each of several tables of what classes and their values are. */
  residuals(tables: Pick<ClassTables, 'embedding' | 'values'>[]): Vector[] {
    const classes = this.counts.length;
    const sums = tables.map(({ embedding }) => embedding[this.suffix[0]!]!.slice());
    for (let h = 0; h < this.model.config.heads; h++) {
      this.attention(h).forEach((share, a) => {
        if (share === 0) return;
        const c = a < classes ? a : this.suffix[a - classes]!;
        tables.forEach(({ values }, i) => {
          add(sums[i]!, values[h]![c]!, share);
        });
      });
    }
    return sums;
  }
}

/** Y + B ψ(A Y + b) of layer `l`; Y itself where there is no MLP. */
export function throughMlp({ config, tensors }: AnyModel, l: number, Y: Vector): Vector {
  const { width: d, mlpWidth: m, activation } = config;
  if (m === 0) return Y;
  const hidden = multiply(tensors[`layer.${l}.mlp_in`]!, Y, m);
  add(hidden, tensors[`layer.${l}.mlp_bias`]!);
  const { value } = ACTIVATIONS[activation];
  for (let i = 0; i < m; i++) hidden[i] = value(hidden[i]!);
  const out = Y.slice();
  add(out, multiply(tensors[`layer.${l}.mlp_out`]!, hidden, d));
  return out;
}
