import { defineConfig } from 'vite';
import { absentPeers, peerVersions } from './src/setup/peers.mjs';

/**
 * Three bundles from one source tree: `--mode page` is the engine that Chrome loads, `--mode bench` is the page of `bench` with its
 * peers, `--mode cli` is the Node program. Shaders are imported with `?raw`, which vite and vitest both understand.
 */
export default defineConfig(({ mode }) => {
  const page = (outDir: string, entry: string, fileName: string) => ({
    outDir,
    target: 'chrome120',
    minify: false,
    lib: { entry, formats: ['es' as const], fileName },
  });
  if (mode === 'page') return { build: page('dist/page', 'src/engine/page.ts', 'engine') };
  if (mode === 'bench') {
    return {
      plugins: [absentPeers()],
      define: {
        __PEER_VERSIONS__: JSON.stringify(peerVersions()),
        'process.env.NODE_ENV': JSON.stringify('production'),
      },
      build: page('dist/bench', 'src/bench/page.ts', 'bench'),
    };
  }
  return {
    build: {
      outDir: 'dist/cli',
      target: 'node20',
      minify: false,
      ssr: 'src/cli/main.ts',
      rollupOptions: { output: { entryFileNames: 'main.js' } },
    },
  };
});
