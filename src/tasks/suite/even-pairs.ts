import { z } from 'zod';
import { uniformIid } from '../laws/uniform-iid.ts';
import { oneHot, type Task } from '../task.ts';

/**
 * Even pairs (Delétang et al., *Neural Networks and the Chomsky Hierarchy*, ICLR 2023): whether 0 1 and 1 0 stand in the string an even
 * number of times together (class 1), which is whether its first bit is its last. Bits iid and uniform; a target at every prefix.
 *
 * Examples: `0 1 1 0` → even; `0 1` → odd; `1` → even.
 */
export const evenPairs: Task = {
  kind: 'even-pairs',
  summary: 'whether the pairs 01 and 10 are even in number (Delétang et al. 2023)',
  knobs: z.strictObject({}),
  complexity: [],
  shape: () => ({ vocabulary: 2, outputs: 2, period: 1, locality: 0, layers: 1, order: 0 }),
  law: uniformIid,
  classes: true,
  targets: (tokens, _, reads) => reads.map(length => oneHot(tokens[0] === tokens[length - 1] ? 1 : 0, 2)),
  wgslKnobs: () => [0, 0, 0, 0],
  wgsl: /* wgsl */ `
fn task_targets(sequence: u32, length: u32, knobs: vec4<f32>) {
  let first = token_at(sequence, 1u);
  for (var i = 1u; i <= length; i++) {
    if (wanted(i)) { set_class(select(0u, 1u, token_at(sequence, i) == first)); }
  }
}`,
  examples: [
    { knobs: {}, tokens: [0, 1, 1, 0], target: [0, 1] },
    { knobs: {}, tokens: [0, 1], target: [1, 0] },
    { knobs: {}, tokens: [1], target: [0, 1] },
  ],
};
