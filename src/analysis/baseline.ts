import type { CellConfig } from '../plan/resolve.ts';
import { STREAM, streamKey } from '../shared/random.ts';
import { taskOf } from '../tasks/registry.ts';
import { sampleSequence } from '../tasks/sample.ts';

/** Squared-error losses that need no training, on sequences of one length. */
export interface Baseline {
  length: number;
  /** Of predicting the mean target: its variance, summed over outputs. */
  predictMean: number;
  /** Of predicting the sequence's own token frequencies; only for tasks whose output is a distribution over tokens. */
  orderZero: number | undefined;
}

const SEQUENCES = 1024;
const LONGEST = 1024;

/** Baselines of a cell's task at its longest test length (at most `LONGEST`), over `SEQUENCES` sequences. */
export function baselineOf({ task, data, test }: Pick<CellConfig, 'task' | 'data' | 'test'>): Baseline {
  const { kind, ...rest } = task;
  const definition = taskOf(kind);
  const knobs = rest as Record<string, number>;
  const length = Math.min(LONGEST, Math.max(...test.length));
  const alphaThousandths = Math.round(data.alpha * 1000);
  const key = streamKey(0, STREAM.test);
  const drawing = {
    task: definition,
    knobs,
    law: data.law,
    alphaThousandths,
    lengthMode: 'fixed',
    length,
    positions: 'last',
    offsets: null,
    key,
    step: length,
  } as const;
  const { outputs, vocabulary, order } = definition.shape(knobs);
  const sum = new Float64Array(outputs);
  let squares = 0;
  let orderZero = 0;
  for (let i = 0; i < SEQUENCES; i++) {
    const { tokens, targets } = sampleSequence(drawing, i);
    const target = targets[0]!;
    target.forEach((value, o) => {
      sum[o]! += value;
      squares += value * value;
    });
    if (order > 0) {
      const frequencies = new Float64Array(vocabulary);
      for (const token of tokens) frequencies[token]! += 1 / tokens.length;
      orderZero += target.reduce((error, value, s) => error + (value - frequencies[s]!) ** 2, 0);
    }
  }
  const meanSquare = sum.reduce((total, value) => total + (value / SEQUENCES) ** 2, 0);
  return {
    length,
    predictMean: squares / SEQUENCES - meanSquare,
    orderZero: order > 0 ? orderZero / SEQUENCES : undefined,
  };
}
