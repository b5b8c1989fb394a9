import type { Problem, Suite } from './protocol.ts';

export const SUITES = ['attention', 'forward', 'training'] as const satisfies readonly Suite[];

/** Which problems to pose; what is undefined takes its default. */
export interface ProblemChoice {
  suites: readonly Suite[];
  lengths: readonly number[] | undefined;
  dimensions: readonly number[];
  heads: readonly number[];
  directions: readonly ('forward' | 'backward')[];
}

/** Longest sequences: attention's float64 results and the peers' T² scores must fit. */
export const MOST_ATTENTION = 16_384;

const ATTENTION_LENGTHS = [256, 1024, 2048];
const FORWARD_LENGTHS = [1024, 4096, 16_384];

/** The problems of some suites, in the order in which they are run and shown. */
export function problemsOf({ suites, lengths, dimensions, heads, directions }: ProblemChoice): Problem[] {
  return suites.flatMap((suite): Problem[] => {
    switch (suite) {
      case 'attention':
        return directions.flatMap(direction =>
          dimensions.flatMap(D =>
            heads.flatMap(H =>
              (lengths ?? ATTENTION_LENGTHS).map(T => ({ suite, T, D, heads: H, direction })),
            ),
          ),
        );
      case 'forward':
        return (lengths ?? FORWARD_LENGTHS).map(T => ({ suite, T, D: 32, heads: 1, direction: 'forward' }));
      case 'training':
        return [
          { suite, model: 'one-layer', T: 64, D: 32, heads: 1, direction: 'training' },
          { suite, model: 'two-layer', T: 256, D: 32, heads: 1, direction: 'training' },
        ];
    }
  });
}

/** The problem in words. */
export function problemName(problem: Pick<Problem, 'suite' | 'T' | 'D' | 'heads' | 'direction'>): string {
  const { suite, T, D, heads, direction } = problem;
  const what = suite === 'attention' ? `attention ${direction}` : suite;
  return `${what}, T = ${T.toLocaleString('en')}, D = ${D}, ${heads} head${heads === 1 ? '' : 's'}`;
}
