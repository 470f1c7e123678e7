import { defineConfig } from 'vitest/config';

/** Page tests: one server, one Chromium, one after the other. */
export default defineConfig({
  test: {
    root: new URL('.', import.meta.url).pathname,
    include: ['*.test.ts'],
    fileParallelism: false,
    testTimeout: 90_000,
    hookTimeout: 60_000,
    sequence: { concurrent: false },
  },
});
