import { describe, expect, test } from 'vitest';
import { isCorrect } from '../../../src/reference/accuracy.ts';
import { WordStream } from '../../../src/shared/random.ts';
import { tokensOf } from '../../../src/shared/task.ts';
import { OWN_LAW } from '../../../src/tasks/laws/registry.ts';
import { taskOf } from '../../../src/tasks/registry.ts';
import { sampleSequence } from '../../../src/tasks/sample.ts';
import { SUITE } from '../../../src/tasks/suite/registry.ts';

type Own = Record<string, number>;
const DRAWS = 100_000;

/** Sequence number i of a length by a task's law. */
function draw(kind: string, knobs: Own, length: number, i: number): number[] {
  const task = taskOf(kind);
  const { vocabulary } = task.shape(knobs);
  return [
    ...task.law!.draw(new WordStream(17, 0, i), length, {
      vocabulary,
      alphaThousandths: 1000,
      order: 0,
      knobs,
    }),
  ];
}

/** Chi-squared of counts against probabilities, with its 99.9 % quantile by Wilson and Hilferty. */
function expectLaw(counts: ReadonlyMap<string, number>, law: ReadonlyMap<string, number>): void {
  const draws = [...counts.values()].reduce((a, b) => a + b, 0);
  for (const outcome of counts.keys()) expect(law.has(outcome), outcome).toBe(true);
  let chiSquared = 0;
  for (const [outcome, p] of law) chiSquared += ((counts.get(outcome) ?? 0) - draws * p) ** 2 / (draws * p);
  const freedom = law.size - 1;
  const c = 2 / (9 * freedom);
  expect(chiSquared).toBeLessThan(freedom * (1 - c + 3.09 * Math.sqrt(c)) ** 3);
}

