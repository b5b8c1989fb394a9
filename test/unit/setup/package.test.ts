import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CHECKOUT } from '../../support/pages.ts';

const MOST_BYTES = 3_000_000;
const { dependencies } = JSON.parse(readFileSync(join(CHECKOUT, 'package.json'), 'utf8'));

test('the package is small, and holds what users need and nothing else', () => {
  const told = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: CHECKOUT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [{ size, files }] = JSON.parse(told) as [{ size: number; files: { path: string }[] }];
  const paths = files.map(({ path }) => path);
  expect(size).toBeLessThan(MOST_BYTES);
  expect(paths).toEqual(
    expect.arrayContaining([
      'README.md',
      'LICENSE',
      'docs/theory.md',
      'experiments/quickstart.yaml',
      'experiments/schema.json',
    ]),
  );
  const known = /^(README|LICENSE|CHANGELOG|package\.json|docs\/|experiments\/|dist\/)/;
  expect(paths.filter(path => !known.test(path))).toEqual([]);
  expect(paths.filter(path => /^dist\/(test|soak|measure|bench\/peers)\//.test(path))).toEqual([]);
});

test('what the program imports is installed with it', () => {
  // Peers come only with a clone, and bench says so.
  const sources = readdirSync(join(CHECKOUT, 'src'), { recursive: true, encoding: 'utf8' }).filter(
    path => path.endsWith('.ts') && !path.startsWith(join('bench', 'peers')),
  );
  const imported = sources.flatMap(path => {
    const text = readFileSync(join(CHECKOUT, 'src', path), 'utf8');
    const from = text.matchAll(
      /^(?:import|export)(?! type) [^;]*?from '([^'.][^']*)'|\bimport\('([^'.][^']*)'\)/gm,
    );
    return [...from].map(([, name, lazy]) => ({ path, name: (name ?? lazy)! }));
  });
  const missing = imported.filter(({ name }) => {
    const own = name.startsWith('@') ? name.split('/').slice(0, 2).join('/') : name.split('/')[0]!;
    return !name.startsWith('node:') && dependencies[own] === undefined;
  });
  expect(imported.length).toBeGreaterThan(50);
  expect(missing).toEqual([]);
});
