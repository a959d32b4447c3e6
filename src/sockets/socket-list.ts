/** The kernel's list of TCP sockets: by sock_diag, else from /proc/net/tcp. Which of them is decided here, once for each list that is opened. */
import { type CapabilityError, type KernelError, unlessMissing } from '../base/errors.ts';
import type { SocketList } from '../linux/kernel-socket.ts';
import { loadLibc } from '../linux/libc.ts';
import { type DestroyedSockets, listenForDestroyed } from '../linux/netlink/destroyed-sockets.ts';
import { openSockDiag } from '../linux/netlink/sock-diag.ts';
import { inNetworkNamespaceOf, isInOwnNetworkNamespace } from '../linux/network-namespace.ts';
import { openProcNetTcp } from '../linux/procfs/proc-net-list.ts';

/** A list that was opened, and which one. */
export interface OpenedSocketList extends SocketList {
  /** `procfs`: without cookies and without the times of the last segments. */
  source: 'sock-diag' | 'procfs';
  /** Why there is no sock_diag; null when there is. */
  withoutSockDiag: string | null;
  /** Hears of sockets that are freed, or why it cannot; null: not asked for. */
  destroyed: DestroyedSockets | CapabilityError | KernelError | null;
}

/**
 * Opens the list of the network namespace of process `pid`, or of kaprobe's own. `follow`: for those who follow sockets from one look to the next: it
 * hears of those that are freed, and from procfs too each socket has a number. Throws a UsageError when there is no such process. Reading the list
 * throws a CapabilityError when its namespace can neither be entered nor be read in /proc.
 */
export async function openSocketList(
  pid: number | null,
  { follow = false }: { follow?: boolean } = {},
): Promise<OpenedSocketList> {
  const opened = await openInKernel(pid, follow).catch(unlessMissing);
  if (!(opened instanceof Error)) return opened;
  // The files of a process go with it.
  const list = openProcNetTcp(pid === null || isInOwnNetworkNamespace(pid) ? null : pid, follow);
  return { ...list, source: 'procfs', withoutSockDiag: opened.message, destroyed: follow ? opened : null };
}

async function openInKernel(pid: number | null, follow: boolean): Promise<OpenedSocketList> {
  const libc = await loadLibc();
  const open = () => ({
    list: tried(openSockDiag(libc)),
    destroyed: follow ? attempt(() => listenForDestroyed(libc)) : null,
  });
  const { list, destroyed } = pid === null ? open() : await inNetworkNamespaceOf(pid, open);
  const close = (): void => {
    list.close();
    if (destroyed !== null && !(destroyed instanceof Error)) destroyed.close();
  };
  return { ...list, source: 'sock-diag', withoutSockDiag: null, destroyed, close };
}

/** The same, if it can be asked: a sandbox may let it be opened and nothing else. */
function tried(list: SocketList): SocketList {
  try {
    list.each({ states: [], withInfo: false }, () => {});
    return list;
  } catch (error) {
    list.close();
    throw error;
  }
}

function attempt<T>(open: () => T): T | CapabilityError | KernelError {
  try {
    return open();
  } catch (error) {
    return unlessMissing(error);
  }
}
