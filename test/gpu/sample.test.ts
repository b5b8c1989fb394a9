import { describe, expect, test } from 'vitest';
import type { Positions } from '../../src/shared/protocol.ts';
import { tokensOf } from '../../src/shared/task.ts';
import { deviceTask } from '../../src/tasks/device.ts';
import { type LawName, OWN_LAW } from '../../src/tasks/laws/registry.ts';
import { taskOf } from '../../src/tasks/registry.ts';
import { sampleSequence } from '../../src/tasks/sample.ts';
import { SUITE } from '../../src/tasks/suite/registry.ts';
import { useEngine } from '../support/engine.ts';

const engine = useEngine();

/**
 * Largest allowed target error: 0 where the target is a correctly rounded ratio of counts; for simple precise_sin's 3e-7, and its
 * argument's error: a division of 2.5 ulp and a product of half of one, ω · 3 · 2⁻²³.
 */
const sinError = (omega: number) => 3e-7 + omega * 3 * 2 ** -23;

interface Case {
  kind: string;
  knobs: Record<string, number>;
  law: LawName | typeof OWN_LAW;
  alpha: number;
  length: number;
  error: number;
}

const CASES: Case[] = [
  { kind: 'simple', knobs: { omega: 1 }, law: 'uniform-iid', alpha: 1000, length: 33, error: sinError(1) },
  {
    kind: 'simple',
    knobs: { omega: 40 },
    law: 'dirichlet-iid',
    alpha: 1000,
    length: 200,
    error: sinError(40),
  },
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

interface Way {
  lengthMode: 'uniform' | 'fixed';
  positions: Positions;
  offsets: number | null;
}

/** Draws sequences on the device and by the twin, and compares them. */
async function expectTwins(
  { kind, knobs, law, alpha, length, error }: Case,
  { lengthMode, positions, offsets }: Way,
) {
  const task = taskOf(kind);
  const { vocabulary, outputs } = task.shape(knobs);
  const drawing = {
    ...{ alphaThousandths: alpha, lengthMode, length, positions, offsets },
    ...{ key: 0xdeadbeef, step: 12 },
  };
  const request = {
    ...{ task: deviceTask(task, knobs, law), deviceKnobs: task.wgslKnobs(knobs), vocabulary, outputs },
    ...drawing,
  };
  const sequences = 200;
  const answer = await engine.ask('sampled', { op: 'sample', ...request, sequences });
  let worst = 0;
  let labels = 0;
  for (let i = 0; i < sequences; i++) {
    const twin = sampleSequence({ ...drawing, task, knobs, law }, i);
    expect(answer.sequences[i]).toEqual([...twin.tokens]);
    expect(answer.positions[i]).toEqual(twin.reads);
    expect(answer.offsets[i]).toBe(twin.offset);
    labels += twin.reads.length;
    twin.targets.forEach((target, r) => {
      target.forEach((value, o) => {
        // Bit-equal means equal to the float32 nearest to the float64 target.
        const want = error === 0 ? Math.fround(value) : value;
        worst = Math.max(worst, Math.abs(answer.targets[i]![r]![o]! - want));
      });
    });
  }
  expect(worst).toBeLessThanOrEqual(error);
  expect(answer.labels).toBe(labels);
}

describe.each(CASES)('$kind $knobs under $law', own => {
  const { length } = own;
  test.each<Way>([
    { lengthMode: 'uniform', positions: 'last', offsets: null },
    { lengthMode: 'fixed', positions: 'last', offsets: null },
    { lengthMode: 'uniform', positions: 'every', offsets: null },
    { lengthMode: 'uniform', positions: 5, offsets: length + 3 },
    { lengthMode: 'fixed', positions: length, offsets: length },
  ])(
    'tokens, reads, targets, offsets at $positions of $lengthMode lengths: equal to the TypeScript twin',
    way => expectTwins(own, way),
  );
});

/** Knobs of every task of the suite; of tomita, which has a table a language, two. */
const SUITE_CASES: Case[] = SUITE.flatMap(({ kind, knobs: { shape } }) => {
  const values: Record<string, number>[] = [{ symbols: 150, cycle: 5, p: 5, language: 3 }];
  if (kind === 'tomita') values.push({ language: 7 });
  return values.map(own => ({
    ...{ kind, law: OWN_LAW, alpha: 1000, length: 41, error: 0 },
    knobs: Object.fromEntries(Object.keys(shape).map(knob => [knob, own[knob]!])),
  }));
});

test.each(SUITE_CASES)('$kind $knobs by its own law: equal to the TypeScript twin', async own => {
  const { law } = taskOf(own.kind);
  await expectTwins(own, {
    lengthMode: 'uniform',
    positions: 'every',
    offsets: tokensOf(law!, own.length) + 3,
  });
  await expectTwins(own, { lengthMode: 'fixed', positions: 'last', offsets: null });
});
