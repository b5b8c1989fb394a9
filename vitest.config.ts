import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { engineHash } from './src/setup/engine-hash.mjs';

/** Where the tests of test/gpu find their engine (`test/support/engine.ts`). */
declare module 'vitest' {
  export interface ProvidedContext {
    runtime: 'chrome' | 'dawn';
  }
}

/**
 * Of the tests of test/gpu, what a runtime leaves to the other. Both have Dawn compile the same kernels for the same adapter, so what is
 * about kernels alone runs in one; what differs (sessions, timestamps, messages) is tested in both, here and in test/e2e.
 */
const LEFT_OUT = {
  chrome: [
    'attention',
    'bounds',
    'company',
    'correct',
    'feed',
    'golden',
    'long',
    'paths',
    'resume',
    'supervise',
  ],
  // Its engine also looks at every index (test/support/checked-gpu.ts). The last two are in pages of their own, whatever the engine runs in.
  dawn: ['roofline', 'gpujs', 'jax-training'],
};

/** Files that take more than their size says, longest first. */
const LONG = ['gpu/attention', 'gpu/golden', 'unit/sweep/many', 'e2e/dawn', 'e2e/bench', 'e2e/report'];

/** Projects in the order in which they run. Those whose files share a worker must stand together; the shortest files come last. */
const PROJECTS = ['gpu-dawn', 'gpu-chrome', 'e2e', 'unit'];

/** By project, and long files first, so that no worker is left with one at the end. */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ project, moduleId }: TestSpecification) => {
      const long = LONG.findIndex(name => moduleId.endsWith(`test/${name}.test.ts`));
      return PROJECTS.indexOf(project.name) * (LONG.length + 1) + (long < 0 ? LONG.length : long);
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

const node = (name: string, include: string[], isolate: boolean) => ({
  extends: true as const,
  test: { name, include, isolate, globalSetup: 'test/support/temporary-folder.ts' },
});

const gpu = (runtime: 'chrome' | 'dawn') => ({
  extends: true as const,
  test: {
    name: `gpu-${runtime}`,
    include: ['test/gpu/**/*.test.ts'],
    exclude: LEFT_OUT[runtime].map(name => `test/gpu/${name}.test.ts`),
    // Files that a worker runs one after another share its engine (test/support/engine.ts). A browser must be closed, and is started anew.
    isolate: runtime === 'chrome',
    provide: { runtime },
    globalSetup: ['test/support/temporary-folder.ts', 'test/support/build-engine.ts'],
  },
});

const engine = await engineHash();

export default defineConfig({
  define: { __ENGINE_HASH__: JSON.stringify(engine) },
  test: {
    // Only against what hangs: a machine that is busy takes several times what the longest test needs.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    // Each GPU and end-to-end file owns a browser or a Dawn process; two at a time is what two cores carry.
    maxWorkers: 2,
    sequence: { sequencer: LongFirst },
    setupFiles: 'test/support/clear-folders.ts',
    projects: [
      // A worker loads the source once for all files that it runs: that took as long as the tests themselves.
      node('unit', ['test/unit/**/*.test.ts'], false),
      node('e2e', ['test/e2e/**/*.test.ts'], true),
      gpu('chrome'),
      gpu('dawn'),
    ],
  },
});
