import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build, type Rolldown } from 'vite';
import { beforeAll, describe, expect, test } from 'vitest';
import { emptyFolder } from '../../support/cli.ts';
import { CHECKOUT } from '../../support/pages.ts';

/* What others import, as it is built and packed. */

const { exports } = JSON.parse(readFileSync(join(CHECKOUT, 'package.json'), 'utf8'));
const BROWSER = ['attention', 'model', 'theory', 'simulation'];

/** What a bundler makes of a module that imports from the package, ours and nothing else of node_modules. */
async function bundled(code: string): Promise<string> {
  const entry = join(CHECKOUT, 'user-of-the-library.js');
  const user = {
    name: 'user-of-the-library',
    enforce: 'pre' as const,
    resolveId: (id: string) =>
      id === entry
        ? id
        : /^[a-z@](?!:)/.test(id) && !id.startsWith('lengthwise/')
          ? { id, external: true }
          : null,
    load: (id: string) => (id === entry ? code : null),
  };
  const built = await build({
    configFile: false,
    root: CHECKOUT,
    logLevel: 'error',
    plugins: [user],
    build: { write: false, minify: false, rollupOptions: { input: entry, output: { format: 'es' } } },
  });
  const { output } = built as Rolldown.RolldownOutput;
  return output.map(file => (file.type === 'chunk' ? file.code : '')).join('\n');
}

describe.each(BROWSER)('lengthwise/%s', name => {
  /** The module and all of the package that it imports. */
  function reached(file: string, seen = new Map<string, string>()): Map<string, string> {
    if (seen.has(file)) return seen;
    const text = readFileSync(file, 'utf8');
    seen.set(file, text);
    for (const [, other] of text.matchAll(/(?:from|import)\s*\(?["'](\.[^"']+)["']/g))
      reached(join(file, '..', other!), seen);
    return seen;
  }

  test('imports nothing of Node', () => {
    const files = reached(join(CHECKOUT, exports[`./${name}`].import));
    for (const [file, text] of files) expect(text, file).not.toMatch(/["']node:|\bprocess\.|\brequire\(/);
  });

  test('leaves nothing behind in the bundle of somebody who uses nothing of it', async () => {
    const code = await bundled(`import 'lengthwise/${name}';`);
    expect(code.replace(/^import ["'].*$/gm, '').trim()).toBe('');
  });
});

test('of what is imported only what is used is bundled', async () => {
  const [rows, all] = await Promise.all([
    bundled("import { attentionRows } from 'lengthwise/attention'; console.log(attentionRows([3]));"),
    bundled("import * as all from 'lengthwise/attention'; console.log(all);"),
  ]);
  expect(all).toContain('@compute');
  expect(rows).not.toContain('@compute');
  expect(rows.length).toBeLessThan(all.length / 10);
});

describe('the tarball', () => {
  let tarball: string;
  beforeAll(async () => {
    const folder = emptyFolder();
    const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]);
    tarball = join(folder, JSON.parse(stdout)[0].filename);
  });

  // Any finding is an exit code of its own.
  test('is without findings by publint', async () => {
    const { stdout } = await run('npx', ['--no-install', 'publint', tarball, '--strict']);
    expect(stdout).toContain('All good!');
  });

  test('has types that fit its modules, by arethetypeswrong', async () => {
    const { stdout } = await run('npx', [
      '--no-install',
      'attw',
      tarball,
      '--profile',
      'esm-only',
      '--format',
      'json',
    ]);
    const { analysis } = JSON.parse(stdout);
    expect(Object.keys(analysis.entrypoints)).toHaveLength(Object.keys(exports).length);
  });
});

const run = (command: string, args: string[]) => promisify(execFile)(command, args, { cwd: CHECKOUT });
