import Table from 'cli-table3';
import { type Bound, VACUOUS_LOG10 } from '../theory/bounds.ts';
import type { Norms } from '../theory/norms.ts';
import type { AttentionMap } from '../theory/sampled.ts';
import type { Analysis } from '../theory/theory.ts';
import type { ModelContext } from './model-context.ts';
import { infinite, lengthText, power, short } from './numbers.ts';
import { wrapped } from './wrapped.ts';

const PLAIN = { head: [], border: [] };

/** `theory` for people, in 100 columns at two ε. */
export function theoryText({ model, source, task }: ModelContext, { theory, attention }: Analysis): string {
  const { layers, width, mlpWidth, heads, vocabulary: S, period, locality, attention: rule } = model.config;
  const precision =
    rule.precision === 'infinite' ? 'infinite precision' : `finite precision, ${rule.bits ?? '∞'} bits`;
  return [
    `${layers === 1 ? 'One layer' : 'Two layers'}, ${precision}: S = ${S}, Δ = ${period}, τ = ${locality}, width ${width}, heads ${heads}, MLP ${mlpWidth}`,
    ...(task ? [`Trained on ${task}`] : []),
    `Sampled sequences: ${source.law}, α = ${source.alphaThousandths / 1000}`,
    wrapped(normsText(theory.norms)),
    quantitiesTable(theory),
    ...(period > 1 ? [attentionText(attention)] : []),
    'Training length N that suffices for error ε at every length, by',
    boundsTable(theory.bounds),
    `Vacuous: above 10^${VACUOUS_LOG10} tokens, longer than anybody trains on.`,
    ...(theory.bounds.some(({ applies }) => !applies)
      ? ['In brackets: stated for another kind of model; evaluated where its quantities exist.']
      : []),
    ...boundNotes(theory.bounds).map(note => wrapped(note)),
    ...theory.notes.map(note => wrapped(`Note: ${note}.`)),
  ].join('\n');
}

function normsText(norms: Norms): string {
  const names: Record<string, string> = {
    R0: 'R0 = max ‖E + P‖',
    KQ1: '‖s K₁ᵀQ₁‖',
    KQ2: '‖s K₂ᵀQ₂‖',
  };
  const values = Object.entries(norms).map(
    ([name, value]) => `${names[name] ?? `‖${name}‖`} = ${[value].flat().map(short).join(' and ')}`,
  );
  return `Norms (one a head for V and K): ${values.join(', ')}`;
}

function quantitiesTable(theory: Analysis['theory']): string {
  const { complexity, hardmax, effectiveMarginQuantiles: quantiles, lipschitz } = theory;
  const table = new Table({
    head: ['quantity', 'value', 'meaning'],
    colWidths: [null, null, 60],
    wordWrap: true,
    style: PLAIN,
  });
  const row = (name: string, value: string, meaning: string) => table.push([name, value, meaning]);
  row(
    'logit margin γ',
    infinite(theory.logitMargin),
    `smallest gap of two logits a query can meet; closer than ${theory.tieTolerance} is a tie`,
  );
  row(
    'effective margin',
    infinite(theory.effectiveMargin),
    `gap below the largest logit met in samples; quantiles ${Object.entries(quantiles)
      .map(([p, gap]) => `${100 * Number(p)} %: ${infinite(gap)}`)
      .join(', ')}`,
  );
  row('positional margin γ', infinite(theory.positionalMargin), 'largest of {φ, 1} less the next');
  row(
    'regimes',
    theory.regimes.join(' '),
    `what ${theory.regimes.length > 1 ? 'each layer-1 head' : 'the layer-1 head'} attends to as T grows (token: all alike, position: the last τ + 1)`,
  );
  if (lipschitz !== null) row('L(f)', short(lipschitz), 'Lipschitz constant of Theorem 4.1');
  row(
    'log10 C(f), norm',
    infinite(complexity.norm, 'see note'),
    'the paper’s C(f), in an explicit form of ours',
  );
  row(
    'log10 C(f), range',
    infinite(complexity.range, 'see note'),
    'the same chain over reachable states only',
  );
  row('log10 C(f), empirical', infinite(complexity.empirical, 'none'), 'Ĉ of e(n) ≈ Ĉ n^(−1/3), measured');
  if (hardmax) {
    const { bits, measured, searchedTo, log10Predicted } = hardmax;
    row(
      `hardmax at ${bits} bits`,
      measured === null ? `> ${searchedTo}` : `${measured}`,
      `length from which attention is hardmax in every sampled sequence; predicted 2^(p/γ) = ${power(log10Predicted)}`,
    );
  }
  return table.toString();
}

/** Bars of mass by residue: the attention map of Figure 3. */
function attentionText({ heads, length, sequences }: AttentionMap): string {
  const rows = heads.flatMap(({ residueMass, uniformity }, h) => [
    `  head ${h + 1}, uniformity within the residue of most mass: ${uniformity.toFixed(3)} (1 is uniform)`,
    ...residueMass.map(
      (mass, r) =>
        `    j ≡ ${String(r).padStart(2)}  ${(100 * mass).toFixed(1).padStart(5)} %  ${'█'.repeat(Math.round(40 * mass))}`,
    ),
  ]);
  return [
    `Attention of layer 1 at the last position by residue of the key, mean over ${sequences} sequences of ${length} tokens and more:`,
    ...rows,
  ].join('\n');
}

function boundsTable(bounds: readonly Bound[]): string {
  const epsilons = [...new Set(bounds.map(({ epsilon }) => epsilon))];
  const names = [...new Set(bounds.map(({ name }) => name))];
  const table = new Table({ head: ['bound', ...epsilons.map(epsilon => `ε = ${epsilon}`)], style: PLAIN });
  for (const name of names) {
    const own = bounds.filter(bound => bound.name === name);
    table.push([
      labelOf(own[0]!),
      ...own.map(({ log10N, log10NRange }) =>
        log10NRange === undefined
          ? lengthText(log10N)
          : `${lengthText(log10N)}\nrange C: ${lengthText(log10NRange)}`,
      ),
    ]);
  }
  return table.toString();
}

function boundNotes(bounds: readonly Bound[]): string[] {
  const seen = new Map(bounds.map(bound => [bound.name, bound]));
  return [...seen.values()].map(
    bound => `${labelOf(bound)}: N = ${bound.statement} [${bound.source}]; ${bound.note}.`,
  );
}

function labelOf({ name, applies }: Bound): string {
  return applies ? name : `(${name})`;
}
