/** Who holds the sockets of a table, what their processes wait for, and what options they have, as far as rights reach. */
import { KernelError } from '../base/errors.ts';
import { type HeldSockets, readHeldSockets } from '../linux/bpf/held-sockets.ts';
import { foreignDescriptors, hasCookie, withForeignSocket } from '../linux/foreign-socket.ts';
import type { Libc } from '../linux/libc.ts';
import {
  blockedThreads,
  commandOf,
  eachSocketHolder,
  linkOpener,
  listPids,
  openLinks,
  socketInode,
} from '../linux/procfs/socket-holders.ts';
import { readKeepalive, readReceiveTimeoutMs } from '../linux/socket-options.ts';
import { isJudged } from './socket-risk.ts';
import { SocketCursor, type SocketTable } from './socket-table.ts';

/** How to look. */
export interface OwnerQuestion {
  /** null: options cannot be read, and links are read by Node's own means. */
  libc: Libc | null;
  /** Whether to have all owners from the kernel at once, where that is to be had. */
  asksKernel: boolean;
  /** Look through the descriptors of these processes only; null: of all. */
  among: readonly number[] | null;
  /** Whose options are wanted; null: of all sockets. */
  wanted: ((socket: SocketCursor) => boolean) | null;
}

/** Adds to all rows who holds them, and to those wanted what they say; returns of how many processes the descriptors are hidden. */
export function findOwners(table: SocketTable, { libc, asksKernel, among, wanted }: OwnerQuestion): number {
  let rows = rowsWithoutOwner(table);
  const held = libc !== null && asksKernel ? readHeldSockets(libc) : null;
  if (libc !== null && held !== null) {
    addHeld(table, held, rows, libc);
    rows = rowsWithoutOwner(table);
    if (rows.size === 0) return 0;
  }
  const holders = new Holders();
  const openFolder = libc === null ? openLinks : linkOpener(libc);
  const hiddenPids = eachSocketHolder(among ?? listPids(), '/proc', openFolder, (inode, pid, fd) => {
    const row = rows.get(inode);
    if (row !== undefined) holders.add(row, pid, fd);
  });
  addOwners(table, holders);
  const socket = new SocketCursor(table);
  const asked = wanted === null ? holders : holders.filter((row) => wanted(socket.moveTo(row)));
  const blocked = addBlockedCalls(table, asked);
  if (libc !== null) {
    addOptions(table, asked, libc);
    for (const row of blocked) addReceiveTimeout(socket.moveTo(row), libc);
  }
  return hiddenPids.length;
}

/** Descriptors that refer to the sockets of rows, one process after the other. Numbers, because a hundred thousand objects would fill the memory. */
class Holders {
  private cells = new Uint32Array(3 * 1024);
  private end = 0;

  add(row: number, pid: number, fd: number): void {
    if (this.end + 3 > this.cells.length) {
      const more = new Uint32Array(2 * this.cells.length);
      more.set(this.cells);
      this.cells = more;
    }
    this.cells[this.end] = row;
    this.cells[this.end + 1] = pid;
    this.cells[this.end + 2] = fd;
    this.end += 3;
  }

  each(visit: (row: number, pid: number, fd: number) => void): void {
    const { cells, end } = this;
    for (let at = 0; at < end; at += 3) visit(cells[at] ?? 0, cells[at + 1] ?? 0, cells[at + 2] ?? 0);
  }

  /** Those of the rows for which that holds. */
  filter(keep: (row: number) => boolean): Holders {
    const kept = new Holders();
    this.each((row, pid, fd) => {
      if (keep(row)) kept.add(row, pid, fd);
    });
    return kept;
  }
}

/** By their inodes. */
function rowsWithoutOwner(table: SocketTable): Map<number, number> {
  const byInode = new Map<number, number>();
  const socket = new SocketCursor(table);
  for (let row = 0; row < table.rows; row += 1) {
    const { inode, hasOwner } = socket.moveTo(row);
    if (inode !== 0 && !hasOwner) byInode.set(inode, row);
  }
  return byInode;
}

