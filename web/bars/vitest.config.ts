import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['bars/**/*.bars.ts'],
    root: new URL('..', import.meta.url).pathname,
    testTimeout: 600_000,
    hookTimeout: 900_000,
    // One figure after the other: they share the cores.
    fileParallelism: false,
  },
});
