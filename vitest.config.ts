import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { writeRegistries } from './.ci/registries.mjs';
import { nodes } from './test/nodes.mjs';

writeRegistries();

/**
 * For every project: a test that asserts nothing fails. The count is kept by `expect`, so what fast-check tries must ask it; tests that run side by
 * side take `expect` from their context, which counts for them alone.
 */
const expect = { requireAssertions: true };

/** The whole program as a child process, on loopback (it must have been built). Its tests wait more than they compute. */
const wholeProgram = {
  expect,
  maxWorkers: Math.max(3, availableParallelism()),
  testTimeout: 120_000,
  hookTimeout: 120_000,
  sequence: { groupOrder: 1 },
};
const OTHER_NODE = 'test/cli/other-node.test.ts';
const ASKS_MUCH_OF_NODE = ['test/cli/scripts.test.ts'];

export default defineConfig({
  test: {
    globalSetup: './test/run-folder.ts',
    reporters: ['default', './test/summary-reporter.ts'],
    experimental: { fsModuleCache: true },
    projects: [
      // Pure parts and small I/O, without the network: the inner loop.
      {
        test: {
          name: 'unit',
          expect,
          include: ['test/**/*.test.ts'],
          exclude: ['test/cli/**', 'test/lab/**', 'test/package/**', 'test/**/*.sweep.test.ts'],
          // Pure tests share nothing that could leak: a process for each file would cost more than the tests.
          isolate: false,
          maxWorkers: '100%',
          // No test waits; a property tried a thousand times may take long on a machine that has other work.
          testTimeout: 60_000,
        },
      },
      // Pure sweeps over a thousand cases: nothing but computing, side by side with the inner loop.
      {
        test: {
          name: 'sweep',
          expect,
          include: ['test/**/*.sweep.test.ts'],
          maxWorkers: '100%',
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'cli',
          ...wholeProgram,
          include: ['test/cli/**/*.test.ts', 'test/package/**/*.test.ts'],
          exclude: [OTHER_NODE],
        },
      },
      // The same, as far as it asks much of Node, with other versions of Node: as many as test/nodes.mjs has fetched.
      ...nodes.map(({ major, path, isInstalled }) => ({
        test: {
          name: `node-${major}`,
          ...wholeProgram,
          include: [OTHER_NODE, ...(isInstalled ? ASKS_MUCH_OF_NODE : [])],
          env: { KAPROBE_NODE: path },
        },
      })),
      // The real kernel between network namespaces: asks for root. They do little but wait for firewalls to forget, each test in a network
      // of its own; more than two files at once would need the cores that whoever has to be in time needs.
      {
        test: {
          name: 'lab',
          expect,
          include: ['test/lab/**/*.test.ts'],
          maxWorkers: 2,
          testTimeout: 120_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
