import { expect, test } from 'vitest';
import { below, WordStream } from '../../src/shared/random.ts';
import { deviceTask } from '../../src/tasks/device.ts';
import { expressionTask } from '../../src/tasks/expression/task.ts';
import { sampleSequence } from '../../src/tasks/sample.ts';
import { useEngine } from '../support/engine.ts';

const engine = useEngine();

const LONGEST = 60;
const VOCABULARY = 3;
/** Half of float32's spacing at 1. */
const U = 2 ** -24;

/** An expression with how large it can be, and how far float32 may lie from float64. */
interface Bounded {
  text: string;
  most: number;
  error: number;
}

/** Random expressions that float32 can follow: conditions and rounding are of whole numbers, which are exact. */
function generator(stream: WordStream) {
  const pick = <T>(all: readonly T[]): T => all[below(stream.next(), all.length)]!;
  const whole = (): Bounded =>
    pick<() => Bounded>([
      () => ({ text: `count(${below(stream.next(), VOCABULARY)})`, most: LONGEST, error: 0 }),
      () => ({ text: `count(1, ${below(stream.next(), 3)}, 3)`, most: LONGEST, error: 0 }),
      () => ({ text: `last(${1 + below(stream.next(), 5)})`, most: VOCABULARY, error: 0 }),
      () => ({ text: 'length', most: LONGEST, error: 0 }),
      () => ({ text: `mod(length, ${2 + below(stream.next(), 9)})`, most: 10, error: 0 }),
      () => ({ text: `floor(count(0) / ${2 + below(stream.next(), 9)})`, most: LONGEST, error: 0 }),
    ])();
  const condition = () => `${whole().text} ${pick(['<', '<=', '>', '>=', '==', '!='])} ${whole().text}`;
  const tree = (depth: number): Bounded => {
    if (depth === 0) return pick([whole, () => ({ text: 'a', most: 3, error: 3 * U }), ratio])();
    const [a, b] = [tree(depth - 1), tree(depth - 1)];
    return pick<() => Bounded>([
      () => sum('+', a, b),
      () => sum('-', a, b),
      () => (a.most * b.most < 5000 ? product(a, b) : sum('+', a, b)),
      () => ({ text: `sin(${a.text})`, most: 1, error: a.error + 3e-7 }),
      () => ({ text: `cos(${a.text})`, most: 1, error: a.error + 3e-7 }),
      () => ({
        text: `exp(min(${a.text}, 2))`,
        most: 7.4,
        error: 7.4 * (a.error + 2 * (3 + 2 * a.most) * U),
      }),
      () => ({
        text: `log(1 + abs(${a.text}))`,
        most: 1 + a.most,
        error: a.error + (2 ** 4 + 8 * a.most) * U,
      }),
      () => ({ text: `sqrt(1 + abs(${a.text}))`, most: 1 + a.most, error: a.error + 8 * (1 + a.most) * U }),
      () => ({
        text: `(${a.text}) / (1 + abs(${b.text}))`,
        most: a.most,
        error: a.error + a.most * (b.error + 16 * U * (1 + b.most)),
      }),
      () => ({
        text: `${pick(['min', 'max'])}(${a.text}, ${b.text})`,
        most: Math.max(a.most, b.most),
        error: a.error + b.error,
      }),
      () => ({
        text: `(${condition()} ${pick(['&&', '||'])} !(${condition()}) ? ${a.text} : ${b.text})`,
        most: Math.max(a.most, b.most),
        error: Math.max(a.error, b.error),
      }),
    ])();
  };
  const ratio = (): Bounded => ({ text: 'count(2) / length', most: 1, error: 6 * U });
  const sum = (operator: string, a: Bounded, b: Bounded) => {
    const most = a.most + b.most;
    return { text: `(${a.text} ${operator} ${b.text})`, most, error: a.error + b.error + 2 * most * U };
  };
  const product = (a: Bounded, b: Bounded) => {
    const most = a.most * b.most;
    const error = a.most * b.error + b.most * a.error + a.error * b.error + 2 * most * U;
    return { text: `(${a.text}) * (${b.text})`, most, error };
  };
  return tree;
}

test.each([1, 2, 3])(
  'random expressions are the same in WGSL as in float64, within what float32 allows (%d)',
  async seed => {
    const tree = generator(new WordStream(seed, 0, 0));
    // The first has the knob, whatever is drawn.
    const drawn = [
      { text: 'a', most: 3, error: 3 * U },
      ...Array.from({ length: 24 }, (_, i) => tree(1 + (i % 4))),
    ];
    const task = expressionTask(
      drawn.map(({ text }) => text),
      ['a'],
    );
    const knobs = { vocabulary: VOCABULARY, a: 2.3 };
    for (const positions of ['last', 'every'] as const) {
      const drawing = {
        ...({
          alphaThousandths: 700,
          lengthMode: 'uniform',
          length: LONGEST,
          positions,
          offsets: null,
        } as const),
        ...{ key: 0xabcdef, step: seed },
      };
      const sequences = 20;
      const answer = await engine.ask('sampled', {
        op: 'sample',
        ...{ task: deviceTask(task, knobs, 'dirichlet-iid'), deviceKnobs: task.wgslKnobs(knobs) },
        ...{ vocabulary: VOCABULARY, outputs: drawn.length, sequences, ...drawing },
      });
      for (let i = 0; i < sequences; i++) {
        const { targets } = sampleSequence({ ...drawing, task, knobs, law: 'dirichlet-iid' }, i);
        targets.forEach((values, r) => {
          values.forEach((value, o) => {
            const { text, error } = drawn[o]!;
            expect(Math.abs(answer.targets[i]![r]![o]! - value), text).toBeLessThanOrEqual(error);
          });
        });
      }
    }
  },
);
