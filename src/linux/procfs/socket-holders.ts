/** Which processes hold which sockets, and what they are doing: proc(5). A process may end, and its number be given to another, at any moment. */
import { closeSync, constants, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { errnoOf } from '../../base/errors.ts';
import type { Libc } from '../libc.ts';

/** A descriptor that refers to a socket. After fork(2) several processes hold the same. */
export interface SocketHolder {
  pid: number;
  fd: number;
}

export interface HolderScan {
  /** By the socket's inode. */
  holders: Map<number, SocketHolder[]>;
  /** Processes whose descriptors this user may not see. Those that hidepid hides altogether are not among them. */
  hiddenPids: number[];
}

/** Looks for the holders of these inodes among the descriptors of these processes, or of all that are to be seen. Those that end meanwhile are left out. */
export function scanSocketHolders(
  inodes: { has(inode: number): boolean },
  pids: readonly number[] | null = null,
  root = '/proc',
): HolderScan {
  const holders = new Map<number, SocketHolder[]>();
  const hiddenPids = eachSocketHolder(pids, root, openLinks, (inode, pid, fd) => {
    if (!inodes.has(inode)) return;
    const others = holders.get(inode);
    if (others === undefined) holders.set(inode, [{ pid, fd }]);
    else others.push({ pid, fd });
  });
  return { holders, hiddenPids };
}

/**
 * Shows each descriptor that refers to a socket to `visit`, process after process, and returns the processes whose descriptors this user may not
 * see. `openLinks` reads the links of /proc/PID/fd.
 */
export function eachSocketHolder(
  pids: readonly number[] | null,
  root: string,
  openLinks: LinkOpener,
  visit: (inode: number, pid: number, fd: number) => void,
): number[] {
  const hiddenPids: number[] = [];
  for (const pid of pids ?? listPids(root)) {
    let links: Links;
    try {
      links = openLinks(`${root}/${pid}/fd`);
    } catch (error) {
      if (errnoOf(error) === 'EACCES' || errnoOf(error) === 'EPERM') hiddenPids.push(pid);
      continue;
    }
    try {
      const { numbers } = links;
      for (let index = 0; index < numbers.length; index += 1) {
        const fd = numbers[index] ?? 0;
        const inode = links.inodeOf(fd);
        if (inode !== null) visit(inode, pid, fd);
      }
    } finally {
      links.close();
    }
  }
  return hiddenPids;
}

/** The links of one folder /proc/PID/fd. */
interface Links {
  /** The descriptors that there were when it was opened; those of another folder take their place when that is opened. */
  numbers: ArrayLike<number>;
  /** The inode of the socket that a link names; null when it names something else, or is gone. */
  inodeOf(fd: number): number | null;
  close(): void;
}

/** Throws an Error with an errno as its code when the folder is not to be had. */
export type LinkOpener = (folder: string) => Links;

/** The mounts that this process sees, as proc(5) writes them; empty when they are not to be read. */
export function readMounts(root = '/proc'): string {
  try {
    return readFileSync(`${root}/self/mounts`, 'latin1');
  } catch {
    return '';
  }
}

/**
 * Reports whether /proc is mounted so that other users' processes do not show at all (hidepid=2 or `invisible`, hidepid=4 or `ptraceable`):
 * then nobody can count what is hidden.
 */
export function hidesProcesses(mounts: string): boolean {
  return mounts.split('\n').some((line) => {
    const [, folder, type, options = ''] = line.split(' ');
    return folder === '/proc' && type === 'proc' && /(^|,)hidepid=(2|invisible|4|ptraceable)(,|$)/.test(options);
  });
}

/** The processes that are to be seen in this pid namespace. */
export function listPids(root = '/proc'): number[] {
  return readdirSync(root).flatMap((entry) => (/^\d+$/.test(entry) ? [Number(entry)] : []));
}

/** The inode of the socket that a link of /proc/PID/fd names; null when it names something else, or is gone. */
export function socketInode(path: string): number | null {
  try {
    const link = readlinkSync(path);
    return link.startsWith('socket:[') ? Number(link.slice(8, -1)) : null;
  } catch {
    return null;
  }
}

/** Reads links by Node's own means. */
export function openLinks(folder: string): Links {
  return {
    numbers: readdirSync(folder).map(Number),
    inodeOf: (fd) => socketInode(`${folder}/${fd}`),
    close: () => {},
  };
}

/** The same through the C library, in a quarter of the time: for a hundred thousand of them. */
export function linkOpener(libc: Libc): LinkOpener {
  const SOCKET = [...Buffer.from('socket:[')];
  return (path) => {
    const folder = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
    return {
      numbers: numbersIn(libc, folder),
      inodeOf: (fd) => {
        const length = libc.readlinkAt(folder, fd);
        const { link } = libc;
        if (length <= SOCKET.length) return null;
        for (let at = 0; at < SOCKET.length; at += 1) if (link[at] !== SOCKET[at]) return null;
        let inode = 0;
        for (let at = SOCKET.length; at < length - 1; at += 1) inode = 10 * inode + (link[at] ?? 0) - 48;
        return inode;
      },
      close: () => closeSync(folder),
    };
  };
}

function numbersIn(libc: Libc, folder: number): Uint32Array {
  try {
    return libc.readNumbers(folder);
  } catch {
    return new Uint32Array(); // the process has ended meanwhile
  }
}

/** The name of a process, as it or its program chose it: at most 15 bytes of anything; null when it is gone. */
export function commandOf(pid: number, root = '/proc'): string | null {
  try {
    return readFileSync(`${root}/${pid}/comm`, 'utf8').replace(/\n$/, '');
  } catch {
    return null;
  }
}

/** What tells a process from a later one of the same number: when it was started, in clock ticks since boot; null when it is gone. */
export function startTimeOf(pid: number, root = '/proc'): string | null {
  return statOf(pid, root)[19] ?? null; // the 22nd field is the 20th behind the name
}

/** The fields of /proc/PID/stat behind the name, which stands in parentheses and may hold any byte: state, parent and so on. None when it is gone. */
export function statOf(pid: number | 'self', root = '/proc'): string[] {
  try {
    const stat = readFileSync(`${root}/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

/** A thread that waits in a system call whose first argument is a descriptor. */
export interface BlockedThread {
  tid: number;
  fd: number;
  /** `recvfrom`, or `system call 4711` where the number has no name here. */
  syscall: string;
}

/**
 * The threads of a process that wait in a system call on a descriptor of their own (/proc/PID/task/TID/syscall); poll(2), select(2) and
 * epoll_wait(2) name none. null when this user may not see it, which takes ptrace permission, or the process is gone.
 */
export function blockedThreads(pid: number, root = '/proc'): BlockedThread[] | null {
  const folder = `${root}/${pid}/task`;
  try {
    return readdirSync(folder).flatMap((tid) => {
      const waiting = parseSyscall(readFileSync(`${folder}/${tid}/syscall`, 'latin1'), process.arch);
      return waiting === null ? [] : [{ tid: Number(tid), ...waiting }];
    });
  } catch {
    return null;
  }
}

/** The calls that wait on one socket, by their number: arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h. */
const WAITING_CALLS: Partial<Record<NodeJS.Architecture, Record<number, string>>> = {
  x64: {
    0: 'read',
    1: 'write',
    19: 'readv',
    20: 'writev',
    42: 'connect',
    43: 'accept',
    44: 'sendto',
    45: 'recvfrom',
    46: 'sendmsg',
    47: 'recvmsg',
    288: 'accept4',
    299: 'recvmmsg',
    307: 'sendmmsg',
  },
  arm64: {
    63: 'read',
    64: 'write',
    65: 'readv',
    66: 'writev',
    202: 'accept',
    203: 'connect',
    206: 'sendto',
    207: 'recvfrom',
    211: 'sendmsg',
    212: 'recvmsg',
    242: 'accept4',
    243: 'recvmmsg',
    269: 'sendmmsg',
  },
};

/** Reads /proc/PID/syscall: the number and the arguments in hexadecimal, `running`, or -1 for one that waits elsewhere; null when it is none of the calls that wait on a socket. */
export function parseSyscall(text: string, arch: NodeJS.Architecture): { fd: number; syscall: string } | null {
  const [, number, fd] = /^(\d+) 0x([0-9a-f]+) /.exec(text) ?? [];
  const syscall = number === undefined ? undefined : WAITING_CALLS[arch]?.[Number(number)];
  if (syscall === undefined || fd === undefined) return null;
  return { fd: Number.parseInt(fd.slice(-8), 16), syscall };
}
