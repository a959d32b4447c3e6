import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      // Fast and without the network: the inner loop.
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/cli/**', 'test/lab/**', 'test/package/**'],
        },
      },
      // The whole program as a child process, on loopback.
      {
        test: {
          name: 'cli',
          include: ['test/cli/**/*.test.ts', 'test/package/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      // The real kernel between network namespaces: needs root.
      {
        test: {
          name: 'lab',
          include: ['test/lab/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
