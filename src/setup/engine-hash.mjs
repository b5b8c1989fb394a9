import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'vite';

const ENGINE = join(import.meta.dirname, '..', 'engine');
/** What of the engine decides a cell's numbers: its training and its evaluation, and all that these import. */
const COMPUTES = ['train.ts', 'evaluate.ts'];
const DIGITS = 12;

/**
 * A hash of the built engine: of the code that trains and evaluates, and its shaders. Comments and the layout of lines are no part of it,
 * nor is where the source lies. Two builds of one hash compute the same bits on the same adapter and driver.
 * @returns {Promise<string>} hexadecimal digits
 */
export async function engineHash() {
  const built = await build({
    configFile: false,
    logLevel: 'error',
    plugins: [onlyEngine, plainShaders],
    build: {
      write: false,
      minify: true,
      target: 'es2022',
      rollupOptions: { input: VIRTUAL, preserveEntrySignatures: 'strict' },
    },
  });
  const { output } = /** @type {import('vite').Rolldown.RolldownOutput} */ (built);
  if (output.length !== 1) throw new Error(`the engine is ${output.length} files, its hash is of one`);
  return createHash('sha256').update(output[0].code).digest('hex').slice(0, DIGITS);
}

const VIRTUAL = 'engine-that-computes';

/** The engine as one module. Packages are left out: none computes. @type {import('vite').Plugin} */
const onlyEngine = {
  name: 'only-engine',
  enforce: 'pre',
  resolveId(id) {
    if (id === VIRTUAL) return id;
    return /^[a-z@]/.test(id) ? { id, external: true } : null;
  },
  load: id =>
    id === VIRTUAL
      ? COMPUTES.map(name => `export * from ${JSON.stringify(join(ENGINE, name))};`).join('\n')
      : null,
};

/** Shaders without comments, indentation and empty lines. @type {import('vite').Plugin} */
const plainShaders = {
  name: 'plain-shaders',
  enforce: 'pre',
  async load(id) {
    const [path, query] = id.split('?');
    if (query !== 'raw' || !path?.endsWith('.wgsl')) return null;
    const lines = (await readFile(path, 'utf8')).split('\n').map(line => line.replace(/\/\/.*/, '').trim());
    return { code: `export default ${JSON.stringify(lines.filter(Boolean).join('\n'))};`, moduleType: 'js' };
  },
};
