import type { AttentionData } from '../attention-data.ts';
import { attentionBackward, attentionForward } from '../attention-loops.ts';
import type { Contender } from '../contender.ts';

/** One thread of JavaScript, typed arrays, causal loops. */
export const plainLoops: Contender<AttentionData> = {
  version: 'JavaScript',
  async prepare(data) {
    const array = () => new Float32Array(data.queries.length);
    return {
      async run() {
        if (data.direction === 'forward') {
          const means = array();
          attentionForward(data, means);
          return [means];
        }
        const gradients = { queries: array(), keys: array(), values: array() };
        attentionBackward(data, gradients);
        return [gradients.queries, gradients.keys, gradients.values];
      },
      dispose() {},
    };
  },
};