function countsOf(kind: string, knobs: Own, length: number, outcome: (tokens: number[]) => string) {
  const counts = new Map<string, number>();
  for (let i = 0; i < DRAWS; i++) {
    const key = outcome(draw(kind, knobs, length, i));
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** Every string of n symbols below k. */
function strings(n: number, k: number): number[][] {
  return n === 0
    ? [[]]
    : strings(n - 1, k).flatMap(head => Array.from({ length: k }, (_, s) => [...head, s]));
}

/** A law over strings from weights, those of weight 0 left out. */
function lawOf(all: number[][], weight: (x: number[]) => number): Map<string, number> {
  const total = all.reduce((sum, x) => sum + weight(x), 0);
  return new Map(all.filter(x => weight(x) > 0).map(x => [x.join(''), weight(x) / total]));
}

const ones = (x: number[]) => x.reduce((sum, bit) => sum + bit, 0);
/** With the number of ones uniform: one over the binomial coefficient. */
const uniformOnes = (x: number[]) => {
  let choose = 1;
  for (let i = 0; i < ones(x); i++) choose = (choose * (x.length - i)) / (i + 1);
  return 1 / choose;
};
const balanced = (x: number[]) => {
  const depths = x.map((_, i) => i + 1 - 2 * ones(x.slice(0, i + 1)));
  return depths.every(depth => depth >= 0) && depths.at(-1) === 0;
};
const input = (n: number) => (tokens: number[]) => tokens.slice(1, n + 1).join('');

describe('laws against exact probabilities, by chi-squared over 10^5 draws', () => {
  test('binary majority: the number of ones uniform but for ties', () => {
    const law = lawOf(strings(4, 2), x => (2 * ones(x) === 4 ? 0 : uniformOnes(x)));
    expectLaw(countsOf('binary-majority', {}, 4, input(4)), law);
  });

  test('majority: uniform strings with one symbol ahead of all others', () => {
    const law = lawOf(strings(4, 3), x => {
      const counts = [0, 1, 2].map(s => x.filter(symbol => symbol === s).length).sort((a, b) => b - a);
      return counts[0]! > counts[1]! ? 1 : 0;
    });
    expectLaw(countsOf('majority', { symbols: 3 }, 4, input(4)), law);
  });

  test('majority interleave: three binary majorities in turn', () => {
    const strand = (x: number[]) => (ones(x) === 1 ? 0 : 0.5);
    const law = lawOf(
      strings(6, 2),
      x => strand([x[0]!, x[3]!]) * strand([x[1]!, x[4]!]) * strand([x[2]!, x[5]!]),
    );
    expectLaw(countsOf('majority-interleave', {}, 7, input(6)), law);
  });

  test.each(['copy-unique', 'sort'])('%s: every arrangement as likely', kind => {
    const law = lawOf(strings(3, 5), x => (new Set(x).size === 3 ? 1 : 0));
    expectLaw(countsOf(kind, { symbols: 5 }, 3, input(3)), law);
  });

  test('copy with repeats: uniform strings', () => {
    expectLaw(
      countsOf('copy-repeats', { symbols: 2 }, 5, input(5)),
      lawOf(strings(5, 2), () => 1),
    );
  });

  test('parity: the number of ones uniform', () => {
    expectLaw(countsOf('parity', {}, 5, input(5)), lawOf(strings(5, 2), uniformOnes));
  });

  test('addition: the first operand takes any length, numbers begin with 1', () => {
    // Operands of a + b = 4 bits: each of 1…3 with probability 1/3, then its free bits.
    const numbers = (n: number) => strings(n, 2).filter(x => n === 1 || x[0] === 1);
    const law = new Map(
      [1, 2, 3].flatMap(first =>
        numbers(first).flatMap(x =>
          numbers(4 - first).map(
            y =>
              [[...x, 2, ...y].join(''), 1 / 3 / numbers(first).length / numbers(4 - first).length] as const,
          ),
        ),
      ),
    );
    expectLaw(countsOf('addition', {}, 6, input(5)), law);
  });

  test('modular arithmetic: numbers and operators uniform, an odd number of tokens', () => {
    const law = new Map(
      strings(2, 3).flatMap(([x, y]) => [3, 4, 5].map(o => [`${x}${o}${y}`, 1 / 27] as const)),
    );
    expectLaw(
      countsOf('modular-arithmetic', { p: 3 }, 4, tokens => tokens.join('')),
      law,
    );
  });

  test('dyck-1: half balanced, every such word as likely, half any arrangement', () => {
    const even = strings(6, 2).filter(x => ones(x) === 3);
    const words = even.filter(balanced);
    const law = lawOf(even, x => 0.5 / even.length + (balanced(x) ? 0.5 / words.length : 0));
    expect(words).toHaveLength(5);
    expectLaw(
      countsOf('dyck-1', {}, 7, tokens => tokens.join('')),
      law,
    );
  });

  test('tomita 4: coins that never make 0 0 0, then one bit turned in half of the strings', () => {
    const n = 4;
    const walk = (x: number[]) =>
      x.reduce((p, bit, i) => p * (i > 1 && x[i - 1] === 0 && x[i - 2] === 0 ? bit : 0.5), 1);
    const law = lawOf(strings(n, 2), x => {
      const turned = x.map((_, at) => walk(x.map((bit, i) => (i === at ? 1 - bit : bit))));
      return walk(x) / 2 + turned.reduce((sum, p) => sum + p, 0) / (2 * n);
    });
    expectLaw(
      countsOf('tomita', { language: 4 }, n, tokens => tokens.join('')),
      law,
    );
  });
});

describe('targets against brute force', () => {
  /** The answer of a framed task in other words, from the symbols before <sep>. */
  const ANSWERS: Record<string, (x: number[]) => number[]> = {
    'binary-majority': x => [Math.round(ones(x) / x.length)],
    majority: x => [[...x].sort((a, b) => x.filter(s => s === b).length - x.filter(s => s === a).length)[0]!],
    'majority-interleave': x =>
      [0, 1, 2].map(r => Math.round(ones(x.filter((_, i) => i % 3 === r)) / (x.length / 3))),
    sort: x => Array.from({ length: 40 }, (_, s) => s).filter(s => x.includes(s)),
    'copy-unique': x => x,
    'copy-repeats': x => x,
    parity: x => [x.join('').replaceAll('0', '').length % 2 === 0 ? 2 : 3],
    addition(x) {
      const [a, b] = x.join('').split('2');
      return [...(BigInt(`0b${a}`) + BigInt(`0b${b}`)).toString(2)].map(Number);
    },
  };
  const KNOBS = { symbols: 40 };

  test.each(Object.entries(ANSWERS))(
    '%s: the answer, then <eos>, and nothing before <sep>',
    (kind, answer) => {
      const task = taskOf(kind);
      const knobs: Own = 'symbols' in task.knobs.shape ? KNOBS : {};
      const K = task.shape(knobs).vocabulary - 3;
      for (let i = 0; i < 300; i++) {
        const tokens = draw(kind, knobs, (task.law!.shortest ?? 1) + (i % 30), i);
        const separator = tokens.indexOf(K + 1);
        const x = tokens.slice(1, separator);
        expect(tokens[0]).toBe(K);
        expect(tokens.slice(separator + 1)).toEqual(answer(x));
        const reads = tokens.map((_, at) => at + 1);
        const due = task.targets(tokens, knobs, reads).map(target => target?.indexOf(1) ?? null);
        expect(due).toEqual([...Array(separator).fill(null), ...answer(x), K + 2]);
      }
    },
  );

  const CLASSES: [string, Own, (x: number[]) => number | null][] = [
    ['even-pairs', {}, x => (x.slice(1).filter((bit, i) => bit !== x[i]).length % 2 === 0 ? 1 : 0)],
    ['cycle-navigation', { cycle: 5 }, x => (((ones(x) - x.length) % 5) + 5) % 5],
    [
      'modular-arithmetic',
      { p: 5 },
      x => {
        if (x.at(-1)! > 4) return null;
        const value = Number(
          new Function(`return ${x.map(t => (t < 5 ? `${t}n` : '+-*'[t - 5])).join(' ')} + 0n`)() % 5n,
        );
        return (value + 5) % 5;
      },
    ],
    ['dyck-1', {}, x => (balanced(x) ? 1 : 0)],
    ...[/^1*$/, /^(10)*$/, undefined, /^(?!.*000)/, undefined, undefined, /^0*1*0*1*$/].flatMap(
      (language, l): [string, Own, (x: number[]) => number][] =>
        language ? [['tomita', { language: l + 1 }, x => (language.test(x.join('')) ? 1 : 0)]] : [],
    ),
    [
      'tomita',
      { language: 3 },
      x => ([...x.join('').matchAll(/(1+)(0+)/g)].some(([, a, b]) => a!.length % 2 && b!.length % 2) ? 0 : 1),
    ],
    ['tomita', { language: 5 }, x => (ones(x) % 2 === 0 && (x.length - ones(x)) % 2 === 0 ? 1 : 0)],
    ['tomita', { language: 6 }, x => ((2 * ones(x) - x.length) % 3 === 0 ? 1 : 0)],
  ];

  test.each(CLASSES)('%s %o: the class of every prefix', (kind, knobs, classOf) => {
    const task = taskOf(kind);
    for (let i = 0; i < 200; i++) {
      const tokens = draw(kind, knobs, 2 + (i % 20), i);
      const reads = tokens.map((_, at) => at + 1);
      const classes = task.targets(tokens, knobs, reads).map(target => target?.indexOf(1) ?? null);
      expect(classes).toEqual(reads.map(length => classOf(tokens.slice(0, length))));
    }
  });
});

test.each(SUITE.map(task => ({ kind: task.kind, task })))(
  '$kind: sequences fit into the room of their law',
  ({ task }) => {
    const knobs = Object.fromEntries(Object.keys(task.knobs.shape).map(knob => [knob, 7]));
    const { shortest = 1 } = task.law!;
    const drawing = {
      ...{ task, knobs, law: OWN_LAW, alphaThousandths: 1000, key: 3, step: 0, offsets: null },
      ...({ lengthMode: 'fixed', positions: 'every' } as const),
    };
    for (let length = shortest; length <= 7; length++)
      for (let i = 0; i < 50; i++) {
        const { tokens, reads } = sampleSequence({ ...drawing, length }, i);
        expect(tokens.length).toBeLessThanOrEqual(tokensOf(task.law!, length));
        expect(reads.length).toBeGreaterThan(0);
      }
  },
);

test('exact match under teacher forcing is greedy decoding to the end', () => {
  const task = taskOf('copy-unique');
  const knobs = { symbols: 6 };
  const [bos, sep, eos] = [6, 7, 8];
  // A decoder that copies, but writes 0 after a prefix in which 5 was the last symbol written.
  const next = (prefix: number[]) => {
    const at = prefix.indexOf(sep);
    const written = prefix.length - at - 1;
    if (prefix.at(-1) === 5 && written > 0) return 0;
    return written < at - 1 ? prefix[1 + written]! : eos;
  };
  const outputs = (prefix: number[]) => Array.from({ length: 9 }, (_, o) => (o === next(prefix) ? 1 : 0));
  const seen = new Set<boolean>();
  for (let i = 0; i < 200; i++) {
    const tokens = draw('copy-unique', knobs, 1 + (i % 5), i);
    const at = tokens.indexOf(sep);
    const decoded = tokens.slice(0, at + 1);
    while (decoded.at(-1) !== eos && decoded.length < 20) decoded.push(next(decoded));
    const reads = tokens.map((_, t) => t + 1);
    const forced = task
      .targets(tokens, knobs, reads)
      .every((target, t) => target === null || isCorrect(outputs(tokens.slice(0, t + 1)), target));
    const greedy = JSON.stringify(decoded) === JSON.stringify([...tokens, eos]);
    expect(tokens[0]).toBe(bos);
    expect(forced).toBe(greedy);
    seen.add(greedy);
  }
  expect(seen.size).toBe(2);
});

test('a class is right when its output is the largest, the first of equal ones; NaN never is', () => {
  expect(isCorrect([0, 2, 2], [0, 1, 0])).toBe(true);
  expect(isCorrect([0, 2, 2], [0, 0, 1])).toBe(false);
  expect(isCorrect([Number.NaN, -1, -2], [0, 1, 0])).toBe(true);
  expect(isCorrect([Number.NaN, Number.NaN], [1, 0])).toBe(false);
});
