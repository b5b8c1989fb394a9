import { expect, test } from 'vitest';
import { findingsText } from '../../../src/cli/doctor-text.ts';
import type { Finding } from '../../../src/runtime/examine.ts';

const FINDINGS: Finding[] = [
  {
    candidate: { runtime: 'chrome', adapter: 'hardware' },
    version: 'Chrome/156.0.8078.108',
    adapter: {
      vendor: 'a vendor with a long name',
      architecture: 'architecture-of-tomorrow',
      device: '0x1234',
      description: 'Graphics Adapter 9000 XT Professional (TM)',
      software: false,
      features: Array.from({ length: 20 }, (_, i) => `feature-number-${i}`),
      limits: Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`maxOfSomething${i}`, 2 ** i])),
    },
    memoryBytes: 2 ** 33,
    trial: { right: true, shareOfBound: 0.31, tokensPerSecond: 123_456_789 },
    roofline: {
      gflops: 12_345.6,
      gflopsVector: 1,
      gflopsScalar: 1,
      gbytesPerSecond: 1234.5,
      gexpPerSecond: 1,
      dispatchMicros: 30,
      submitMicros: 100,
      submitAndWaitMs: 2,
    },
  },
  {
    candidate: { runtime: 'dawn', adapter: 'auto' },
    problem: 'no driver of Vulkan was found '.repeat(8).trim(),
  },
];

test('what doctor found fits eighty columns, details too', () => {
  for (const details of [false, true]) {
    const text = findingsText(FINDINGS, details);
    for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
    expect(text).toContain('dawn, auto: no driver of Vulkan was found');
    expect(text).not.toMatch(/undefined|NaN/);
    expect(text.includes('feature-number-7')).toBe(details);
    expect(text.includes('maxOfSomething7 128')).toBe(details);
    expect(text.includes('8,192 MiB to plan with')).toBe(details);
  }
  expect(findingsText(FINDINGS, false).split('\n').length).toBeLessThan(20);
});
