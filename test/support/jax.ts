import { join } from 'node:path';
import { build } from 'vite';
import { type ChromePage, openChromePage } from '../../src/runtime/chrome.ts';
import { emptyFolder } from './cli.ts';
import type { JaxPageCalls } from './jax-page.ts';

/** Chrome with jax-js in it: bundles support/jax-page.ts into a folder of its own. */
export async function openJaxPage(onLog?: (line: string) => void) {
  const outDir = emptyFolder();
  await build({
    configFile: false,
    logLevel: 'error',
    build: {
      outDir,
      target: 'chrome120',
      minify: false,
      lib: { entry: join(import.meta.dirname, 'jax-page.ts'), formats: ['es'], fileName: 'jax' },
    },
  });
  const chrome: ChromePage = await openChromePage({
    adapter: 'software',
    bundle: join(outDir, 'jax.js'),
    // jax-js makes WebAssembly while it runs.
    policy: "default-src 'self' data: blob:; script-src 'self' 'unsafe-eval'",
    ready: 'window.jaxPage !== undefined',
    ...(onLog ? { onLog } : {}),
  });
  return {
    call<N extends keyof JaxPageCalls>(
      name: N,
      ...parameters: Parameters<JaxPageCalls[N]>
    ): Promise<Awaited<ReturnType<JaxPageCalls[N]>>> {
      const run = (name: string, parameters: unknown[]) =>
        (window as unknown as { jaxPage: Record<string, (...all: unknown[]) => unknown> }).jaxPage[name]!(
          ...parameters,
        );
      return chrome.page.evaluate(run, name, parameters) as never;
    },
    close: () => chrome.close(),
  };
}
