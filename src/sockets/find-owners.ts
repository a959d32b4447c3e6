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
  const rows = rowsByInode(table);
  if (libc !== null && asksKernel) {
    const held = readHeldSockets(libc);
    if (held !== null) addHeld(table, held, rows, libc);
    if (rows.size === 0) return 0;
  }
  const holders: Holder[] = [];
  const openFolder = libc === null ? openLinks : linkOpener(libc);
  const hiddenPids = eachSocketHolder(among ?? listPids(), '/proc', openFolder, (inode, pid, fd) => {
    const row = rows.get(inode);
    if (row !== undefined) holders.push({ row, pid, fd });
  });
  addOwners(table, holders);
  const socket = new SocketCursor(table);
  const asked = wanted === null ? holders : holders.filter(({ row }) => wanted(socket.moveTo(row)));
  const blocked = addBlockedCalls(table, asked);
  if (libc !== null) {
    addOptions(table, asked, libc);
    for (const row of blocked) addReceiveTimeout(socket.moveTo(row), libc);
  }
  return hiddenPids.length;
}

/** A descriptor that refers to the socket of a row. Those of one process follow each other. */
interface Holder {
  row: number;
  pid: number;
  fd: number;
}

function rowsByInode(table: SocketTable): Map<number, number> {
  const byInode = new Map<number, number>();
  const socket = new SocketCursor(table);
  for (let row = 0; row < table.rows; row += 1) {
    const { inode } = socket.moveTo(row);
    if (inode !== 0) byInode.set(inode, row);
  }
  return byInode;
}

/** Adds owners and options as the kernel has written them down, all at once, and leaves in `rows` the sockets of which it knows no holder. */
function addHeld(table: SocketTable, held: HeldSockets, rows: Map<number, number>, libc: Libc): void {
  const socket = new SocketCursor(table);
  const holders: Holder[] = [];
  held.each((each) => {
    const row = rows.get(each.inode);
    if (row === undefined) return;
    socket.moveTo(row);
    // Inodes are given again, cookies are not.
    if (socket.cookieLow !== each.cookieLow || socket.cookieHigh !== each.cookieHigh) return;
    holders.push({ row, pid: each.pid, fd: each.fd });
    if (!socket.isExact && hasOptions(socket)) socket.setOptions(each.keepalive);
  });
  addOwners(table, holders);
  for (const row of addBlockedCalls(table, holders)) addReceiveTimeout(socket.moveTo(row), libc);
  for (const { row } of holders) rows.delete(socket.moveTo(row).inode);
}

/** Adds the holders to their rows. */
function addOwners(table: SocketTable, holders: readonly Holder[]): void {
  const { commands } = table;
  const socket = new SocketCursor(table);
  for (const { row, pid, fd } of holders) {
    socket.moveTo(row);
    // It may have closed the one before meanwhile.
    if (commands.get(pid) == null) commands.set(pid, commandIfStill(pid, fd, socket.inode));
    socket.addOwner(pid, fd);
  }
}

/** The command's name, if the process that has the number now still holds the socket: numbers are given again. */
function commandIfStill(pid: number, fd: number, inode: number): string | null {
  const command = commandOf(pid);
  return socketInode(`/proc/${pid}/fd/${fd}`) === inode ? command : null;
}

/** Adds which calls their holders wait in, and returns the rows of those that one waits for. */
function addBlockedCalls(table: SocketTable, holders: readonly Holder[]): Set<number> {
  const calls = new Map<number, Map<number, string>>();
  const blocked = new Set<number>();
  for (const { row, pid, fd } of holders) {
    let ofProcess = calls.get(pid);
    if (ofProcess === undefined) {
      ofProcess = new Map(blockedThreads(pid)?.map((thread) => [thread.fd, thread.syscall]));
      calls.set(pid, ofProcess);
    }
    if (ofProcess.has(fd)) blocked.add(row);
  }
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
function addOptions(table: SocketTable, holders: readonly Holder[], libc: Libc): void {
  const socket = new SocketCursor(table);
  const descriptors = foreignDescriptors(libc);
  const read = (duplicate: number): void => {
    if (hasCookie(libc, duplicate, socket.cookieLow, socket.cookieHigh))
      socket.setOptions(readKeepalive(libc, duplicate));
  };
  try {
    for (const { row, pid, fd } of holders) {
      socket.moveTo(row);
      // What its first holder does not let be seen, another may.
      if (!socket.isExact && socket.cookie !== null && hasOptions(socket)) descriptors.look(pid, fd, read);
    }
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
