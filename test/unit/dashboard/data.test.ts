import { expect, test } from 'vitest';
import type { RequiredLength } from '../../../src/analysis/required.ts';
import { receivedLength, sentLength } from '../../../src/dashboard/data.ts';

test.each<RequiredLength['interval']>([[0, Number.POSITIVE_INFINITY], [4, 16], null])(
  'an N*(ε) with interval %j reaches the page as it was',
  interval => {
    const axes = { 'task.omega': 4 };
    const length = {
      ...{ axes, epsilon: 0.1, length: 7, censored: null },
      interval,
      shortest: 4,
      longest: 16,
    };
    expect(receivedLength(JSON.parse(JSON.stringify(sentLength(length))))).toEqual(length);
  },
);
