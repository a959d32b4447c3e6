/**
 * Which descriptors refer to which TCP sockets, and what options these have, of all processes at once: where there are a hundred thousand, in a tenth
 * of the time that /proc and pidfd_getfd(2) take. A BPF program walks through all open files and writes down what is asked; the kernel says itself where in
 * its structs that stands (BTF), and sockets of kaprobe's own prove each time that what was read is what getsockopt(2) says.
 */
import { fstatSync, readFileSync, readlinkSync } from 'node:fs';
import { endianness } from 'node:os';
import type { Keepalive } from '../../report/values.ts';
import { hasCookie, readCookie } from '../foreign-socket.ts';
import type { Libc } from '../libc.ts';
import { readKeepalive, writeKeepalive } from '../socket-options.ts';
import { instruction, iterate } from './bpf.ts';
import { type Btf, readBtf } from './btf.ts';

/** HELD_CELLS for each descriptor that refers to a TCP socket, one process after the other. */
export type HeldSockets = Uint32Array;

export const HELD_CELLS = 10;
/** What stands where: the socket's inode, the process, its descriptor, the two halves of the cookie, and the options, times in milliseconds. */
export const HELD = {
  inode: 0,
  pid: 1,
  fd: 2,
  cookieLow: 3,
  cookieHigh: 4,
  enabled: 5,
  idleMs: 6,
  intervalMs: 7,
  count: 8,
  userTimeoutMs: 9,
} as const;

/** To read the kernel's description of itself takes as long as ten thousand sockets otherwise. */
const MANY_SOCKETS = 20_000;

const TYPES = '/sys/kernel/btf/vmlinux';
/** PROC_PID_INIT_INO of include/linux/proc_ns.h: elsewhere processes have other numbers than the kernel writes down. */
const FIRST_PID_NAMESPACE = 'pid:[4026531836]';
/** include/uapi/linux/bpf.h: __BPF_FUNC_MAPPER. */
const HELPER = { writeDown: 127, tcpSockOf: 137, socketOf: 162 } as const;
/** SOCK_KEEPOPEN of enum sock_flags in include/net/sock.h. */
const KEEPALIVE_FLAG = 1 << 3;
/** What the program writes down, in words. */
const RECORD = {
  pid: 0,
  fd: 1,
  inode: 2,
  cookieLow: 4,
  cookieHigh: 5,
  flags: 6,
  idle: 8,
  interval: 9,
  count: 10,
  userTimeoutMs: 11,
  sysctlIdle: 12,
  sysctlInterval: 13,
  sysctlCount: 14,
  words: 16,
} as const;

const AF_INET = 2;
const SOCK_STREAM_CLOEXEC = 1 | 0o2_000_000;
/** Found again in what was written down. No two are alike, and none is a default. */
const PROOF = { enabled: true, idleMs: 101_000, intervalMs: 77_000, count: 5, userTimeoutMs: 12_345 } as const;

/** Reports whether the network namespace of process `pid`, or kaprobe's own, has so many sockets that it is worth it. */
export function hasManySockets(pid: number | null, atLeast = MANY_SOCKETS): boolean {
  return socketsInUse(pid) >= atLeast;
}

