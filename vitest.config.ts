import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Each GPU and end-to-end file owns a browser; two at a time is what two cores carry.
    maxWorkers: 2,
  },
});
