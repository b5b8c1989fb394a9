import { z } from 'zod';
import { uniformIid } from '../laws/uniform-iid.ts';
import { oneHot, type Task } from '../task.ts';

/**
 * Cycle navigation (Delétang et al. 2023, cycle of 5): where a walk from 0 on a cycle ends. Moves are back (0), stay (1) and on (2), iid
 * and uniform; a target at every prefix.
 *
 * Examples, cycle of 5: `2 0 1 0 0` → 3 (−2); `2 2 2 0` → 2.
 */
export const cycleNavigation: Task = {
  kind: 'cycle-navigation',
  summary: 'where a walk on a cycle ends (Delétang et al. 2023)',
  knobs: z.strictObject({ cycle: z.int().min(2).max(64).describe('Places on the cycle.') }),
  complexity: ['cycle'],
  shape: ({ cycle }) => ({ vocabulary: 3, outputs: cycle!, period: 1, locality: 0, layers: 1, order: 0 }),
  law: uniformIid,
  classes: true,
  targets(tokens, { cycle }, reads) {
    let place = 0;
    let i = 0;
    return reads.map(length => {
      for (; i < length; i++) place = (place + tokens[i]! - 1 + cycle!) % cycle!;
      return oneHot(place, cycle!);
    });
  },
  wgslKnobs: () => [0, 0, 0, 0],
  wgsl: /* wgsl */ `
fn task_targets(sequence: u32, length: u32, knobs: vec4<f32>) {
  var place = 0u;
  for (var i = 1u; i <= length; i++) {
    place = (place + token_at(sequence, i) + O - 1u) % O;
    if (wanted(i)) { set_class(place); }
  }
}`,
  examples: [
    { knobs: { cycle: 5 }, tokens: [2, 0, 1, 0, 0], target: oneHot(3, 5) },
    { knobs: { cycle: 5 }, tokens: [2, 2, 2, 0], target: oneHot(2, 5) },
  ],
};
