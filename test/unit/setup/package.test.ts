import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PEERS } from '../../../src/setup/peers.mjs';
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
      'dist/cli/third-party.txt',
      'dist/page/third-party.txt',
      'dist/dashboard/page.third-party.txt',
    ]),
  );
  const known = /^(README|LICENSE|CHANGELOG|package\.json|docs\/|experiments\/|dist\/)/;
  expect(paths.filter(path => !known.test(path))).toEqual([]);
  expect(paths.filter(path => /^dist\/(test|soak|measure|bench\/peers)\//.test(path))).toEqual([]);
});

test('what is bundled goes with its licence', () => {
  const listOf = (path: string) => readFileSync(join(CHECKOUT, 'dist', path), 'utf8');
  const page = listOf('dashboard/page.third-party.txt');
  for (const name of ['preact', 'uplot', '@observablehq/plot', 'd3-array', 'zod'])
    expect(page).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+, (MIT|ISC)$`, 'm'));
  expect(page).toContain('Permission is hereby granted');
  for (const path of ['page', 'cli']) expect(listOf(`${path}/third-party.txt`)).toMatch(/^gpu\.js .*, MIT$/m);
});

/** Files of the programs and modules that Node runs, as they are built. */
const programs = ['cli', 'dawn', 'library'].flatMap(folder =>
  readdirSync(join(CHECKOUT, 'dist', folder))
    .filter(name => name.endsWith('.js'))
    .map(name => ({
      path: join(folder, name),
      text: readFileSync(join(CHECKOUT, 'dist', folder, name), 'utf8'),
    })),
);

test('what the built programs import is installed with them', () => {
  const imported = programs.flatMap(({ path, text }) => {
    const from = text.matchAll(
      /^(?:import|export)\b[^;'"]*['"]([^'".\s][^'"\s]*)['"]|\b(?:import|__require)\(['"]([^'".\s][^'"\s]*)['"]\)/gm,
    );
    return [...from].map(([, name, lazy]) => ({ path, name: (name ?? lazy)! }));
  });
  // Peers come only with a clone, and bench says so.
  const missing = imported.filter(({ name }) => {
    const own = name.startsWith('@') ? name.split('/').slice(0, 2).join('/') : name.split('/')[0]!;
    return !isBuiltin(name) && dependencies[own] === undefined && !PEERS.includes(own);
  });
  expect(imported.length).toBeGreaterThan(50);
  expect(missing).toEqual([]);
});

test('what is installed with them is imported by one', () => {
  const unused = Object.keys(dependencies).filter(
    name => !programs.some(({ text }) => text.includes(`"${name}"`) || text.includes(`"${name}/`)),
  );
  expect(unused).toEqual([]);
});
