import Table from 'cli-table3';
import type { ErrorExponent } from '../analysis/error-exponents.ts';
import type { Claim } from '../analysis/verdict.ts';
import { intervalText, NO_SPREAD, shareText } from '../report/names.ts';
import { outcomeOf, outcomeWords, requiredInterval, requiredText } from '../report/words.ts';
import { labelOf, symbolOf } from '../results/axes.ts';
import { limitedText } from './answer.ts';
import { compact } from './compact.ts';
import type { Findings } from './verify.ts';
import { wrapped } from './wrapped.ts';

/** Claims that are decided by one statistic, and what its numbers are called. */
interface Kind {
  title: string;
  value: string;
  threshold: string;
  isOf(name: string): boolean;
}

const named =
  (...names: string[]) =>
  (name: string) =>
    names.includes(name);

const KINDS: readonly Kind[] = [
  {
    title: 'Does the error settle as sequences grow? (slope: doublings of the error an octave of T)',
    value: 'slope',
    threshold: 'within ±',
    isOf: named('plateau'),
  },
  {
    title: 'Do plateaus go one way? (strength of the trend: −1 to 1)',
    value: 'strength',
    threshold: 'above',
    isOf: name => name.startsWith('monotone-'),
  },
  {
    title: 'Does attention lie where the answer is? (its mass there)',
    value: 'mass',
    threshold: 'above',
    isOf: named('hardmax-mass'),
  },
  {
    title: 'Is attention uniform there? (1: uniform)',
    value: 'uniformity',
    threshold: 'above',
    isOf: named('hardmax-uniform'),
  },
  {
    title: 'Is attention hardmax far before 2^(p/γ)? (decades between the two lengths)',
    value: 'decades',
    threshold: 'above',
    isOf: named('hardmax-early'),
  },
  {
    title: 'Does N* grow no faster than the theorems say? (exponent; of falls: its change a doubling of α)',
    value: 'exponent',
    threshold: 'below',
    isOf: name => name.startsWith('exponent-'),
  },
  { title: 'Other claims', value: 'value', threshold: 'threshold', isOf: () => true },
];

/**
 * What was found, for people: how many claims are shown, a table for each statistic that decides, what stands against those that are not
 * shown, and N*(ε). With `details` also what each claim states and by which test it is decided.
 */
export function findingsText({ claims, required }: Findings, details: boolean): string {
  const nameOf = ({ id }: Claim) => id.split('/').at(-1)!;
  const kindOf = (claim: Claim) => KINDS.find(kind => kind.isOf(nameOf(claim)))!;
  const told = claims.filter(
    ({ verdict, remarks }) => verdict !== 'shown' || (details && remarks.length > 0),
  );
  return [
    outcomeOf(claims),
    ...KINDS.flatMap(kind => {
      const own = claims.filter(claim => kindOf(claim) === kind);
      return own.length === 0 ? [] : [`\n${kind.title}`, claimTable(kind, own)];
    }),
    ...(details
      ? claims.map(({ id, statement, statistic }) => wrapped(`${id}: ${statement}: ${statistic}`))
      : []),
    ...(told.length > 0 ? ['\nNot shown, and why'] : []),
    ...told.map(claim => wrapped([`${claim.id}: ${outcomeWords(claim)}`, ...claim.remarks].join('; '))),
    ...required.flatMap(studyText),
    ...(details ? [] : ['More: --details says what each claim states, and which test decides it.']),
  ].join('\n');
}

function claimTable({ value: valueName, threshold: thresholdName }: Kind, claims: readonly Claim[]): string {
  const { level, confidence } = claims[0]!;
  const hasFloor = claims.some(({ pFloor }) => pFloor !== null);
  const table = new Table({
    head: [
      'claim',
      'verdict',
      valueName,
      `${shareText(confidence)} interval`,
      thresholdName,
      `p (level ${level})`,
      ...(hasFloor ? ['least p'] : []),
      'cells',
    ],
    style: { head: [], border: [] },
  });
  const chance = (p: number | null) => {
    if (p === null) return '';
    return p === 0 ? NO_SPREAD : p < 1e-3 ? p.toExponential(0) : p.toPrecision(2);
  };
  for (const claim of claims) {
    const { id, verdict, lacks, value, interval, threshold, pValue, pFloor, seeds, diverged } = claim;
    table.push([
      id,
      lacks === null ? verdict : 'too little',
      value?.toPrecision(3) ?? '',
      interval ? intervalText(interval) : '–',
      threshold,
      chance(pValue),
      ...(hasFloor ? [chance(pFloor)] : []),
      diverged > 0 ? `${seeds} (${diverged} without)` : seeds,
    ]);
  }
  return compact(table);
}

function studyText(study: Findings['required'][number]): string[] {
  const { experiment, lengths, exponents, errors } = study;
  const table = new Table({
    head: [`${experiment}: N*(ε)`, 'ε', 'N*', '95 % interval'],
    style: { head: [], border: [] },
  });
  for (const row of lengths)
    table.push([labelOf(row.axes) || 'all', row.epsilon, requiredText(row), requiredInterval(row)]);
  return [
    compact(table),
    ...(study.limitedByTraining.length > 0 ? [limitedText(study.limitedByTraining)] : []),
    ...errors.flatMap(errorText),
    ...exponents.map(({ knob, axes, epsilon, measured, interval, values, predicted }) => {
      const others = labelOf(axes);
      const range = interval ? ` [${interval.map(end => end.toFixed(2)).join(', ')}]` : '';
      const own =
        measured === null
          ? 'none, for want of two values with an N*'
          : `${measured.toFixed(2)}${range} over ${values.used} of ${values.all} values`;
      const bounds = predicted.map(
        ({ name, exponent }) => `${name} ${exponent === null ? 'none' : exponent.toPrecision(3)}`,
      );
      const what = `exponent of N* in ${symbolOf(knob)}${others ? ` (${others})` : ''} at ε = ${epsilon}`;
      return wrapped(`${what}: ${own}; of the bounds: ${bounds.join(', ') || 'none'}`);
    }),
  ];
}

function errorText({ axes, epsilons, measured, interval, predicted }: ErrorExponent): string[] {
  if (measured === null) return [];
  const setting = labelOf(axes);
  const range = interval ? ` [${interval.map(end => end.toFixed(2)).join(', ')}]` : '';
  const bounds = predicted.map(({ name, exponent }) => `${name} ${exponent?.toPrecision(3) ?? 'none'}`);
  const what = `exponent of N* in 1/√ε${setting ? ` (${setting})` : ''}`;
  return [
    wrapped(
      `${what}: ${measured.toFixed(2)}${range} over ${epsilons.length} ε; of the bounds: ${bounds.join(', ') || 'none'}`,
    ),
  ];
}
