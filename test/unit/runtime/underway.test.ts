import { describe, expect, test } from 'vitest';
import { Underway } from '../../../src/runtime/underway.ts';
import type { Checkpoint } from '../../../src/shared/checkpoint.ts';
import type { Sums } from '../../../src/shared/protocol.ts';
import { pack, replica } from '../../support/packs.ts';

const ORIGIN = { machine: 'a GPU', engine: 'abc' };
const PACK = pack({ replicas: ['a', 'b', 'c', 'd', 'e'].map(cell => replica({ cell })) });
const sums = (count: number): Sums => ({ count, L: 1, n: count, LL: 1, Ln: 1, nn: 1 });

const saved = (cell: string, step: number, more: Partial<Checkpoint> = {}): Checkpoint => ({
  ...{ cell, step, origin: ORIGIN, divergedAtStep: null, tested: [], seconds: 10, floats: `${cell}${step}` },
  curve: [{ step, loss: 0.5 }],
  ...more,
});
const cellsOf = (parts: Underway[]) => parts.map(part => part.pack.replicas.map(({ cell }) => cell).join(''));
const whole = (states: Checkpoint[]) => Underway.of(PACK, cell => states.find(state => state.cell === cell));

const progress = (step: number, losses: number[]) => ({
  ...({ event: 'progress', phase: 'train', done: step, total: 20, sequencesPerSecond: 1 } as const),
  curve: [{ step, losses }],
});
const state = (step: number, cells: string) => ({
  ...({ event: 'state', step, seconds: 5 } as const),
  replicas: [...cells].map(cell => ({ divergedAtStep: null, floats: `${cell}${step}` })),
});

describe('a pack under way', () => {
  test('is apart by step, by evaluation and by origin, furthest first', () => {
    const parts = whole([
      saved('a', 10),
      saved('b', 20, { tested: [sums(64)] }),
      saved('c', 10),
      saved('d', 10, { origin: { ...ORIGIN, engine: 'other' } }),
    ]);
    expect(cellsOf(parts)).toEqual(['b', 'ac', 'd', 'e']);
    expect(parts.map(part => part.step)).toEqual([20, 10, 10, 0]);
    expect(parts.at(-1)!.resume()).toBeUndefined();
    expect(parts[0]!.resume()).toEqual({
      step: 20,
      replicas: [{ divergedAtStep: null, floats: 'b20' }],
      tested: [[sums(64)]],
    });
  });

  test('after a loss goes on from the last state: what was seen beyond it is forgotten', () => {
    const [part] = whole([]) as [Underway];
    part.progressed(progress(4, [1, 2, 3, 4, 5]));
    part.stands(state(4, 'abcde'), ORIGIN, part.spent());
    part.progressed(progress(8, [6, 7, 8, 9, 10]));
    expect(part.curves()[1]).toEqual([
      { step: 4, loss: 2 },
      { step: 8, loss: 7 },
    ]);
    expect(part.resume()).toMatchObject({ step: 4, tested: [] });
    expect(part.curves()[1]).toEqual([{ step: 4, loss: 2 }]);
    part.progressed(progress(8, [6, 7, 8, 9, 10]));
    part.stands(state(8, 'abcde'), ORIGIN, part.spent());
    expect(part.checkpoints()[1]).toEqual({
      ...{ cell: 'b', origin: ORIGIN, step: 8, divergedAtStep: null, tested: [], floats: 'b8' },
      curve: [
        { step: 4, loss: 2 },
        { step: 8, loss: 7 },
      ],
      // A fifth of five seconds, twice.
      seconds: 2,
    });
  });

  test('keeps finished points of the evaluation, and the newest sums of the one under way', () => {
    const [part] = whole([]) as [Underway];
    part.stands(state(20, 'abcde'), ORIGIN, [0, 0, 0, 0, 0]);
    const tested = (point: number, count: number) =>
      part.stands(
        { event: 'tested', point, sums: Array(5).fill(sums(count)), seconds: 1 },
        ORIGIN,
        [0, 0, 0, 0, 0],
      );
    tested(0, 64);
    const before = part.place;
    tested(1, 8);
    tested(1, 16);
    expect(part.place).not.toBe(before);
    expect(part.resume()!.tested).toEqual([Array(5).fill(sums(64)), Array(5).fill(sums(16))]);
    // A state that is asked for later takes nothing away.
    part.stands(state(20, 'abcde'), ORIGIN, [0, 0, 0, 0, 0]);
    expect(part.resume()!.tested).toHaveLength(2);
  });

  test('splits into parts of equal size, each where it stood', () => {
    const [part] = whole([...'abcde'].map(cell => saved(cell, 10))) as [Underway];
    expect(cellsOf(part.parts(2))).toEqual(['abc', 'de']);
    expect(cellsOf(part.parts(3))).toEqual(['ab', 'cd', 'e']);
    expect(cellsOf(part.parts(9))).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(part.parts(2)[1]!.resume()).toMatchObject({
      step: 10,
      replicas: [{ floats: 'd10' }, { floats: 'e10' }],
    });
    expect(part.parts(5)[0]!.bytes * 5).toBeCloseTo(part.bytes, 6);
  });

  test('that may not go on starts again', () => {
    const [part] = whole([...'abcde'].map(cell => saved(cell, 10))) as [Underway];
    part.restart();
    expect(part.resume()).toBeUndefined();
    expect(part.curves()).toEqual([[], [], [], [], []]);
    expect(part.spent()).toEqual([0, 0, 0, 0, 0]);
  });
});
