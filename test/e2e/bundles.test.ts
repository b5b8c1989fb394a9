import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { eventSchema, requestSchema } from '../../src/shared/protocol.ts';
import { BUILT } from '../support/engine.ts';
import { testEventSchema, testRequestSchema } from '../support/protocol.ts';

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

/** Requests and events by name: of the engine that ships, and of the tests' engine. */
const SHIPPED: string[] = [
  ...requestSchema.options.map(({ shape }) => shape.op.value),
  ...eventSchema.options.map(({ shape }) => shape.event.value),
];
const TESTS: string[] = [
  ...testRequestSchema.options.map(({ shape }) => shape.op.value),
  ...testEventSchema.options.map(({ shape }) => shape.event.value),
];

/** What stands only in code of `bench`: our names as implementations, and peers. */
const BENCH_ONLY = ['lengthwise/', 'jax', 'tfjs', 'onnx', 'gpu.js'];

describe.each(['page/engine.js', 'dawn/engine.js', 'page/tab-worker.js'])(
  'the engine that ships as %s',
  path => {
    const text = bundle(join(BUILT, path));
    const literals = [...text.matchAll(/literal\("([^"]+)"\)/g)].map(([, name]) => name!);

    test('knows what the command line asks, and nothing that only tests ask', () => {
      expect(TESTS.filter(name => literals.includes(name)).sort()).toEqual(SHIPPED.sort());
    });

    test('holds no code of bench', () => {
      expect(BENCH_ONLY.filter(marker => text.includes(marker))).toEqual([]);
    });
  },
);
