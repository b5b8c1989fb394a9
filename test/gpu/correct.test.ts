import { expect, test } from 'vitest';
import { isCorrect } from '../../src/reference/accuracy.ts';
import { floatsFromBase64, toBase64 } from '../../src/shared/base64.ts';
import { below, WordStream } from '../../src/shared/random.ts';
import { useEngine } from '../support/engine.ts';

const engine = useEngine();

const READS = 500;

/** Outputs among which there are ties, infinities and what is no number; some reads have nothing else. */
function saidBy(stream: WordStream, outputs: number): number[] {
  const strange = [Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, -3e38, 3e38];
  const all = below(stream.next(), 20) === 0;
  return Array.from({ length: outputs }, () =>
    all || below(stream.next(), 12) === 0
      ? strange[below(stream.next(), strange.length)]!
      : below(stream.next(), 5) - 2,
  );
}

test.each([1, 2, 7])('which reads are right is what the twin says, of %i outputs', async outputs => {
  const stream = new WordStream(0xc0, 0, outputs);
  const said = Array.from({ length: READS }, () => saidBy(stream, outputs));
  const targets = said.map(() => {
    const label = below(stream.next(), outputs);
    return Array.from({ length: outputs }, (_, o) => (o === label ? 1 : 0));
  });
  const weights = said.map(() => (below(stream.next(), 4) === 0 ? 0 : 1));
  const base64 = (numbers: number[]) => toBase64(Float32Array.from(numbers));
  const { correct } = await engine.ask('judged', {
    ...{ op: 'correct', outputs, weights: base64(weights) },
    ...{ said: base64(said.flat()), targets: base64(targets.flat()) },
  });
  const twin = said.map((own, i) => (weights[i] === 1 && isCorrect(own, targets[i]!) ? 1 : 0));
  expect(Array.from(floatsFromBase64(correct))).toEqual(twin);
  // Both answers are met, and reads that do not count.
  expect(new Set(twin)).toEqual(new Set([0, 1]));
  expect(weights).toContain(0);
});
