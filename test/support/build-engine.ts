import { join } from 'node:path';
import { build } from 'vite';
import type { TestProject } from 'vitest/node';

/** Builds the engine of the tests for the runtime of a project, before its first test (vite.config.ts). */
export default async function buildEngine({ config }: TestProject): Promise<void> {
  const { runtime } = config.provide as { runtime: 'chrome' | 'dawn' };
  await build({
    configFile: join(import.meta.dirname, '..', '..', 'vite.config.ts'),
    mode: `test-${runtime}`,
    logLevel: 'error',
  });
}
