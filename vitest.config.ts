import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    reporters: ['default', './test/summary-reporter.ts'],
    experimental: { fsModuleCache: true },
    projects: [
      // Pure parts and small I/O, without the network: the inner loop.
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/cli/**', 'test/lab/**', 'test/package/**', 'test/**/*.sweep.test.ts'],
          // Pure tests share nothing that could leak: a process for each file would cost more than the tests.
          isolate: false,
          maxWorkers: '100%',
          // No test waits; a property tried a thousand times may take long on a machine that has other work.
          testTimeout: 60_000,
        },
      },
      // The whole program as a child process, on loopback (it must have been built), and pure sweeps over a thousand cases.
      {
        test: {
          name: 'cli',
          include: ['test/cli/**/*.test.ts', 'test/package/**/*.test.ts', 'test/**/*.sweep.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
      // The real kernel between network namespaces: asks for root. One file at a time, since firewalls' timeouts are being measured.
      {
        test: {
          name: 'lab',
          include: ['test/lab/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
