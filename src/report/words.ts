import type { Claim } from '../analysis/claims.ts';
import type { RequiredLength } from '../analysis/required.ts';
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

/** What a claim's outcome means, in a sentence. */
export function meaningOf(claim: Claim): string {
  const { holds } = claim;
  const name = claim.id.split('/').at(-1)!;
  if (name === 'plateau')
    return holds
      ? 'Once a model is trained, still longer sequences cost it nothing more.'
      : 'On longer and longer sequences the loss goes on changing: there is no plateau to speak of yet.';
  if (name === 'monotone-N')
    return holds
      ? 'Training on longer sequences leaves less loss on very long ones.'
      : 'It is not shown that training on longer sequences leaves less loss on very long ones.';
  if (name.startsWith('monotone-')) {
    const knob = symbolOf(`task.${name.slice('monotone-'.length)}`);
    return holds
      ? `The harder the task (larger ${knob}), the more loss is left at the same training length.`
      : `It is not shown that a harder task (larger ${knob}) leaves more loss at the same training length.`;
  }
  if (name === 'hardmax-mass')
    return holds
      ? 'The model looks only at the positions that the answer depends on.'
      : 'The model also looks at positions that the answer does not depend on.';
  if (name === 'hardmax-uniform')
    return holds
      ? 'It looks at all of those positions equally, as averaging wants.'
      : 'It does not look at those positions equally, as averaging would want.';
  if (name === 'baseline')
    return holds
      ? 'Nothing got worse than it was.'
      : 'At least one setting got worse than it was, by more than chance explains.';
  return holds ? 'Shown.' : 'Not shown.';
}

/** The outcome of all claims in a sentence. Those that fail are for the reader to list. */
export function outcomeOf(claims: readonly Claim[]): string {
  const failed = claims.filter(({ holds }) => !holds);
  if (claims.length === 0) return 'No claim could be decided: no cell is finished.';
  if (claims.length === 1)
    return `The one claim that these runs decide ${failed.length === 0 ? 'holds' : 'FAILS'}.`;
  if (failed.length === 0) return `All ${claims.length} claims hold.`;
  return `${failed.length} of ${claims.length} claims ${failed.length === 1 ? 'FAILS' : 'FAIL'}.`;
}

/** Claims that fail first, else in their own order. */
export function failedFirst(claims: readonly Claim[]): Claim[] {
  return [...claims.filter(({ holds }) => !holds), ...claims.filter(({ holds }) => holds)];
}

/** N* in words. */
export function requiredText({ length, censored, shortest, longest }: RequiredLength): string {
  if (length !== null) return numberText(length);
  return censored === 'below' ? `≤ ${shortest}` : `> ${longest}`;
}

/** The interval of N* in words. */
export function requiredInterval({ interval, shortest, longest }: RequiredLength): string {
  if (!interval) return 'one seed';
  const [low, high] = interval.map(end =>
    end === 0 ? `≤ ${shortest}` : end === Infinity ? `> ${longest}` : numberText(end),
  );
  return low === high ? low! : `${low} … ${high}`;
}
