import type { RequiredLength } from '../analysis/required.ts';
import type { Claim, Verdict } from '../analysis/verdict.ts';
import { symbolOf } from '../results/axes.ts';
import { numberText } from './names.ts';

/** What the paper's figures are called, by task. */
export interface TaskWords {
  heading: string;
  /** The task for someone who has not met it. */
  about: string;
}

const TASKS: Record<string, TaskWords> = {
  simple: {
    heading: 'Figure 1. SimpleTask: a function of the token balance',
    about:
      'Sequences of two tokens, 0 and 1. The answer is sin(ω · (share of 0 − share of 1)): only how often each token occurs matters, not where. The larger ω, the faster the answer turns with the balance, and the harder the task.',
  },
  'mod-p': {
    heading: 'Figures 2 and 3. ModPTask: every p-th token',
    about:
      'Sequences of two tokens, 0 and 1. The answer is the share of ones among positions k, k + p, k + 2p, …: the model has to look at one position in p and to ignore the rest. The larger p, the harder the task.',
  },
  'k-gram': {
    heading: 'Figure 4. In-context k-gram: what followed last time',
    about:
      'Sequences over S tokens. The answer is how often each token followed, so far, wherever the last k tokens occurred before. It takes two layers: one to look k tokens back, one to find the matches. Larger S or k is harder.',
  },
};

/** Words about a task; a task without any of its own is named. */
export function taskWords(kind: string): TaskWords {
  return TASKS[kind] ?? { heading: `Task ${kind}`, about: '' };
}

/** A claim's outcome: what a verdict would need where there is none. */
export function outcomeWords({ verdict, lacks }: Claim): string {
  return lacks === null ? verdict : `undecided: ${lacks}`;
}

/** What a claim's outcome means, in a sentence. */
export function meaningOf({ id, verdict }: Claim): string {
  const name = id.split('/').at(-1)!;
  const knob = name.startsWith('monotone-') ? symbolOf(`task.${name.slice('monotone-'.length)}`) : undefined;
  const group = knob ? harder(knob) : name.startsWith('exponent-') ? EXPONENT : OTHER;
  return (MEANINGS[name] ?? group)[verdict];
}

type Meanings = Record<Verdict, string>;

const MEANINGS: Record<string, Meanings> = {
  plateau: {
    shown: 'Still longer sequences cost a trained model nothing more.',
    refuted: 'There are settings in which the error goes on changing as sequences get longer.',
    undecided: 'Whether the error has settled in every setting is not shown, nor that it has not.',
  },
  limit: {
    shown: 'What is left at the longest length is what is left at every longer one.',
    refuted:
      'There are settings that do better, or worse, at the longest length than they will on far longer sequences.',
    undecided: 'Whether the error at the longest length is the error on far longer sequences is not shown.',
  },
  'monotone-N': {
    shown: 'Training on longer sequences leaves less error on very long ones.',
    refuted: 'There are longer training sequences that leave more error on very long ones.',
    undecided: 'It is not shown that training on longer sequences leaves less error on very long ones.',
  },
  'hardmax-mass': {
    shown: 'The model looks only at the positions that the answer depends on.',
    refuted: 'The model also looks at positions that the answer does not depend on.',
    undecided: 'It is not shown that the model looks only at the positions that the answer depends on.',
  },
  'hardmax-uniform': {
    shown: 'It looks at all of those positions equally, as averaging wants.',
    refuted: 'It does not look at those positions equally, as averaging would want.',
    undecided: 'It is not shown that it looks at all of those positions equally.',
  },
  'hardmax-early': {
    shown: 'Attention is all or nothing at lengths far shorter than the theorem waits for.',
    refuted: 'There are settings in which attention is not all or nothing much before the theorem says so.',
    undecided: 'It is not shown that attention is all or nothing far before the theorem says so.',
  },
  'exponent-error-falls': {
    shown: 'The more alike the laws of tokens, the less a smaller error costs.',
    refuted: 'The more alike the laws of tokens, the more a smaller error costs.',
    undecided: 'Whether a smaller error costs less where laws of tokens are more alike is not known.',
  },
  baseline: {
    shown: 'Nothing got worse than it was, beyond what chance explains.',
    refuted: 'At least one setting got worse than it was, by more than chance explains.',
    undecided: 'Whether anything got worse is not known.',
  },
};

const EXPONENT: Meanings = {
  shown: 'The training length that is needed grows no faster than the theorem allows.',
  refuted:
    'There are settings in which the training length that is needed grows faster than the theorem allows.',
  undecided: 'Whether the training length that is needed grows faster than the theorem allows is not known.',
};

const OTHER: Meanings = { shown: 'Shown.', refuted: 'Refuted.', undecided: 'Not decided.' };

function harder(knob: string): Meanings {
  return {
    shown: `The harder the task (larger ${knob}), the more error is left at the same training length.`,
    refuted: `There are harder tasks (larger ${knob}) that leave less error at the same training length.`,
    undecided: `It is not shown that a harder task (larger ${knob}) leaves more error at the same training length.`,
  };
}

/** The outcome of all claims in a sentence. Those that are not shown are for the reader to list. */
export function outcomeOf(claims: readonly Claim[]): string {
  if (claims.length === 0) return 'No claim could be decided: no cell is finished.';
  const count = (verdict: Verdict) => claims.filter(claim => claim.verdict === verdict).length;
  const parts = (['shown', 'refuted', 'undecided'] as const)
    .filter(verdict => count(verdict) > 0)
    .map(verdict => `${count(verdict)} ${verdict}`);
  return `${claims.length} ${claims.length === 1 ? 'claim' : 'claims'}: ${parts.join(', ')}.`;
}

/** Refuted claims first, then those that are undecided, else in their own order. */
export function shownLast(claims: readonly Claim[]): Claim[] {
  return (['refuted', 'undecided', 'shown'] as const).flatMap(verdict =>
    claims.filter(claim => claim.verdict === verdict),
  );
}

/** Claims that are not shown, the refuted ones first. */
export function notShown(claims: readonly Claim[]): Claim[] {
  return shownLast(claims).filter(({ verdict }) => verdict !== 'shown');
}

/** N* in words. */
export function requiredText({ length, censored, shortest, longest }: RequiredLength): string {
  if (length !== null) return numberText(length);
  return censored === 'below' ? `≤ ${shortest}` : `> ${longest}`;
}

/** The interval of N* in words. */
export function requiredInterval({ interval, shortest, longest }: RequiredLength): string {
  if (!interval) return 'one seed';
  if (interval[1] === shortest) return `≤ ${shortest}`;
  if (interval[0] === longest) return `> ${longest}`;
  const [low, high] = interval.map(end =>
    end === 0 ? `≤ ${shortest}` : end === Infinity ? `> ${longest}` : numberText(end),
  );
  return `${low} … ${high}`;
}
