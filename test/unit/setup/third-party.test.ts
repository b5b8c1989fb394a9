import { join } from 'node:path';
import { build, type Rolldown } from 'vite';
import { describe, expect, test } from 'vitest';
import { thirdParty } from '../../../src/setup/third-party.mjs';
import { CHECKOUT } from '../../support/pages.ts';

/** What the build says of whose code is in a module's bundle; undefined where it says nothing. */
async function listOf(code: string): Promise<string | undefined> {
  const entry = join(CHECKOUT, 'entry-of-the-test.js');
  const module = {
    name: 'module-of-the-test',
    enforce: 'pre' as const,
    resolveId: (id: string) => (id === entry ? id : null),
    load: (id: string) => (id === entry ? code : null),
  };
  const built = await build({
    configFile: false,
    root: CHECKOUT,
    logLevel: 'error',
    plugins: [module, thirdParty()],
    build: { write: false, rollupOptions: { input: entry } },
  });
  const { output } = built as Rolldown.RolldownOutput;
  const list = output.find(({ fileName }) => fileName === 'third-party.txt');
  return list?.type === 'asset' ? String(list.source) : undefined;
}

describe('the list of whose code is in a bundle', () => {
  test('names each package with version and licence, once for a text that several share', async () => {
    const list = await listOf("import { mean } from 'simple-statistics'; console.log(mean([1]));");
    expect(list).toMatch(/^simple-statistics \d+\.\d+\.\d+, ISC\n\n[\s\S]*Copyright[\s\S]*Permission to use/);
    const two = await listOf(
      "import 'd3-dsv'; import { scaleLinear } from 'd3-scale'; console.log(scaleLinear());",
    );
    expect(two).toMatch(/^d3-array .*, ISC$/m);
    expect(two).not.toMatch(/^d3-dsv /m);
  });

  test('knows what a package holds that was bundled before', async () => {
    const list = await listOf("import { GPU } from 'gpu.js'; console.log(GPU);");
    expect(list).toMatch(/^acorn .*, MIT$/m);
    expect(list).toMatch(/^gpu\.js .*, MIT$/m);
  });

  test('is not there where all is ours', async () => {
    expect(await listOf('console.log(1);')).toBeUndefined();
  });
});
