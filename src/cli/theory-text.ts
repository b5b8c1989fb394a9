import Table from 'cli-table3';
import { ruleOf } from '../model/rules/registry.ts';
import type { ModelConfig } from '../shared/model-config.ts';
import { type Bound, VACUOUS_LOG10 } from '../theory/bounds.ts';
import type { Chain } from '../theory/chain.ts';
import { depthOf, type Quantity } from '../theory/defined.ts';
import type { NamedNorms } from '../theory/norms.ts';
import type { AttentionMap } from '../theory/sampled.ts';
import type { Analysis, Theory } from '../theory/theory.ts';
import { compact } from './compact.ts';
import type { ModelContext } from './model-context.ts';
import { infinite, lengthText, power, short } from './numbers.ts';
import { wrapped } from './wrapped.ts';

const PLAIN = { head: [], border: [] };

/**
 * `theory` for people, in 100 columns at two ε: what the model is, its margins and complexities, and the bounds that are about such models;
 * with `details` also norms, what each quantity means, attention by residue, the other bounds, and what each bound states.
 */
export function theoryText(
  { model, source, task }: ModelContext,
  { theory, attention }: Analysis,
  chain: readonly Chain[] | null,
  details: boolean,
): string {
  const { bounds, notes, norms } = theory;
  const shown = details ? bounds : bounds?.filter(({ applies }) => applies);
  return [
    wrapped(modelText(model.config)),
    ...(task ? [`Trained on ${task}`] : []),
    ...(attention ? [`Sampled sequences: ${source.law}, α = ${source.alphaThousandths / 1000}`] : []),
    ...(details ? [wrapped(normsText(norms)), ...quantitiesTable(theory)] : quantitiesLine(theory)),
    ...(details && attention && model.config.period > 1 ? [attentionText(attention)] : []),
    ...(shown && shown.length > 0 ? boundsText(shown, details) : []),
    ...(chain && chain.length > 0 ? [chainText(chain)] : []),
    ...notes.map(note => wrapped(`Note: ${note}.`)),
  ].join('\n');
}

/** A model's kind and shape. */
function modelText(config: ModelConfig): string {
  const { width, mlpWidth, heads, vocabulary, period, locality, attention, norm } = config;
  const depth = depthOf(config);
  const rule = ruleOf(attention);
  return [
    `${depth[0]!.toUpperCase()}${depth.slice(1)}, ${rule.describe(attention)}: S = ${vocabulary}`,
    ...(rule.limit ? [`Δ = ${period}`, `τ = ${locality}`] : []),
    `width ${width}`,
    `heads ${heads}`,
    `MLP ${mlpWidth}`,
    ...(norm === 'none' ? [] : [`norm ${norm}`]),
  ].join(', ');
}

function boundsText(bounds: readonly Bound[], details: boolean): string[] {
  return [
    'Training length N for error ε at every length, by',
    boundsTable(bounds),
    `Vacuous: above 10^${VACUOUS_LOG10} tokens, longer than anybody trains on.`,
    ...(bounds.some(({ applies }) => !applies)
      ? ['In brackets: stated for another kind of model; evaluated where its quantities exist.']
      : []),
    ...(details ? boundNotes(bounds) : errorNotes(bounds)).map(note => wrapped(note)),
  ];
}

function normsText(norms: NamedNorms): string {
  const values = Object.entries(norms).map(
    ([name, value]) => `${normName(name)} = ${[value].flat().map(short).join(' and ')}`,
  );
  return `Norms (one a head for V and K): ${values.join(', ')}`;
}

function normName(name: string): string {
  if (name === 'R0') return 'R0 = max ‖y⁽⁰⁾‖';
  const [, layer] = /^KQ(\d+)$/.exec(name) ?? [];
  return layer ? `‖s K${subscript(layer)}ᵀQ${subscript(layer)}‖` : `‖${name}‖`;
}

function subscript(digits: string): string {
  return [...digits].map(digit => '₀₁₂₃₄₅₆₇₈₉'[Number(digit)]).join('');
}

/** A row of the table of quantities: shown where one is defined. */
interface Row {
  quantity: Quantity;
  name: string;
  value: string;
  meaning: string;
}

/** The table of what is defined; nothing where only norms are. */
function quantitiesTable(theory: Theory): string[] {
  const rows = definedRows(theory);
  if (rows.length === 0) return [];
  const table = new Table({
    head: ['quantity', 'value', 'meaning'],
    colWidths: [null, null, 60],
    wordWrap: true,
    style: PLAIN,
  });
  for (const { name, value, meaning } of rows) table.push([name, value, meaning]);
  return [table.toString()];
}

/** The same without what it means. */
function quantitiesLine(theory: Theory): string[] {
  const rows = definedRows(theory).map(({ name, value }) => `${name} = ${value.replaceAll('\n', ' and ')}`);
  return rows.length === 0 ? [] : [wrapped(rows.join('; '))];
}

function definedRows(theory: Theory): Row[] {
  return [...marginRows(theory), ...complexityRows(theory)].filter(
    ({ quantity }) => theory.notDefined[quantity] === undefined,
  );
}

