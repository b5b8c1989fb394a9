import type { Arena } from '../arena.ts';
import { type Contraction, contraction } from '../contraction.ts';
import type { View } from '../view.ts';

/**
 * Adjoints of contractions, written by machine: for out = scale · Σ a b, grad_a is scale · Σ grad_out b with the letters exchanged. The
 * first contribution to a gradient replaces what is there, later ones add to it, in the order in which lists are given.
 */
export class Adjoint {
  private readonly arena: Arena;
  private readonly begun: View[] = [];

  constructor(arena: Arena) {
    this.arena = arena;
  }

  /** The adjoint of forward contractions, in reverse order. The gradients of their outputs must be complete. */
  of(forward: Contraction[]): Contraction[] {
    return [...forward].reverse().flatMap(({ einsum: { expression, inputs, out, scale } }) => {
      const [left, outLetters] = expression.split('->') as [string, string];
      const letters = left.split(',');
      return inputs.map((input, i) => {
        const others = inputs.filter((_, j) => j !== i);
        const otherLetters = letters.filter((_, j) => j !== i);
        const operands = [outLetters, ...otherLetters].join(',');
        const target = this.arena.gradientOf(input);
        const accumulate = this.begin(target);
        return contraction(`${operands}->${letters[i]}`, [this.arena.gradientOf(out), ...others], target, {
          scale,
          accumulate,
        });
      });
    });
  }

  /** Notes that a gradient has been written to; whether it had been before. */
  begin(view: View): boolean {
    const known = this.begun.some(earlier => covers(earlier, view));
    if (!known) this.begun.push(view);
    return known;
  }
}

/** Whether a view is, or lies inside, one that is contiguous. */
function covers(whole: View, view: View): boolean {
  if (
    whole.offset === view.offset &&
    `${whole.strides}` === `${view.strides}` &&
    `${whole.sizes}` === `${view.sizes}`
  )
    return true;
  const size = whole.sizes.reduce((a, b) => a * b, 1);
  if (size !== (whole.sizes[0] ?? 1) * (whole.strides[0] ?? 1)) return false;
  const last = view.sizes.reduce((sum, n, axis) => sum + (n - 1) * view.strides[axis]!, view.offset);
  return view.offset >= whole.offset && last < whole.offset + size;
}