/** Sockets of all kinds in that network namespace (socket_seq_show in net/socket.c); 0 when /proc does not tell. */
function socketsInUse(pid: number | null): number {
  try {
    const text = readFileSync(`/proc/${pid ?? 'self'}/net/sockstat`, 'latin1');
    return Number(/^sockets: used (\d+)$/m.exec(text)?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** null where it is not to be had, or cannot be trusted: without rights, in a container, on a kernel before 5.11 or one that is built without BTF. */
export function readHeldSockets(libc: Libc): HeldSockets | null {
  if (process.geteuid?.() !== 0 || endianness() !== 'LE') return null;
  const proofs: number[] = [];
  try {
    if (readlinkSync('/proc/self/ns/pid') !== FIRST_PID_NAMESPACE) return null;
    const btf = readBtf(readFileSync(TYPES));
    const functionId = btf?.functionId('bpf_iter_task_file') ?? null;
    const program = btf === null ? null : programFor(btf);
    if (functionId === null || program === null) return null;
    for (let index = 0; index < 2; index += 1) proofs.push(libc.socket(AF_INET, SOCK_STREAM_CLOEXEC));
    const [set = -1, inherited = -1] = proofs;
    if (writeKeepalive(libc, set, PROOF).length > 0) return null;
    for (const fd of proofs) readCookie(libc, fd); // it is given to a socket when it is asked for first
    const records = collector();
    iterate(libc, functionId, program, records.add);
    const words = records.words();
    const hz = jiffiesASecond(words, set);
    const held = hz === null ? null : heldIn(words, hz);
    return held !== null && isProven(libc, held, set) && isProven(libc, held, inherited) ? held : null;
  } catch {
    return null; // for one of many reasons, none of which is the user's concern: there is another way
  } finally {
    for (const fd of proofs) libc.close(fd);
  }
}

/** What is written down of each open file (struct bpf_iter__task_file) that is a TCP socket; null when the kernel has other structs. */
function programFor(btf: Btf): Uint8Array[] | null {
  const sock = ['inet_conn', 'icsk_inet', 'sk', '__sk_common'];
  const offsets = {
    threadId: btf.offsetOf('task_struct', ['pid']),
    processId: btf.offsetOf('task_struct', ['tgid']),
    fileInode: btf.offsetOf('file', ['f_inode']),
    inodeNumber: btf.offsetOf('inode', ['i_ino']),
    sk: btf.offsetOf('socket', ['sk']),
    cookie: btf.offsetOf('tcp_sock', [...sock, 'skc_cookie']),
    flags: btf.offsetOf('tcp_sock', [...sock, 'skc_flags']),
    net: btf.offsetOf('tcp_sock', [...sock, 'skc_net']),
    idle: btf.offsetOf('tcp_sock', ['keepalive_time']),
    interval: btf.offsetOf('tcp_sock', ['keepalive_intvl']),
    count: btf.offsetOf('tcp_sock', ['keepalive_probes']),
    userTimeout: btf.offsetOf('tcp_sock', ['inet_conn', 'icsk_user_timeout']),
    sysctlIdle: btf.offsetOf('net', ['ipv4', 'sysctl_tcp_keepalive_time']),
    sysctlInterval: btf.offsetOf('net', ['ipv4', 'sysctl_tcp_keepalive_intvl']),
    sysctlCount: btf.offsetOf('net', ['ipv4', 'sysctl_tcp_keepalive_probes']),
    taskInContext: btf.offsetOf('bpf_iter__task_file', ['task']),
    fdInContext: btf.offsetOf('bpf_iter__task_file', ['fd']),
    fileInContext: btf.offsetOf('bpf_iter__task_file', ['file']),
    metaInContext: btf.offsetOf('bpf_iter__task_file', ['meta']),
    seqInMeta: btf.offsetOf('bpf_iter_meta', ['seq']),
  };
  const known = (name: keyof typeof offsets): number => offsets[name] ?? 0;
  if (Object.values(offsets).includes(null)) return null;
  const { copy, set, add, load, store, call, endIfZero, endUnlessEqual } = instruction;
  const SIZE = 4 * RECORD.words;
  const STACK = 10;
  const [RESULT, VALUE, OTHER, LENGTH, CONTEXT, FILE, TASK, TCP] = [0, 1, 2, 3, 6, 7, 8, 9];
  const keep = (size: 4 | 8, cell: number) => store(size, STACK, 4 * cell - SIZE, VALUE);
  const note = (cell: number, size: 1 | 4 | 8, from: number, offset: number) => [
    load(size, VALUE, from, offset),
    keep(size === 8 ? 8 : 4, cell),
  ];
  return [
    copy(CONTEXT, VALUE),
    load(8, FILE, CONTEXT, known('fileInContext')),
    endIfZero(FILE), // the walk is over
    load(8, TASK, CONTEXT, known('taskInContext')),
    endIfZero(TASK),
    // A thread that has descriptors of its own is none that /proc/PID/fd shows.
    load(4, OTHER, TASK, known('threadId')),
    load(4, VALUE, TASK, known('processId')),
    endUnlessEqual(VALUE, OTHER),
    keep(4, RECORD.pid),
    ...note(RECORD.fd, 4, CONTEXT, known('fdInContext')),
    copy(VALUE, FILE),
    call(HELPER.socketOf),
    endIfZero(RESULT),
    load(8, VALUE, RESULT, known('sk')),
    endIfZero(VALUE),
    call(HELPER.tcpSockOf),
    endIfZero(RESULT),
    copy(TCP, RESULT),
    load(8, VALUE, FILE, known('fileInode')),
    ...note(RECORD.inode, 8, VALUE, known('inodeNumber')),
    ...note(RECORD.cookieLow, 8, TCP, known('cookie')),
    ...note(RECORD.flags, 8, TCP, known('flags')),
    ...note(RECORD.idle, 4, TCP, known('idle')),
    ...note(RECORD.interval, 4, TCP, known('interval')),
    ...note(RECORD.count, 1, TCP, known('count')),
    ...note(RECORD.userTimeoutMs, 4, TCP, known('userTimeout')),
    load(8, OTHER, TCP, known('net')),
    ...note(RECORD.sysctlIdle, 4, OTHER, known('sysctlIdle')),
    ...note(RECORD.sysctlInterval, 4, OTHER, known('sysctlInterval')),
    ...note(RECORD.sysctlCount, 1, OTHER, known('sysctlCount')),
    set(VALUE, 0),
    keep(4, RECORD.words - 1), // no byte of the stack may be undefined
    load(8, VALUE, CONTEXT, known('metaInContext')),
    load(8, VALUE, VALUE, known('seqInMeta')),
    copy(OTHER, STACK),
    add(OTHER, -SIZE),
    set(LENGTH, SIZE),
    call(HELPER.writeDown),
  ];
}

/** Puts pieces together, each of which may end within a record. */
function collector(): { add(piece: Uint8Array): void; words(): Uint32Array } {
  let bytes = new Uint8Array(1 << 20);
  let size = 0;
  return {
    add: (piece) => {
      while (size + piece.length > bytes.length) {
        const more = new Uint8Array(2 * bytes.length);
        more.set(bytes);
        bytes = more;
      }
      bytes.set(piece, size);
      size += piece.length;
    },
    words: () => new Uint32Array(bytes.buffer, 0, size >>> 2),
  };
}

/** `hz`: jiffies in a second. */
function heldIn(words: Uint32Array, hz: number): HeldSockets {
  const held = new Uint32Array((words.length / RECORD.words) * HELD_CELLS);
  for (let at = 0, to = 0; at < words.length; at += RECORD.words, to += HELD_CELLS) {
    // Zero stands for the sysctl (keepalive_time_when and its like in include/net/tcp.h).
    const idle = words[at + RECORD.idle] || (words[at + RECORD.sysctlIdle] ?? 0);
    const interval = words[at + RECORD.interval] || (words[at + RECORD.sysctlInterval] ?? 0);
    held[to + HELD.inode] = words[at + RECORD.inode] ?? 0;
    held[to + HELD.pid] = words[at + RECORD.pid] ?? 0;
    held[to + HELD.fd] = words[at + RECORD.fd] ?? 0;
    held[to + HELD.cookieLow] = words[at + RECORD.cookieLow] ?? 0;
    held[to + HELD.cookieHigh] = words[at + RECORD.cookieHigh] ?? 0;
    held[to + HELD.enabled] = ((words[at + RECORD.flags] ?? 0) & KEEPALIVE_FLAG) === 0 ? 0 : 1;
    held[to + HELD.idleMs] = 1000 * Math.floor(idle / hz);
    held[to + HELD.intervalMs] = 1000 * Math.floor(interval / hz);
    held[to + HELD.count] = words[at + RECORD.count] || (words[at + RECORD.sysctlCount] ?? 0);
    held[to + HELD.userTimeoutMs] = words[at + RECORD.userTimeoutMs] ?? 0;
  }
  return held;
}

/** CONFIG_HZ (kaprobe is one of the youngest processes, hence from the end), by what stands for an idle time that is known; null when that is not found. */
function jiffiesASecond(words: Uint32Array, proof: number): number | null {
  for (let at = words.length - RECORD.words; at >= 0; at -= RECORD.words) {
    if (words[at + RECORD.pid] !== process.pid || words[at + RECORD.fd] !== proof) continue;
    const hz = ((words[at + RECORD.idle] ?? 0) * 1000) / PROOF.idleMs;
    return Number.isInteger(hz) && hz > 0 ? hz : null;
  }
  return null;
}

/** Whether a socket of kaprobe's own stands there just as the kernel says of it by its system calls. */
function isProven(libc: Libc, held: HeldSockets, fd: number): boolean {
  for (let at = held.length - HELD_CELLS; at >= 0; at -= HELD_CELLS) {
    if (held[at + HELD.pid] !== process.pid || held[at + HELD.fd] !== fd) continue;
    const cell = (name: keyof typeof HELD): number => held[at + HELD[name]] ?? 0;
    const keepalive: Keepalive = {
      enabled: cell('enabled') === 1,
      idleMs: cell('idleMs'),
      intervalMs: cell('intervalMs'),
      count: cell('count'),
      userTimeoutMs: cell('userTimeoutMs'),
    };
    return (
      cell('inode') === fstatSync(fd).ino &&
      hasCookie(libc, fd, cell('cookieLow'), cell('cookieHigh')) &&
      JSON.stringify(keepalive) === JSON.stringify(readKeepalive(libc, fd))
    );
  }
  return false;
}
