import { describe, expect, test } from 'vitest';
import { below, pcg4d, STREAM, streamKey, WordStream } from '../../../src/shared/random.ts';
import { LAWS, longestSequence } from '../../../src/tasks/laws/registry.ts';
import { TASKS, taskOf } from '../../../src/tasks/registry.ts';
import { sampleSequence } from '../../../src/tasks/sample.ts';
import { targetOf } from '../../../src/tasks/task.ts';

describe.each(TASKS.map(task => ({ kind: task.kind, task })))('task $kind', ({ task }) => {
  test.each(task.examples)('example $tokens with $knobs', ({ knobs, tokens, target }) => {
    task.knobs.parse(knobs);
    const got = targetOf(task, tokens, knobs);
    expect(got).toHaveLength(task.shape(knobs).outputs);
    got.forEach((value, o) => {
      expect(value).toBeCloseTo(target[o]!, 14);
    });
  });

  test('targets of many prefixes in one pass are those of each prefix alone', () => {
    for (const { knobs } of task.examples) {
      const { vocabulary } = task.shape(knobs);
      const stream = new WordStream(11, 0, 0);
      const tokens = Array.from({ length: 60 }, () => below(stream.next(), vocabulary));
      const reads = [1, 2, 3, 7, 20, 21, 59, 60];
      const alone = reads.map(length => task.targets(tokens.slice(0, length), knobs, [length])[0]);
      expect(task.targets(tokens, knobs, reads)).toEqual(alone);
    }
  });

  test('has an example with every knob', () => {
    expect(task.examples.length).toBeGreaterThan(0);
    for (const { knobs } of task.examples) expect(Object.keys(knobs)).toEqual(Object.keys(task.knobs.shape));
  });
});

test('an unknown task is an input error that lists the known ones', () => {
  expect(() => taskOf('sipmle')).toThrow(/unknown task "sipmle"/);
});

describe('random words', () => {
  test('pcg4d hashes as published (Jarzynski and Olano 2020, listing "pcg4d")', () => {
    const wrap = (n: bigint) => BigInt.asUintN(32, n);
    const published = (input: number[]) => {
      const v = input.map(word => wrap(BigInt(word) * 1664525n + 1013904223n));
      const mix = () => {
        v[0] = wrap(v[0]! + v[1]! * v[3]!);
        v[1] = wrap(v[1]! + v[2]! * v[0]!);
        v[2] = wrap(v[2]! + v[0]! * v[1]!);
        v[3] = wrap(v[3]! + v[1]! * v[2]!);
      };
      mix();
      for (let i = 0; i < 4; i++) v[i]! ^= v[i]! >> 16n;
      mix();
      return v.map(Number);
    };
    for (const input of [
      [0, 0, 0, 0],
      [1, 2, 3, 4],
      [0xffffffff, 0x80000000, 7, 0xdeadbeef],
    ]) {
      expect(pcg4d(input[0]!, input[1]!, input[2]!, input[3]!)).toEqual(published(input));
    }
  });

  test.each([1, 2, 3, 1000, 2 ** 31, 2 ** 32 - 1])('below(…, %d) is floor(random · bound / 2^32)', bound => {
    for (let i = 0; i < 2000; i++) {
      const [random] = pcg4d(i, bound, 1, 2);
      expect(below(random, bound)).toBe(Number((BigInt(random) * BigInt(bound)) >> 32n));
    }
  });

  test('streams of different keys, steps and sequences differ', () => {
    const first = (key: number, step: number, sequence: number) => new WordStream(key, step, sequence).next();
    expect(new Set([first(1, 0, 0), first(2, 0, 0), first(1, 1, 0), first(1, 0, 1)]).size).toBe(4);
    expect(streamKey(0, STREAM.train)).not.toBe(streamKey(0, STREAM.test));
  });
});

