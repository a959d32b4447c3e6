/** Looking at another process's network namespace. /proc/sys/net, sockets and netlink all show the namespace of the calling thread. */
import { closeSync, existsSync, openSync, readlinkSync } from 'node:fs';
import { CapabilityError, errnoOf, KaprobeError, UsageError } from '../base/errors.ts';
import { loadLibc } from './libc.ts';

/** include/uapi/linux/sched.h: setns(2) then refuses a descriptor of any other kind of namespace. */
const CLONE_NEWNET = 0x4000_0000;

/** Of the calling thread, which setns(2) moves alone. */
const OWN = '/proc/thread-self/ns/net';

/**
 * Runs `look` in the network namespace of process `pid` and comes back, whatever happens. `look` must do all of its work before it
 * returns: what it leaves for later (a promise, a timer, libuv's thread pool) would run in kaprobe's own namespace again. In the
 * namespace that kaprobe is in already it just runs, without any rights and without koffi.
 *
 * Throws a UsageError when there is no such process, and a CapabilityError when it cannot be looked into or entered: setns(2) needs
 * CAP_SYS_ADMIN, reading the link ptrace permission (ptrace(2), PTRACE_MODE_READ_FSCREDS). A KaprobeError that says so when there is
 * no way back: then nothing that this thread does afterwards can be trusted.
 */
export async function inNetworkNamespaceOf<T>(pid: number, look: () => T): Promise<T> {
  const target = `/proc/${pid}/ns/net`;
  const same = attempt(pid, () => readlinkSync(target) === readlinkSync(OWN));
  if (same) return look();

  const libc = await loadLibc();
  const own = attempt(pid, () => openSync(OWN, 'r'));
  try {
    const theirs = attempt(pid, () => openSync(target, 'r'));
    try {
      attempt(pid, () => libc.setns(theirs, CLONE_NEWNET));
    } finally {
      closeSync(theirs);
    }
    try {
      return look();
    } finally {
      comeBack(() => libc.setns(own, CLONE_NEWNET));
    }
  } finally {
    closeSync(own);
  }
}

/** Reports whether process `pid` is in the network namespace that kaprobe is in; false also where that may not be told, or it has ended. */
export function isInOwnNetworkNamespace(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`) === readlinkSync(OWN);
  } catch {
    return false;
  }
}

function attempt<T>(pid: number, operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    throw refusal(pid, error);
  }
}

function refusal(pid: number, error: unknown): KaprobeError {
  const errno = errnoOf(error);
  if (errno === 'ENOENT' || errno === 'ESRCH') {
    if (!existsSync(OWN)) {
      return new CapabilityError(
        'cannot tell network namespaces apart: there is no /proc/thread-self/ns/net',
        'needs Linux with /proc mounted',
      );
    }
    const reason = existsSync(`/proc/${pid}`)
      ? `process ${pid} has exited and has no network namespace any more`
      : `there is no process ${pid}`;
    return new UsageError(reason, 'process ids are those that ps shows where kaprobe runs');
  }
  return new CapabilityError(
    `cannot enter the network namespace of pid ${pid}: ${errno}`,
    process.geteuid?.() === 0
      ? 'this root lacks CAP_SYS_ADMIN or CAP_SYS_PTRACE over that process: run kaprobe inside its container'
      : 'needs CAP_SYS_ADMIN: run as root, or run kaprobe inside that container',
    error,
  );
}

function comeBack(setns: () => void): void {
  try {
    setns();
  } catch (error) {
    throw new KaprobeError(
      'kernel',
      `cannot return to kaprobe's own network namespace: ${errnoOf(error)}`,
      null,
      error,
    );
  }
}
