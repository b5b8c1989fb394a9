import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BUILT } from '../support/engine.ts';

/** The text of a bundle with whatever it imports from beside itself. */
function bundle(path: string): string {
  const seen = new Map<string, string>();
  const read = (file: string) => {
    if (seen.has(file)) return;
    const text = readFileSync(file, 'utf8');
    seen.set(file, text);
    for (const [, other] of text.matchAll(/(?:from|import\()\s*["'](\.[^"']+)["']/g))
      read(join(dirname(file), other!));
  };
  read(path);
  return [...seen.values()].join('\n');
}

/** What only the engine of the tests can be asked (`test/support/protocol.ts`). */
const TEST_ONLY = ['gradient', 'differentiated', 'attention', 'attended', 'sample', 'sampled'];

/** What stands only in code of `bench`: our names as implementations, and peers. */
const BENCH_ONLY = ['lengthwise/', 'jax', 'tfjs', 'onnx', 'gpu.js'];

describe.each(['page', 'dawn'])('the engine that ships for %s', kind => {
  const text = bundle(join(BUILT, kind, 'engine.js'));
  const literals = [...text.matchAll(/literal\("([^"]+)"\)/g)].map(([, name]) => name!);

  test('can be asked what the command line asks, and nothing that only tests ask', () => {
    expect(literals).toEqual(expect.arrayContaining(['probe', 'roofline', 'train', 'forward', 'tune']));
    expect(literals).toEqual(expect.arrayContaining(['probed', 'measured', 'trained', 'computed', 'tuned']));
    expect(literals.filter(name => TEST_ONLY.includes(name))).toEqual([]);
  });

  test('holds no code of bench', () => {
    expect(BENCH_ONLY.filter(marker => text.includes(marker))).toEqual([]);
  });
});