describe('laws', () => {
  const parameters = { vocabulary: 2, alphaThousandths: 1000, order: 0 };

  test.each(Object.entries(LAWS))('%s: a longer string of a stream begins with the shorter one', (_, law) => {
    const own = { vocabulary: 3, alphaThousandths: 700, order: 2 };
    for (let i = 0; i < 50; i++) {
      const draw = (length: number) => [...law.draw(new WordStream(5, 0, i), length, own)];
      expect(draw(200).slice(0, 17 + i)).toEqual(draw(17 + i));
    }
  });

  test('dirichlet-iid with α = 1, S = 2: the number of ones is uniform on 0…T (chi-square)', () => {
    const T = 9;
    const draws = 20_000;
    const seen = Array<number>(T + 1).fill(0);
    for (let i = 0; i < draws; i++) {
      const tokens = LAWS['dirichlet-iid'].draw(new WordStream(7, 0, i), T, parameters);
      seen[tokens.reduce((sum, x) => sum + x, 0)]!++;
    }
    const expected = draws / (T + 1);
    const chiSquare = seen.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
    // 99.9 % quantile with 9 degrees of freedom.
    expect(chiSquare).toBeLessThan(27.9);
  });

  test('dirichlet-iid with small α: most sequences are nearly constant', () => {
    const T = 50;
    let constant = 0;
    for (let i = 0; i < 1000; i++) {
      const tokens = LAWS['dirichlet-iid'].draw(new WordStream(3, 0, i), T, {
        ...parameters,
        alphaThousandths: 1,
      });
      if (new Set(tokens).size === 1) constant++;
    }
    expect(constant).toBeGreaterThan(980);
  });

  test('dirichlet-markov: given its context a token is exchangeable, contexts are independent', () => {
    // Urn law with α = 1: the second visit of a context repeats the first token with probability 2/3 (S = 2).
    let visits = 0;
    let repeats = 0;
    for (let i = 0; i < 4000; i++) {
      const tokens = LAWS['dirichlet-markov'].draw(new WordStream(5, 0, i), 12, { ...parameters, order: 1 });
      const after = [...tokens].slice(1).filter((_, j) => tokens[j] === 0);
      if (after.length < 2) continue;
      visits++;
      if (after[0] === after[1]) repeats++;
    }
    const standardError = Math.sqrt(2 / 9 / visits);
    expect(Math.abs(repeats / visits - 2 / 3)).toBeLessThan(5 * standardError);
  });

  test('uniform-iid: all tokens equally often', () => {
    const counts = [0, 0, 0];
    const tokens = LAWS['uniform-iid'].draw(new WordStream(1, 0, 0), 30_000, {
      ...parameters,
      vocabulary: 3,
    });
    for (const token of tokens) counts[token]!++;
    for (const n of counts) expect(Math.abs(n - 10_000)).toBeLessThan(5 * Math.sqrt((30_000 * 2) / 9));
  });

  test('the longest sequence keeps the urn below 2^32', () => {
    const longest = longestSequence(2, 1000);
    expect(2 * 1000 + 1000 * longest).toBeLessThan(2 ** 32);
    expect(2 * 1000 + 1000 * (longest + 1)).toBeGreaterThan(2 ** 32 - 1);
  });
});

describe('sampleSequence', () => {
  const task = taskOf('mod-p');
  const drawing = {
    task,
    knobs: { p: 3, k: 1 },
    law: 'dirichlet-iid',
    alphaThousandths: 1000,
    length: 10,
    positions: 'last',
    offsets: null,
    key: 1,
    step: 0,
  } as const;

  test('uniform lengths cover 1…N', () => {
    const lengths = new Set(
      Array.from(
        { length: 500 },
        (_, i) => sampleSequence({ ...drawing, lengthMode: 'uniform' }, i).tokens.length,
      ),
    );
    expect([...lengths].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  test('fixed length, and the target of the drawn tokens', () => {
    const { tokens, reads, targets } = sampleSequence({ ...drawing, lengthMode: 'fixed' }, 4);
    expect(tokens).toHaveLength(10);
    expect(reads).toEqual([10]);
    expect(targets).toEqual([targetOf(task, tokens, drawing.knobs)]);
  });

  test('reads and offsets leave the tokens as they are', () => {
    const plain = sampleSequence({ ...drawing, lengthMode: 'fixed' }, 4);
    const more = sampleSequence({ ...drawing, lengthMode: 'fixed', positions: 4, offsets: 30 }, 4);
    expect(more.tokens).toEqual(plain.tokens);
    expect(more.reads).toHaveLength(4);
    expect(more.reads).toEqual([...new Set(more.reads)].sort((a, b) => a - b));
  });

  test('every set of reads is as likely as any other, and every offset (chi-squared, 99.9 %)', () => {
    const own = { ...drawing, length: 5, lengthMode: 'fixed', positions: 2, offsets: 8 } as const;
    const draws = Array.from({ length: 20_000 }, (_, i) => sampleSequence(own, i));
    const chiSquared = (values: (string | number)[], kinds: number) => {
      const counts = new Map<string | number, number>();
      for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
      expect(counts.size).toBe(kinds);
      const mean = values.length / kinds;
      return [...counts.values()].reduce((sum, n) => sum + (n - mean) ** 2 / mean, 0);
    };
    // Quantiles at 0.999 for 9 and 3 degrees of freedom.
    expect(
      chiSquared(
        draws.map(({ reads }) => reads.join()),
        10,
      ),
    ).toBeLessThan(27.88);
    expect(
      chiSquared(
        draws.map(({ offset }) => offset),
        4,
      ),
    ).toBeLessThan(16.27);
  });
});
