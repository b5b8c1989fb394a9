import { describe, expect, test } from 'vitest';
import { draw, typed, type Written } from '../../../src/dashboard/page/model/drawing.ts';
import { settingsOf } from '../../../src/dashboard/server/settings.ts';

const at = (position: number, token: number) => ({ position, token });

describe('tokens that are drawn', () => {
  test('a stroke sets what it passes, along a straight line, either way', () => {
    expect(draw([0, 0, 0, 0, 0], at(1, 0), at(3, 2))).toEqual([0, 0, 1, 2, 0]);
    expect(draw([0, 0, 0, 0, 0], at(3, 2), at(1, 0))).toEqual([0, 0, 1, 2, 0]);
    expect(draw([0, 0], at(1, 3), at(1, 3))).toEqual([0, 3]);
    expect(draw([0, 0], at(1, 3), at(1, 1))).toEqual([0, 1]);
  });

  test('beyond the last token the tokens between are made, too', () => {
    expect(draw([5], at(3, 2), at(4, 2))).toEqual([5, 2, 2, 2, 2]);
  });

  const write = (keys: string[], tokens = [0, 1, 2], vocabulary = 3, most = 5) => {
    let written: Written = { tokens, at: 0 };
    for (const key of keys) {
      const pressed = { key: key.replace('S-', ''), shiftKey: key.startsWith('S-') };
      written = typed(pressed, { ...written, vocabulary, most }) ?? written;
    }
    return written;
  };

  test.each([
    [['ArrowRight', '2'], [0, 2, 2], 2],
    [['ArrowUp', 'ArrowUp', 'ArrowUp'], [2, 1, 2], 0],
    [['ArrowDown'], [0, 1, 2], 0],
    [['End', 'S-ArrowRight', 'S-ArrowRight', 'S-ArrowRight'], [0, 1, 2, 2, 2], 4],
    [['End', 'ArrowRight', 'ArrowRight', 'ArrowUp'], [0, 1, 2, 0], 3],
    [['ArrowRight', 'Delete'], [0, 2], 1],
    [['End', 'Backspace', 'Backspace', 'Backspace', 'Backspace'], [0], 0],
    [['End', '1', '1', '1', '1'], [0, 1, 1, 1, 1], 4],
  ])('keys %j', (keys, tokens, cursor) => {
    expect(write(keys)).toEqual({ tokens, at: cursor });
  });

  test('digits that are no token, and other keys, are none of the strip’s', () => {
    const now = { tokens: [0], at: 0, most: 5 };
    for (const key of ['3', 'x', 'Tab', 'Enter'])
      expect(typed({ key, shiftKey: false }, { ...now, vocabulary: 3 })).toBeUndefined();
    // Of many tokens a digit would be the first of several.
    expect(typed({ key: '1', shiftKey: false }, { ...now, vocabulary: 20 })).toBeUndefined();
  });
});

test('a configuration by path', () => {
  const content = { name: 'a', task: { kind: 'simple', omega: [1, 2] }, train: { clip: null, steps: 5 } };
  expect(settingsOf(content)).toEqual({
    'task.kind': 'simple',
    'task.omega': '[1,2]',
    'train.clip': null,
    'train.steps': 5,
  });
});
