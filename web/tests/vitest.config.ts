import { defineConfig } from 'vitest/config';

/** Page tests: one server, one Chromium; as many pages at once as keep two cores busy. */
export default defineConfig({
  test: {
    root: new URL('.', import.meta.url).pathname,
    include: ['*.test.ts'],
    fileParallelism: false,
    maxConcurrency: 3,
    testTimeout: 300_000,
    hookTimeout: 200_000,
    expect: { poll: { timeout: 60_000 } },
  },
});
