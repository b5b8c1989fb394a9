import { describe, expect, test } from 'vitest';
import { backportsSource, candidateOf, majorOf } from '../../../src/setup/mesa.mjs';

describe('Mesa on Debian', () => {
  test('the leading number of a package version', () => {
    expect(majorOf('25.0.7-2~bpo12+1')).toBe(25);
    expect(majorOf('22.3.6-1+deb12u1')).toBe(22);
    expect(majorOf('1:24.0')).toBe(24);
    expect(majorOf('')).toBe(0);
    expect(majorOf('(none)')).toBe(0);
  });

  test('what apt would install', () => {
    const policy =
      'mesa-vulkan-drivers:\n  Installed: (none)\n  Candidate: 22.3.6-1+deb12u2\n  Version table:\n';
    expect(candidateOf(policy)).toBe('22.3.6-1+deb12u2');
    expect(candidateOf('')).toBe('');
  });

  test("a source of backports alone, on the machine's own mirror", () => {
    const lines = backportsSource('http://mirror.example/debian/').split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        'Types: deb',
        'URIs: http://mirror.example/debian/',
        'Suites: bookworm-backports',
        'Components: main',
      ]),
    );
    expect(lines.filter(line => line.startsWith('Suites'))).toHaveLength(1);
  });
});
