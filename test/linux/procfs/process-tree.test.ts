import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ancestorsOf, descendantsOf, hasEnded } from '../../../src/linux/procfs/process-tree.ts';

const roots: string[] = [];
afterAll(() => {
  for (const root of roots) rmSync(root, { recursive: true });
});

/** A /proc with these processes: number, name, state and parent. */
function proc(processes: readonly [pid: number, name: string, state: string, parent: number][]): string {
  const root = mkdtempSync(join(tmpdir(), 'kaprobe-proc-'));
  roots.push(root);
  for (const [pid, name, state, parent] of processes) {
    mkdirSync(join(root, String(pid)));
    writeFileSync(join(root, String(pid), 'stat'), `${pid} (${name}) ${state} ${parent} ${parent} 0 -1`);
  }
  return root;
}

const FAMILY = proc([
  [1, 'init', 'S', 0],
  [10, 'sh', 'S', 1],
  [20, 'sleep) R 1 (', 'S', 10],
  [21, 'worker', 'Z', 10],
  [30, 'grandchild', 'R', 20],
  [40, 'other', 'S', 1],
]);

describe('the descendants of a process, where the kernel lists no children', () => {
  test('are its children and theirs, whatever their names', () => {
    expect(descendantsOf(10, FAMILY).sort()).toEqual([20, 21, 30]);
    expect(descendantsOf(40, FAMILY)).toEqual([]);
    expect(descendantsOf(99, FAMILY)).toEqual([]);
  });

  test('are finite though numbers given again make a circle', () => {
    const circle = proc([
      [10, 'a', 'S', 20],
      [20, 'b', 'S', 10],
    ]);
    expect(descendantsOf(10, circle)).toEqual([20]);
    expect(ancestorsOf(10, circle)).toEqual([20, 10]);
  });
});

test('the ancestors of a process end with init', () => {
  expect(ancestorsOf(30, FAMILY)).toEqual([20, 10, 1]);
  expect(ancestorsOf(99, FAMILY)).toEqual([]);
});

test('a process has ended that is gone, or that only waits for its parent', () => {
  expect([20, 21, 99].map((pid) => hasEnded(pid, FAMILY))).toEqual([false, true, true]);
});

test('this very process descends from its parent', () => {
  expect(descendantsOf(process.ppid)).toContain(process.pid);
  expect(ancestorsOf(process.pid)[0]).toBe(process.ppid);
});
