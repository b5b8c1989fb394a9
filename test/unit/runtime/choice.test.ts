import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { choiceFile, readChoice, writeChoice } from '../../../src/runtime/choice-file.ts';
import { bestOf, type Finding, reasonOf } from '../../../src/runtime/examine.ts';
import { emptyFolder } from '../../support/cli.ts';

const CHOICE = { runtime: 'dawn' as const, driver: 'lvp_icd', reason: 'fast' };

describe('the file that remembers what auto came to', () => {
  test('choices are kept by key, each replaced by a later one', async () => {
    const path = join(emptyFolder(), 'deep', 'runtime.json');
    expect(await readChoice('a', path)).toBeUndefined();
    expect(await writeChoice('a', CHOICE, path)).toBe(true);
    expect(await writeChoice('b', { ...CHOICE, runtime: 'chrome', driver: null }, path)).toBe(true);
    expect(await writeChoice('a', { ...CHOICE, driver: 'other' }, path)).toBe(true);
    expect(await readChoice('a', path)).toEqual({ ...CHOICE, driver: 'other' });
    expect(await readChoice('b', path)).toMatchObject({ runtime: 'chrome', driver: null });
  });

  test('a damaged file counts as empty, and is written over', async () => {
    const path = join(emptyFolder(), 'runtime.json');
    for (const damage of ['{"a": ', '[]', '{"a": {"runtime": "webgl"}}']) {
      writeFileSync(path, damage);
      expect(await readChoice('a', path)).toBeUndefined();
    }
    expect(await writeChoice('a', CHOICE, path)).toBe(true);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ a: CHOICE });
  });

  test('a place that cannot be written is no error', async () => {
    const file = join(emptyFolder(), 'file');
    writeFileSync(file, '');
    expect(await writeChoice('a', CHOICE, join(file, 'runtime.json'))).toBe(false);
    expect(existsSync(join(file, 'runtime.json'))).toBe(false);
  });

  test("lies in the user's cache folder", () => {
    expect(choiceFile({ XDG_CACHE_HOME: '/c' })).toBe('/c/lengthwise/runtime.json');
  });
});

describe('the best of several findings', () => {
  const finding = (driver: string, tokensPerSecond: number, shareOfBound: number): Finding => ({
    candidate: {
      runtime: 'dawn',
      adapter: 'software',
      driver: { name: driver, kind: 'software', environment: {} },
    },
    trial: { shareOfBound, right: shareOfBound <= 1, tokensPerSecond },
  });

  test('is the fastest that is right: a wrong one never wins, nor one that failed', () => {
    const failed: Finding = { candidate: { runtime: 'chrome', adapter: 'hardware' }, problem: 'none' };
    const findings = [finding('slow', 10, 0.5), failed, finding('wrong', 1000, 1.5), finding('fast', 20, 1)];
    expect(bestOf(findings)!.candidate.driver!.name).toBe('fast');
    expect(reasonOf(findings)).toBe('right and fastest at f(x), tokens/s: dawn, fast 20; dawn, slow 10');
    expect(bestOf([failed, finding('wrong', 1000, Number.POSITIVE_INFINITY)])).toBeUndefined();
  });
});
