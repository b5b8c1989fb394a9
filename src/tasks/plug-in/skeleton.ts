const WGSL = `
  // The same on the GPU. Up to four numbers go there as knobs.xyzw.
  wgslKnobs: ({ scale }: Knobs) => [scale, 0, 0, 0],

  // token_at(sequence, t), t from 1, reads a token; where wanted(t), asked for rising t, is true, set_target(output, value) writes a
  // target of the prefix that ends at t. S is the vocabulary; precise_sin and exact_ratio(n, d) are there.
  wgsl: /* wgsl */ \`
fn task_targets(sequence: u32, length: u32, knobs: vec4<f32>) {
  var ones = 0u;
  for (var t = 1u; t <= length; t++) {
    ones += token_at(sequence, t);
    if (wanted(t)) { set_target(0u, knobs.x * exact_ratio(ones, t)); }
  }
}\`,
`;

const NO_WGSL = `
  // Without WGSL sequences are drawn and labelled by this file, in threads, while the GPU trains. docs/tasks.md says what "wgsl" would be.
`;

/** A task to begin with: what `new-task` writes. */
export const skeletonOf = (wgsl: boolean) => `import { z } from 'zod';

/**
 * The scaled share of ones among the tokens so far: scale · (ones / length).
 *
 * Change it into your own task, and hold it to its examples${wgsl ? ' and to its WGSL' : ''} with \`npx lengthwise check-task\`.
 */

// Numbers of the task, keys beside \`kind\` in an experiment. A list of them there is a grid axis.
type Knobs = { scale: number };

export default {
  // One line for people.
  summary: 'share of ones, times scale',
  knobs: z.strictObject({ scale: z.number().positive() }),
  // The knobs that make the task harder: figures draw a line for each of their values.
  complexity: ['scale'],

  // What the task asks of a model: tokens are 0 … vocabulary − 1; positions t matter mod period, and up to locality tokens back;
  // layers is the least number that can do it; order, above 0, has data.law dirichlet-markov draw chains that look so far back.
  shape: () => ({ vocabulary: 2, outputs: 1, period: 1, locality: 0, layers: 1, order: 0 }),

  // Why knobs cannot be used, in words; undefined where they can.
  refuse: ({ scale }: Knobs) => (scale > 1000 ? \`scale = \${scale} is above 1000\` : undefined),

  // The targets of the prefixes that end at each of \`reads\` (lengths, rising), \`outputs\` numbers each, in one pass over the tokens.
  targets(tokens: ArrayLike<number>, { scale }: Knobs, reads: readonly number[]): number[][] {
    let ones = 0;
    let t = 0;
    return reads.map(length => {
      for (; t < length; t++) ones += tokens[t]!;
      return [(scale * ones) / length];
    });
  },
${wgsl ? WGSL : NO_WGSL}
  // Worked by hand. They are computed whenever the task is loaded.
  examples: [
    { knobs: { scale: 1 }, tokens: [1, 0, 0, 0], target: [1 / 4] },
    { knobs: { scale: 2 }, tokens: [1, 1], target: [2] },
  ],
};
`;

/** The test that \`new-task\` writes beside a task of that name. */
export const testOf = (name: string) => `// node --test
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

test('${name}: checked', { timeout: 600_000 }, () => {
  execFileSync('npx', ['lengthwise', 'check-task', './${name}.ts', '--runtime', 'dawn'], {
    cwd: import.meta.dirname,
    stdio: 'inherit',
  });
});
`;

/** An experiment on it. */
export const experimentOf = (name: string) => `name: ${name}
task: { kind: ./${name}.ts, scale: [1, 2] }
model: { width: 16 }
train: { length: [4, 16], steps: 200 }
test: { length: [16, 32, 64], sequences: 256 }
`;
