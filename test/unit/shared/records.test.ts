import { expect, test } from 'vitest';
import { packPortion, unpackPortion } from '../../../src/shared/feed.ts';
import { packRecord, positionsOf, unpackRecord } from '../../../src/shared/records.ts';
import fc from '../../support/property.ts';

const tokens = fc.array(fc.nat(255), { minLength: 1, maxLength: 40 });

test.each(['classes', 'vectors'] as const)('a record of %s gives its sequence back', form => {
  fc.assert(
    fc.property(tokens, fc.array(fc.boolean()), fc.integer({ min: 1, max: 3 }), (tokens, picks, outputs) => {
      const picked = tokens.flatMap((_, i) => (picks[i] ? [i + 1] : []));
      const positions = picked.length > 0 ? picked : [tokens.length];
      const targets =
        form === 'classes'
          ? positions.map(position => position % 256)
          : positions.map(position => Array.from({ length: outputs }, (_, o) => position / (o + 2)));
      const sequence = { tokens, positions, targets } as Parameters<typeof packRecord>[0];
      const back = unpackRecord(packRecord(sequence), form, outputs);
      expect([...(back.tokens as Uint8Array)]).toEqual(tokens);
      expect(positionsOf(back)).toEqual(positions);
      expect(back.targets.flat()).toEqual(targets.flat().map(Math.fround));
    }),
  );
});

test('positions that are the last ones take no room', () => {
  const given = packRecord({ tokens: [1, 2, 3], positions: [2, 3], targets: [0, 1] });
  expect([...given]).toEqual([...packRecord({ tokens: [1, 2, 3], targets: [0, 1] })]);
  expect(given.length).toBe(2 + 1 + 1);
});

test('a portion travels as bytes', () => {
  const starts = Uint32Array.of(4, 0, 2);
  const records = Uint32Array.of(9, 8, 7);
  const travelled = (portion: Parameters<typeof packPortion>[0]) =>
    unpackPortion(packPortion(portion).buffer);
  expect(travelled({ count: 3, starts })).toEqual({ count: 3, starts });
  expect(travelled({ count: 1, starts, records, complete: true })).toEqual({
    ...{ count: 1, starts, records, complete: true },
  });
  expect(travelled({ count: 1, starts, records }).complete).toBe(false);
});
