import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['browser/**/*.test.ts'],
    root: new URL('..', import.meta.url).pathname,
    testTimeout: 60_000,
    hookTimeout: 90_000,
    bail: 1,
    // Most of the time they wait; each file has a server and a browser of its own.
    maxWorkers: 2,
  },
});
