import { describe, expect, test } from 'vitest';
import { bestOf, type Finding, reasonOf } from '../../../src/runtime/examine.ts';

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
