import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { cacheFile, keepInCache, readCache } from '../../../src/runtime/cache.ts';
import { emptyFolder } from '../../support/cli.ts';

const schema = z.strictObject({ runtime: z.enum(['chrome', 'dawn']) });

describe('a cache', () => {
  test('holds values by key, each changed by what is kept later', async () => {
    const path = join(emptyFolder(), 'deep', 'runtime.json');
    expect(readCache(path, schema)).toEqual({});
    expect(await keepInCache(path, schema, 'a', () => ({ runtime: 'dawn' }))).toBe(true);
    expect(await keepInCache(path, schema, 'b', () => ({ runtime: 'dawn' }))).toBe(true);
    const other = (before?: z.infer<typeof schema>) =>
      ({ runtime: before?.runtime === 'dawn' ? 'chrome' : 'dawn' }) as const;
    expect(await keepInCache(path, schema, 'a', other)).toBe(true);
    expect(readCache(path, schema)).toEqual({ a: { runtime: 'chrome' }, b: { runtime: 'dawn' } });
  });

  test.each([
    ['not JSON', '{"a": '],
    ['a list', '[1, 2]'],
    ['another shape', '{"a": {"runtime": "webgl"}}'],
    ['nothing', ''],
  ])('that is damaged (%s) counts as empty, and is written over', async (_, damage) => {
    const path = join(emptyFolder(), 'runtime.json');
    writeFileSync(path, damage);
    expect(readCache(path, schema)).toEqual({});
    expect(await keepInCache(path, schema, 'b', () => ({ runtime: 'dawn' }))).toBe(true);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ b: { runtime: 'dawn' } });
  });

  test('that cannot be written is no error', async () => {
    const file = join(emptyFolder(), 'file');
    writeFileSync(file, 'not a folder');
    const path = join(file, 'runtime.json');
    expect(await keepInCache(path, schema, 'a', () => ({ runtime: 'dawn' }))).toBe(false);
    expect(readFileSync(file, 'utf8')).toBe('not a folder');
  });

  test("lies in the user's cache folder", () => {
    expect(cacheFile('runtime.json', { XDG_CACHE_HOME: '/c' })).toBe('/c/lengthwise/runtime.json');
    expect(cacheFile('runtime.json', {})).toMatch(/\.cache\/lengthwise\/runtime\.json$/);
  });
});
