import { expect, test } from 'vitest';
import { type Arena, arenaOf } from '../../../../src/engine/arena.ts';
import type { Contraction } from '../../../../src/engine/contraction.ts';
import { contraction } from '../../../../src/engine/contraction.ts';
import { Adjoint } from '../../../../src/engine/layers/adjoint.ts';
import { layerTables } from '../../../../src/engine/layers/dense-equations.ts';
import type { View } from '../../../../src/engine/view.ts';
import { pcg4d } from '../../../../src/shared/random.ts';
import { BASE } from '../../../support/models.ts';

const arena = arenaOf({ ...BASE, width: 5, keyWidth: 3, mlpWidth: 6 }, ['dense', 'dense']);
const weights = {
  model: { ...BASE, width: 5, keyWidth: 3, mlpWidth: 6 },
  arena,
  replicas: 1,
  buffer: undefined as never,
};

/** Every index of a view, as its place in memory. */
function places({ offset, sizes, strides }: View): Map<string, number> {
  const all = new Map<string, number>();
  const walk = (axis: number, at: number, index: number[]) => {
    if (axis === sizes.length) all.set(index.join(), at);
    else for (let i = 0; i < sizes[axis]!; i++) walk(axis + 1, at + i * strides[axis]!, [...index, i]);
  };
  walk(0, offset, []);
  return all;
}

/** A contraction in float64 on a block of memory, by running through all values of all letters. */
function run(memory: Float64Array, op: Contraction): void {
  const { expression, inputs, out, scale } = op.einsum;
  const [left, outLetters] = expression.split('->') as [string, string];
  const letters = left.split(',');
  const size = new Map<string, number>();
  [...letters, outLetters].forEach((own, i) => {
    const view = i < inputs.length ? inputs[i]! : out;
    [...own].forEach((letter, axis) => {
      size.set(letter, view.sizes[axis]!);
    });
  });
  const views = inputs.map(places);
  const outs = places(out);
  const sums = new Map<number, number>();
  const names = [...size.keys()];
  const walk = (at: number, value: Record<string, number>) => {
    if (at < names.length) {
      for (let i = 0; i < size.get(names[at]!)!; i++) walk(at + 1, { ...value, [names[at]!]: i });
      return;
    }
    const place = (own: string, view: Map<string, number>) => view.get([...own].map(l => value[l]!).join())!;
    const product = views.reduce((p, view, i) => p * memory[place(letters[i]!, view)]!, scale);
    const to = place(outLetters, outs);
    sums.set(to, (sums.get(to) ?? 0) + product);
  };
  walk(0, {});
  const adds = op.constants.ACCUMULATE === 'true';
  for (const [to, sum] of sums) memory[to] = (adds ? memory[to]! : 0) + sum;
}

const noise = (length: number, seed: number) =>
  Float64Array.from({ length }, (_, i) => pcg4d(i, seed, 0, 0)[0] / 2 ** 31 - 1);

/** Central differences of Σ gradient(out) · out in one float of the parameters. */
function slope(forward: Contraction[], memory: Float64Array, outs: View[], own: Arena, at: number): number {
  const value = (step: number) => {
    const moved = memory.slice();
    moved[at]! += step;
    for (const op of forward) run(moved, op);
    return outs.reduce((sum, out) => {
      const gradients = places(own.gradientOf(out));
      return [...places(out)].reduce(
        (s, [index, place]) => s + moved[place]! * memory[gradients.get(index)!]!,
        sum,
      );
    }, 0);
  };
  return (value(1e-4) - value(-1e-4)) / 2e-4;
}

test('adjoints of the tables of a dense layer are their central differences', () => {
  const forward = layerTables(weights, 1);
  const memory = noise(arena.stride, 1);
  const back = memory.slice();
  for (const op of new Adjoint(arena).of(forward)) run(back, op);
  const { mlp, queries, values } = arena.tables.dense.get(1)!;
  const outs = [queries.part, values.part, mlp!.in.part, mlp!.bias, mlp!.out.part];
  for (const name of ['query', 'key', 'value', 'mlp_in', 'mlp_bias', 'mlp_out']) {
    const parameter = arena.parameter(`layer.1.${name}`);
    const gradients = places(arena.gradientOf(parameter));
    for (const [index, at] of [...places(parameter)].filter((_, i) => i % 3 === 0)) {
      expect(back[gradients.get(index)!], `${name} ${index}`).toBeCloseTo(
        slope(forward, memory, outs, arena, at),
        6,
      );
    }
  }
});

test('the first contribution to a gradient replaces, later ones add, parts of a whole included', () => {
  const adjoint = new Adjoint(arena);
  const whole = arena.parameter('layer.0.mlp_in');
  const part: View = { offset: whole.offset + 5, sizes: [2, 5], strides: [5, 1] };
  expect(adjoint.begin(whole)).toBe(false);
  expect(adjoint.begin(part)).toBe(true);
  expect(adjoint.begin(arena.parameter('layer.0.mlp_out'))).toBe(false);
});

test('an expression that does not fit its views is an error', () => {
  const { part } = arena.tables.dense.get(0)!.values;
  expect(() => contraction('hd->hd', [part], part)).toThrow('axes');
});
