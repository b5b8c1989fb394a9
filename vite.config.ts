import { defineConfig } from 'vite';
import { engineHash } from './src/setup/engine-hash.mjs';
import { absentPeers, peersApart, peerVersions } from './src/setup/peers.mjs';
import { thirdParty } from './src/setup/third-party.mjs';

/** A page that Chrome loads. */
const page = (outDir: string, entry: Record<string, string>) => ({
  outDir,
  target: 'chrome120',
  minify: false,
  lib: { entry, formats: ['es' as const] },
});

/** A script of the dashboard: no module, for a page that lies on a disk can load none. */
const script = (name: string, entry: string) => ({
  outDir: 'dist/dashboard',
  emptyOutDir: false,
  target: 'es2022',
  lib: {
    entry,
    formats: ['iife' as const],
    name: 'lengthwise',
    fileName: () => `${name}.js`,
    cssFileName: 'style',
  },
});

/** A program that Node runs. All of its files lie side by side, so that each finds others of the build by its own place. */
const program = (outDir: string, input: Record<string, string>) => ({
  outDir,
  target: 'node20',
  minify: false,
  ssr: true,
  rollupOptions: { input, output: { chunkFileNames: '[name]-[hash].js' } },
});

/** What others import and bundle: `package.json`'s exports. Libraries are left to whoever bundles, so that they are there once. */
const library = (input: Record<string, string>) => ({
  outDir: 'dist/library',
  emptyOutDir: false,
  target: 'es2022',
  minify: false,
  lib: { entry: input, formats: ['es' as const] },
  rollupOptions: { external: /^[^./]/, output: { chunkFileNames: '[name]-[hash].js' } },
});

/**
 * Some hundred and forty packages of small files, which take a second to find, in every thread, and 26 MB on a user's disk. `debug` and
 * `ms` are in them.
 */
const STDLIB = /^(@stdlib\/|debug$|ms$)/;

/** gpu.js as built for browsers: the one for Node wants two packages with binaries, for backends that are not asked for. */
const gpujsWithin = { resolve: { alias: { 'gpu.js': 'gpu.js/dist/gpu-browser.js' } } };

/**
 * Bundles from one source tree. `--mode page` is what Chrome loads: the engine, apart from it gpu.js, and the page of a tab; `--mode dawn`
 * is the engine in a process of its own; `--mode dashboard` and `--mode dashboard-reference` are the live page and its worker; `--mode
 * bench` is the page of `bench` and apart from it its peers; `--mode cli` is the Node program, its threads and the process of `bench` on
 * Dawn; `--mode library` and `--mode library-node` are what others import (src/library). Of the tests are `--mode test-chrome` and `--mode
 * test-dawn`, their engine (`test/support/build-engine.ts`), `--mode soak`, which is `npm run soak`, and `--mode measure`: `npm run eta`,
 * `npm run feed`, `npm run scaling` and `npm run measure:dashboard`. Shaders are imported with `?raw`, which vite and vitest both
 * understand.
 */
export default defineConfig(async ({ mode }) => {
  const define = { __PEER_VERSIONS__: JSON.stringify(peerVersions()) };
  const ofNode = async () => ({ ...define, __ENGINE_HASH__: JSON.stringify(await engineHash()) });
  switch (mode) {
    case 'page':
      return {
        plugins: [thirdParty()],
        build: page('dist/page', {
          engine: 'src/engine/page.ts',
          gpujs: 'src/gpujs/page.ts',
          tab: 'src/tab/page.ts',
          'tab-worker': 'src/tab/worker.ts',
        }),
      };
    case 'dawn':
      return { plugins: [thirdParty()], build: program('dist/dawn', { engine: 'src/engine/dawn.ts' }) };
    case 'bench':
      return {
        plugins: [absentPeers(), thirdParty()],
        define: { ...define, 'process.env.NODE_ENV': '"production"' },
        build: {
          ...page('dist/bench', { bench: 'src/bench/page.ts' }),
          // Apart, as they are no part of the package (`files` of package.json).
          rollupOptions: { output: { chunkFileNames: peersApart } },
        },
      };
    case 'dashboard':
      return {
        define,
        plugins: [thirdParty('page.third-party.txt')],
        build: script('page', 'src/dashboard/page/main.tsx'),
      };
    case 'dashboard-reference':
      return {
        define,
        plugins: [thirdParty('reference.third-party.txt')],
        build: script('reference', 'src/dashboard/page/model/reference-worker.ts'),
      };
    case 'test-chrome':
      return { build: page('dist/test/page', { engine: 'test/support/engine-page.ts' }) };
    case 'library':
      return {
        build: library({
          attention: 'src/library/attention.ts',
          model: 'src/library/model.ts',
          theory: 'src/library/theory.ts',
          simulation: 'src/library/simulation.ts',
        }),
      };
    case 'library-node':
      return {
        define: await ofNode(),
        plugins: [thirdParty()],
        ssr: { noExternal: [STDLIB] },
        build: {
          ...program('dist/library', {
            runner: 'src/library/runner.ts',
            results: 'src/library/results.ts',
          }),
          emptyOutDir: false,
        },
      };
    case 'soak':
      return { define: await ofNode(), build: program('dist/soak', { soak: 'test/soak/soak.ts' }) };
    case 'measure':
      return {
        define: await ofNode(),
        build: program('dist/measure', {
          eta: 'test/measure/eta.ts',
          feed: 'test/measure/feed.ts',
          dashboard: 'test/measure/dashboard.ts',
          scaling: 'test/measure/scaling.ts',
        }),
      };
    case 'test-dawn':
      return { build: program('dist/test/dawn', { engine: 'test/support/engine-dawn.ts' }) };
    default:
      return {
        define: await ofNode(),
        plugins: [thirdParty()],
        ...gpujsWithin,
        ssr: { noExternal: ['gpu.js', STDLIB] },
        build: program('dist/cli', {
          main: 'src/cli/main.ts',
          'theory-worker': 'src/sweep/theory-worker.ts',
          'draw-worker': 'src/data/draw-worker.ts',
          'bench-dawn': 'src/bench/dawn.ts',
        }),
      };
  }
});
