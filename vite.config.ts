import { defineConfig } from 'vite';

/**
 * Two bundles from one source tree: `--mode page` is what Chrome loads, the engine and apart from it gpu.js, `--mode cli` is the
 * Node program and the process that it runs Dawn in. Shaders are imported with `?raw`, which vite and vitest both understand.
 */
export default defineConfig(({ mode }) =>
  mode === 'page'
    ? {
        build: {
          outDir: 'dist/page',
          target: 'chrome120',
          minify: false,
          lib: { entry: { engine: 'src/engine/page.ts', gpujs: 'src/gpujs/page.ts' }, formats: ['es'] },
        },
      }
    : {
        build: {
          outDir: 'dist/cli',
          target: 'node20',
          minify: false,
          ssr: true,
          rollupOptions: { input: { main: 'src/cli/main.ts', dawn: 'src/engine/dawn.ts' } },
        },
      },
);