/** Adds owners and options as the kernel has written them down, all at once. */
function addHeld(table: SocketTable, held: HeldSockets, rows: ReadonlyMap<number, number>, libc: Libc): void {
  const socket = new SocketCursor(table);
  const holders = new Holders();
  held.each((each) => {
    const row = rows.get(each.inode);
    if (row === undefined) return;
    socket.moveTo(row);
    // Inodes are given again, cookies are not.
    if (socket.cookieLow !== each.cookieLow || socket.cookieHigh !== each.cookieHigh) return;
    holders.add(row, each.pid, each.fd);
    if (!socket.isExact && hasOptions(socket)) socket.setOptions(each.keepalive);
  });
  addOwners(table, holders);
  for (const row of addBlockedCalls(table, holders)) addReceiveTimeout(socket.moveTo(row), libc);
}

/** Adds the holders to their rows. */
function addOwners(table: SocketTable, holders: Holders): void {
  const { commands } = table;
  const socket = new SocketCursor(table);
  holders.each((row, pid, fd) => {
    socket.moveTo(row);
    // It may have closed the one before meanwhile.
    if (commands.get(pid) == null) commands.set(pid, commandIfStill(pid, fd, socket.inode));
    socket.addOwner(pid, fd);
  });
}

/** The command's name, if the process that has the number now still holds the socket: numbers are given again. */
function commandIfStill(pid: number, fd: number, inode: number): string | null {
  const command = commandOf(pid);
  return socketInode(`/proc/${pid}/fd/${fd}`) === inode ? command : null;
}

/** Adds which calls their holders wait in, and returns the rows of those that one waits for. */
function addBlockedCalls(table: SocketTable, holders: Holders): Set<number> {
  const calls = new Map<number, Map<number, string>>();
  const blocked = new Set<number>();
  holders.each((row, pid, fd) => {
    let ofProcess = calls.get(pid);
    if (ofProcess === undefined) {
      ofProcess = new Map(blockedThreads(pid)?.map((thread) => [thread.fd, thread.syscall]));
      calls.set(pid, ofProcess);
    }
    if (ofProcess.has(fd)) blocked.add(row);
  });
  const socket = new SocketCursor(table);
  for (const row of blocked) {
    socket.moveTo(row);
    socket.owners = socket.owners.map((owner) => ({
      ...owner,
      blockedIn: calls.get(owner.pid)?.get(owner.fd) ?? null,
    }));
  }
  return blocked;
}

/**
 * Replaces what was concluded by what the sockets themselves say, wherever a holder lets kaprobe duplicate its descriptor. A duplicate keeps referring
 * to one socket, so what it says is true of the socket with its cookie, whatever has become of process and descriptor since the links were read.
 */
function addOptions(table: SocketTable, holders: Holders, libc: Libc): void {
  const socket = new SocketCursor(table);
  const descriptors = foreignDescriptors(libc);
  const read = (duplicate: number): void => {
    if (hasCookie(libc, duplicate, socket.cookieLow, socket.cookieHigh))
      socket.setOptions(readKeepalive(libc, duplicate));
  };
  try {
    holders.each((row, pid, fd) => {
      socket.moveTo(row);
      // What its first holder does not let be seen, another may.
      if (!socket.isExact && socket.hasCookie && hasOptions(socket)) descriptors.look(pid, fd, read);
    });
  } finally {
    descriptors.close();
  }
}

/** Whether its options matter. */
function hasOptions(socket: SocketCursor): boolean {
  return isJudged(socket) || socket.state === 'listen';
}

/** How long a read of a socket waits at most, wherever its options could be read. */
function addReceiveTimeout(socket: SocketCursor, libc: Libc): void {
  const { owners, cookie, isExact } = socket;
  if (!isExact || cookie === null) return;
  for (const { pid, fd } of owners) {
    try {
      const timeoutMs = withForeignSocket(libc, { pid, fd, cookie }, (duplicate) =>
        readReceiveTimeoutMs(libc, duplicate),
      );
      if (timeoutMs === null) continue;
      socket.receiveTimeoutMs = timeoutMs;
      return;
    } catch (error) {
      // No right to this process, or it is gone: another of its holders may tell.
      if (!(error instanceof KernelError)) throw error;
    }
  }
}
