/** Processes and their descendants: proc(5). Any of them may end at any moment. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { Libc } from '../libc.ts';
import { listPids, statOf } from './socket-holders.ts';

/** The descendants of a process, itself not among them, parents before their children. */
export function descendantsOf(pid: number, root = '/proc'): number[] {
  const childrenOf = childrenReader(root);
  const found = new Set<number>();
  const open = [pid];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const child of childrenOf(next)) {
      if (found.has(child) || child === pid) continue;
      found.add(child);
      open.push(child);
    }
  }
  return [...found];
}

/** Takes note of the end of children that this process got as a subreaper, so that nothing is left of them; others wait for those in `except`. */
export function reapOrphans(libc: Libc, except: readonly number[]): void {
  for (const child of childrenReader('/proc')(process.pid)) if (!except.includes(child)) libc.reap(child);
}

/** From /proc/PID/task/TID/children where the kernel has that (CONFIG_PROC_CHILDREN), else from the parents that all processes name. */
function childrenReader(root: string): (pid: number) => number[] {
  return existsSync(`${root}/thread-self/children`) ? (pid) => listedChildren(pid, root) : childrenByParent(root);
}

function listedChildren(pid: number, root: string): number[] {
  const folder = `${root}/${pid}/task`;
  // This process starts programs from its main thread, and as a subreaper gets the orphans there too (find_new_reaper in kernel/exit.c).
  const threads = pid === process.pid ? [String(pid)] : textsOf(() => readdirSync(folder));
  return threads.flatMap((thread) =>
    textsOf(() => readFileSync(`${folder}/${thread}/children`, 'latin1').split(' ')).flatMap((word) =>
      word === '' ? [] : [Number(word)],
    ),
  );
}

/** None where process or thread has ended. */
function textsOf(read: () => string[]): string[] {
  try {
    return read();
  } catch {
    return [];
  }
}

function childrenByParent(root: string): (pid: number) => number[] {
  const children = new Map<number, number[]>();
  for (const pid of listPids(root)) {
    const parent = parentOf(pid, root);
    if (parent !== null) children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  return (pid) => children.get(pid) ?? [];
}

/** Reports whether a process has ended, and at most waits for its parent to take note. */
export function hasEnded(pid: number, root = '/proc'): boolean {
  const [state] = statOf(pid, root);
  return state === undefined || state === 'Z' || state === 'X';
}

function parentOf(pid: number, root: string): number | null {
  const [, parent] = statOf(pid, root);
  return parent === undefined ? null : Number(parent);
}

/** The parent of a process, that one's parent, and so on. */
export function ancestorsOf(pid: number, root = '/proc'): number[] {
  const ancestors: number[] = [];
  for (let next = parentOf(pid, root); next !== null && next > 0; next = parentOf(next, root)) {
    // Numbers that are given again meanwhile could make a circle.
    if (ancestors.includes(next)) break;
    ancestors.push(next);
  }
  return ancestors;
}
