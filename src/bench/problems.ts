import type { Problem, Suite } from './protocol.ts';

/** Which problems to pose; what is undefined takes its default. */
export interface ProblemChoice {
  suites: readonly Suite[];
  lengths?: readonly number[] | undefined;
  dimensions: readonly number[];
  heads: readonly number[];
  directions: readonly ('forward' | 'backward')[];
}

/** Longest sequences: attention's float64 results and the peers' T² scores must fit. */
export const MOST_ATTENTION = 16_384;

const ATTENTION_LENGTHS = [256, 1024, 2048];
const FORWARD_LENGTHS = [1024, 4096, 16_384];

/** The problems of some suites, in the order in which they are run and shown. */
export function problemsOf(choice: ProblemChoice): Problem[] {
  return choice.suites.flatMap(suite => OF_SUITE[suite](choice));
}

const OF_SUITE: Record<Suite, (choice: ProblemChoice) => Problem[]> = {
  attention: ({ directions, dimensions, heads, lengths = ATTENTION_LENGTHS }) =>
    directions.flatMap(direction =>
      dimensions.flatMap(D =>
        heads.flatMap(H => lengths.map((T): Problem => ({ suite: 'attention', T, D, heads: H, direction }))),
      ),
    ),
  forward: ({ lengths = FORWARD_LENGTHS }) =>
    lengths.map(T => ({ suite: 'forward', T, D: 32, heads: 1, direction: 'forward' })),
  training: () => [
    { suite: 'training', model: 'one-layer', T: 64, D: 32, heads: 1, direction: 'training' },
    { suite: 'training', model: 'two-layer', T: 256, D: 32, heads: 1, direction: 'training' },
  ],
};

/** The problem in words. */
export function problemName(problem: Pick<Problem, 'suite' | 'T' | 'D' | 'heads' | 'direction'>): string {
  const { suite, T, D, heads, direction } = problem;
  const what = suite === 'attention' ? `attention ${direction}` : suite;
  return `${what}, T = ${T.toLocaleString('en')}, D = ${D}, ${heads} head${heads === 1 ? '' : 's'}`;
}
