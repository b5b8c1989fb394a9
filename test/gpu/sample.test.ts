import { describe, expect, test } from 'vitest';
import type { Law } from '../../src/shared/protocol.ts';
import { taskOf } from '../../src/tasks/registry.ts';
import { sampleSequence } from '../../src/tasks/sample.ts';
import { useEngine } from '../support/engine.ts';

const engine = useEngine();

/** Largest allowed target error: 0 where the target is a correctly rounded ratio of counts, precise_sin's bound for simple. */
const CASES: {
  kind: string;
  knobs: Record<string, number>;
  law: Law;
  alpha: number;
  length: number;
  error: number;
}[] = [
  { kind: 'simple', knobs: { omega: 1 }, law: 'uniform-iid', alpha: 1000, length: 33, error: 3e-7 },
  { kind: 'simple', knobs: { omega: 40 }, law: 'dirichlet-iid', alpha: 1000, length: 200, error: 3e-6 },
  { kind: 'mod-p', knobs: { p: 5, k: 2 }, law: 'dirichlet-iid', alpha: 100, length: 64, error: 0 },
  { kind: 'mod-p', knobs: { p: 1, k: 0 }, law: 'uniform-iid', alpha: 1000, length: 7, error: 0 },
  {
    kind: 'k-gram',
    knobs: { vocabulary: 3, k: 1 },
    law: 'dirichlet-markov',
    alpha: 1000,
    length: 100,
    error: 0,
  },
  {
    kind: 'k-gram',
    knobs: { vocabulary: 5, k: 2 },
    law: 'dirichlet-markov',
    alpha: 500,
    length: 150,
    error: 0,
  },
  { kind: 'k-gram', knobs: { vocabulary: 4, k: 3 }, law: 'dirichlet-iid', alpha: 2000, length: 50, error: 0 },
];

describe.each(CASES)('$kind $knobs under $law', ({ kind, knobs, law, alpha, length, error }) => {
  test.each(['uniform', 'fixed'] as const)(
    'sampler and target, %s length: equal to the TypeScript twin',
    async lengthMode => {
      const request = {
        task: kind,
        knobs,
        law,
        alphaThousandths: alpha,
        lengthMode,
        length,
        key: 0xdeadbeef,
        step: 12,
      };
      const sequences = 200;
      const answer = await engine.ask('sampled', { op: 'sample', ...request, sequences });
      let worst = 0;
      for (let i = 0; i < sequences; i++) {
        const twin = sampleSequence({ ...request, task: taskOf(kind) }, i);
        expect(answer.sequences[i]).toEqual([...twin.tokens]);
        twin.target.forEach((value, o) => {
          // Bit-equal means equal to the float32 nearest to the float64 target.
          const want = error === 0 ? Math.fround(value) : value;
          worst = Math.max(worst, Math.abs(answer.targets[i]![o]! - want));
        });
      }
      expect(worst).toBeLessThanOrEqual(error);
    },
  );
});
