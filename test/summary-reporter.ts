import type { Reporter, TestModule, TestRunEndReason } from 'vitest/node';
import { leftBehind, machineState } from './leftovers.ts';

/**
 * Closes the run with one plain line, for whoever reads only the last one. A file that does not load counts as a failed test, and so does each
 * thing that the run leaves behind, which is named.
 */
export default class SummaryReporter implements Reporter {
  #before: readonly string[] = [];

  onTestRunStart(): void {
    this.#before = machineState();
  }

  async onTestRunEnd(
    modules: readonly TestModule[],
    unhandledErrors: readonly unknown[],
    _reason: TestRunEndReason,
  ): Promise<void> {
    const folder = process.env['KAPROBE_TEST_RUN'];
    const left = folder === undefined ? [] : await leftBehind(folder, this.#before);
    for (const name of left) process.stdout.write(`left behind: ${name}\n`);
    if (left.length > 0) process.exitCode = 1;
    const counts = { passed: 0, failed: unhandledErrors.length + left.length, skipped: 0 };
    for (const module of modules) {
      const tests = [...module.children.allTests()];
      for (const test of tests) {
        const { state } = test.result();
        counts[state === 'pending' ? 'failed' : state] += 1;
      }
      if (module.state() === 'failed' && !tests.some((test) => test.result().state === 'failed')) counts.failed += 1;
    }
    process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
  }
}
