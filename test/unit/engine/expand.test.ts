import { expect, test } from 'vitest';
import { expand } from '../../../src/engine/expand.ts';

const source = (text: string, name = 'a.wgsl') => ({ name, text });
const written = (text: string, constants = {}) =>
  expand([source(text)], constants)
    .code.replace(/\s+/g, ' ')
    .trim();

test('a block stands for its lines once a number', () => {
  const text = 'a\n#for r ROWS\n  var x$r = $ru;\n#end\nb';
  expect(written(text, { ROWS: '3u' })).toBe('a var x0 = 0u; var x1 = 1u; var x2 = 2u; b');
});

test('blocks nest, the outer counter reaches inside', () => {
  const text = '#for r 2\nlet a$r;\n#for c 2\nlet b$r_$c;\n#end\n#end';
  expect(written(text)).toBe('let a0; let b0_0; let b0_1; let a1; let b1_0; let b1_1;');
});

test('a condition takes one side', () => {
  const text = '#if KEYED\nshared\n#else\nown\n#end\n#if !KEYED\nagain\n#end';
  expect(written(text, { KEYED: 'true' })).toBe('shared');
  expect(written(text, { KEYED: 'false' })).toBe('own again');
});

test('a part is written where it is called, with its arguments and the counters around it', () => {
  const text =
    '#part load(name, at)\nlet $name = rows[$at + $ru];\n#end\n#for r 2\n#call load(key$r, min(i, j))\n#end';
  expect(written(text)).toBe('let key0 = rows[min(i, j) + 0u]; let key1 = rows[min(i, j) + 1u];');
});

test('a parameter may begin like a counter or another parameter', () => {
  const text = '#part f(rows, rows_of)\n#for r 2\n$rows $rows_of $r\n#end\n#end\n#call f(a, b)';
  expect(written(text)).toBe('a b 0 a b 1');
});

test('a part may be handed a part', () => {
  const text =
    '#part each(use)\n#for c 2\n#call $use()\n#end\n#end\n#part add()\nsum += $c;\n#end\n#call each(add)';
  expect(written(text)).toBe('sum += 0; sum += 1;');
});

test('parts of one source are known in all of them, and call each other', () => {
  const parts = source('#part outer(x)\n#call inner($x)\n#end\n#part inner(y)\nuse($y);\n#end', 'parts.wgsl');
  const { code, places } = expand([source('one\n#call outer(7)\nthree'), parts], {});
  expect(code).toBe('one\nuse(7);\nthree\n');
  expect(places).toEqual(['a.wgsl:1', 'parts.wgsl:5', 'a.wgsl:3']);
});

test('every line knows where it was written', () => {
  const { code, places } = expand([source('one\n#for r 2\nf($r); // why\n#end\nfive')], {});
  expect(code.split('\n')).toEqual(['one', 'f(0); // why', 'f(1); // why', 'five', '']);
  expect(places).toEqual(['a.wgsl:1', 'a.wgsl:3', 'a.wgsl:3', 'a.wgsl:5']);
});

test.each([
  ['#for r NONE\n#end', 'a.wgsl:1: NONE is no constant'],
  ['#for row 2\n#end', 'a.wgsl:1: #for needs a counter of one letter'],
  ['\n#for r 2\n', 'a.wgsl:2: a block without #end'],
  ['#for r 2\n#end\n#end', 'a.wgsl:3: #end without a block'],
  ['#if NONE\n#end', 'a.wgsl:1: NONE is no boolean'],
  ['#else', 'a.wgsl:1: #else without #if'],
  ['#call none()', 'a.wgsl:1: no part none'],
  ['#part p(a)\n#end\n#call p(1, 2)', 'a.wgsl:3: p takes 1 arguments'],
  ['#part p()\n#call p()\n#end\n#call p()', 'a.wgsl:2: part p calls itself'],
  ['#part p()\n#end\n#part p()\n#end', 'a.wgsl:3: a second part p'],
  ['#part p()\n#part q()\n#end\n#end', 'a.wgsl:2: #part inside a block'],
  ['#include x', 'a.wgsl:1: #include is no directive'],
])('%j is an error', (text, message) => {
  expect(() => expand([source(text)], {})).toThrow(message);
});
