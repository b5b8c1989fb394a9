import { expect, test } from 'vitest';
import { unroll } from '../../../src/engine/unroll.ts';

const squeezed = (text: string) => text.replace(/\s+/g, ' ').trim();

test('a block stands for its lines once a number', () => {
  const text = 'a\n#for r ROWS\n  var x$r = $ru;\n#end\nb';
  expect(squeezed(unroll(text, { ROWS: '3u' }))).toBe('a var x0 = 0u; var x1 = 1u; var x2 = 2u; b');
});

test('blocks nest, the outer counter reaches inside', () => {
  const text = '#for r 2\nlet a$r;\n#for c 2\nlet b$r_$c;\n#end\n#end';
  expect(squeezed(unroll(text, {}))).toBe('let a0; let b0_0; let b0_1; let a1; let b1_0; let b1_1;');
});

test('lines outside the blocks keep their numbers; comments inside end with their line', () => {
  const out = unroll('one\n#for r 2\nf($r); // why\ng($r);\n#end\nsix', {}).split('\n');
  expect(out).toHaveLength(6);
  expect(out[5]).toBe('six');
  expect(squeezed(out[4]!)).toBe('f(0); g(0); f(1); g(1);');
});

test('what cannot be written out is an error', () => {
  expect(() => unroll('#for r NONE\n#end', {})).toThrow('NONE is no constant');
  expect(() => unroll('#for r 2\n', {})).toThrow('without #end');
  expect(() => unroll('#for r 2\n#end\n#end', {})).toThrow('#end without #for');
});