function marginRows(theory: Theory): Row[] {
  const { positionalMargins, layerRegimes, effectiveMarginQuantiles } = theory;
  const quantiles = Object.entries(effectiveMarginQuantiles ?? {});
  const lines = (positionalMargins?.length ?? 0) > 1 ? ', a line a layer' : '';
  return [
    {
      quantity: 'logitMargin',
      name: 'logit margin γ',
      value: infinite(theory.logitMargin),
      meaning: `layer 1: smallest gap of two logits a query can meet, as defined; ${tieText(theory)}`,
    },
    {
      quantity: 'logitMargin',
      name: 'attainable margin',
      value: infinite(theory.attainableLogitMargin),
      meaning: 'the same of logits that can meet as the largest of a softmax and another of it',
    },
    {
      quantity: 'effectiveMargin',
      name: 'effective margin',
      value: infinite(theory.effectiveMargin),
      meaning: `gap below the largest logit met in samples; quantiles ${quantiles
        .map(([p, gap]) => `${100 * Number(p)} %: ${infinite(gap)}`)
        .join(', ')}`,
    },
    {
      quantity: 'positionalMargin',
      name: 'positional margin γ',
      value: (positionalMargins ?? []).map(margin => infinite(margin)).join('\n'),
      meaning: `largest of {φ, 1} less the next${lines}`,
    },
    {
      quantity: 'layerRegimes',
      name: 'regimes',
      value: (layerRegimes ?? []).map(heads => heads.join(' ')).join('\n'),
      meaning: `what each head attends to as T grows (token: all alike, position: the last τ + 1)${lines}`,
    },
  ];
}

function complexityRows({ complexity, hardmax, lipschitz }: Theory): Row[] {
  return [
    {
      quantity: 'lipschitz',
      name: 'L(f)',
      value: infinite(lipschitz),
      meaning: 'Lipschitz constant of Theorem 4.1',
    },
    {
      quantity: 'complexity',
      name: 'log10 C(f), norm',
      value: infinite(complexity.norm, 'see note'),
      meaning: 'the paper’s C(f), in an explicit form of ours',
    },
    {
      quantity: 'complexity',
      name: 'log10 C(f), range',
      value: infinite(complexity.range, 'see note'),
      meaning: 'the same chain over reachable states only',
    },
    {
      quantity: 'simulation',
      name: 'log10 C(f), empirical',
      value: infinite(complexity.empirical, 'none'),
      meaning: 'Ĉ of e(n) ≈ Ĉ n^(−β), measured; β = 1 for one layer, 1/3 for two',
    },
    ...(hardmax ? [hardmaxRow(hardmax)] : []),
  ];
}

/** What counts as a tie, and up to which length. */
function tieText({ tieTolerance, largestTie, log10TieLength }: Theory): string {
  const closer = `closer than ${tieTolerance} is a tie`;
  if (!largestTie) return `${closer}, and all ties are exact`;
  const length = log10TieLength === null ? '2^(p/gap)' : `2^(p/gap) = ${power(log10TieLength)}`;
  return `${closer} for T < ${length} (largest such gap ${short(largestTie)})`;
}

function hardmaxRow({
  bits,
  measured,
  searchedTo,
  log10Predicted,
  log10Attainable,
}: NonNullable<Theory['hardmax']>): Row {
  return {
    quantity: 'hardmax',
    name: `hardmax at ${bits} bits`,
    value: measured === null ? `> ${searchedTo}` : `${measured}`,
    meaning: `length from which attention is hardmax in every sampled sequence; predicted 2^(p/γ) = ${power(log10Predicted)}, with the attainable γ ${power(log10Attainable)}`,
  };
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
  return compact(table);
}

/** What each bound states. */
function boundNotes(bounds: readonly Bound[]): string[] {
  const seen = new Map(bounds.map(bound => [bound.name, bound]));
  return [...seen.values()].map(
    bound =>
      `${labelOf(bound)}: N = ${bound.statement}; ε bounds ${bound.of} [${bound.source}]; ${bound.note}.`,
  );
}

/** What ε bounds, in a line for all bounds that share it. */
function errorNotes(bounds: readonly Bound[]): string[] {
  return [...new Set(bounds.map(bound => bound.of))].map(error => {
    const names = new Set(bounds.filter(bound => bound.of === error).map(labelOf));
    return `${[...names].join(', ')}: ε bounds ${error}.`;
  });
}

/** The three terms of ‖f(x) − f*(x)‖ with what is known of each. */
function chainText(chain: readonly Chain[]): string {
  const table = new Table({
    head: [
      'N',
      '‖f(x) − f(z)‖\nany x, certified',
      '‖f(z) − f*(z)‖\nmeasured, no bound',
      '‖f*(z) − f*(x)‖\nany x, by the task',
    ],
    style: PLAIN,
  });
  for (const { epsilon, length, onShort, target } of chain) {
    table.push([
      lengthText(Math.log10(length)),
      `≤ ${epsilon}`,
      `mean ${short(onShort.mean)}, largest ${short(onShort.largest)}\nof ${onShort.strings} strings of ${onShort.length} tokens`,
      target === null ? 'not known' : `≤ ${short(target)}`,
    ]);
  }
  return [
    '‖f(x) − f*(x)‖ at every length is at most the sum of three terms, z a string of N tokens or fewer for x:',
    table.toString(),
  ].join('\n');
}

function labelOf({ name, applies }: Bound): string {
  return applies ? name : `(${name})`;
}
