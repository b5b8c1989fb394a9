import { describe, expect, it } from 'vitest';
import { classTables } from '../../../src/model/first-layer.ts';
import { deterministicShort, roundedTokens, shortestLength } from '../../../src/simulation/deterministic.ts';
import { outputsOf } from '../../../src/simulation/outputs.ts';
import { distance } from '../../../src/simulation/simulate.ts';
import { taskOf } from '../../../src/tasks/registry.ts';
import { targetOf } from '../../../src/tasks/task.ts';
import { certificateOf } from '../../../src/theory/certificate.ts';
import { chainOf, LONGEST_MEASURED } from '../../../src/theory/chain.ts';
import { BASE, randomModel } from '../../support/models.ts';
import { everyString } from '../../support/strings.ts';

const FINITE = { precision: 'finite', bits: 4, scale: 1 } as const;
const cases = [
  {
    kind: 'simple',
    knobs: { omega: 2 },
    shapes: [
      [1, 0],
      [1, 2],
      [2, 1],
    ],
  },
  {
    kind: 'mod-p',
    knobs: { p: 2, k: 1 },
    shapes: [
      [2, 0],
      [2, 2],
      [4, 0],
    ],
  },
  {
    kind: 'mod-p',
    knobs: { p: 1, k: 0 },
    shapes: [
      [1, 0],
      [2, 0],
    ],
  },
].flatMap(({ kind, knobs, shapes }) =>
  shapes.flatMap(([period, locality]) =>
    [BASE.attention, FINITE].map(attention => ({
      kind,
      knobs,
      shape: { vocabulary: 2, period: period!, locality: locality!, attention },
    })),
  ),
);

describe('what a task says of f* on short strings', () => {
  it.each(cases)(
    '$kind $knobs, $shape: no short string of 0s and 1s is further off',
    ({ kind, knobs, shape }) => {
      const task = taskOf(kind)!;
      let closest = 0;
      const least = shortestLength(shape);
      for (let T = least + 1; T <= Math.max(10, least + 1); T++) {
        for (const tokens of everyString(2, T)) {
          for (let n = least; n < T; n++) {
            const short = deterministicShort(tokens, n, shape);
            const error = distance(targetOf(task, tokens, knobs), targetOf(task, short, knobs));
            const bound = task.shortError!(knobs, {
              ...shape,
              length: short.length,
              moved: roundedTokens(shape),
            })!;
            expect(error).toBeLessThanOrEqual(bound + 1e-12);
            closest = Math.max(closest, error / bound);
          }
        }
      }
      expect(closest).toBeGreaterThan(0.05);
    },
  );

  it('says nothing for residues that the model does not tell apart', () => {
    const short = { length: 10, period: 3, locality: 0, moved: 1 };
    expect(taskOf('mod-p')!.shortError!({ p: 2, k: 0 }, short)).toBeUndefined();
    expect(taskOf('k-gram')!.shortError).toBeUndefined();
  });
});

describe('the chain', () => {
  it('is above the error of f on every string of 14 tokens, where its middle term is the largest there is', () => {
    const model = randomModel(
      { ...BASE, layers: 1, vocabulary: 2, heads: 1, outputs: 1, locality: 0 },
      1,
      [0, 0],
    );
    const certificate = certificateOf(model, classTables(model))!;
    const task = taskOf('simple')!;
    const knobs = { omega: 1 };
    const output = outputsOf(model);
    const off = (tokens: Uint8Array) => distance([...output(tokens)], targetOf(task, tokens, knobs));
    const n = 6;
    const onShort = Math.max(...[...everyString(2, n)].map(off));
    const shape = { length: n, period: 1, locality: 0, moved: roundedTokens(model.config) };
    const sum = certificate.errorAt(n) + onShort + task.shortError!(knobs, shape)!;
    for (const tokens of everyString(2, 14)) expect(off(tokens)).toBeLessThanOrEqual(sum);
  });

  it('holds each ε’s N, what was measured there and what the task says', () => {
    const model = randomModel(
      { ...BASE, layers: 1, vocabulary: 2, heads: 1, outputs: 1, locality: 0 },
      1,
      [0, 0],
    );
    const certificate = certificateOf(model, classTables(model))!;
    const source = { law: 'dirichlet-iid', vocabulary: 2, alphaThousandths: 1000, order: 0, key: 1 } as const;
    const output = outputsOf(model);
    const target = {
      valueOf: (tokens: ArrayLike<number>) => [...output(tokens)].map(y => y + 0.25),
      shortError: () => undefined,
    };
    const chain = chainOf(model, certificate, target, { epsilons: [1, 1e-3], source });
    expect(chain.map(({ epsilon }) => epsilon)).toEqual([1, 1e-3]);
    for (const { epsilon, length, onShort, target: own } of chain) {
      expect(length).toBe(Math.round(10 ** certificate.log10Length(epsilon)!));
      expect(onShort.length).toBe(Math.min(length, LONGEST_MEASURED));
      expect(onShort.mean).toBeCloseTo(0.25, 12);
      expect(onShort.largest).toBeCloseTo(0.25, 12);
      expect(own).toBeNull();
    }
  });
});
