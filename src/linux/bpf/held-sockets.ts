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
import { StructView } from '../struct-view.ts';
import { instruction, iterate } from './bpf.ts';
import { type Btf, readBtf } from './btf.ts';

/** To read the kernel's description of itself takes as long as ten thousand sockets otherwise. */
const MANY_SOCKETS = 20_000;

const TYPES = '/sys/kernel/btf/vmlinux';
/** PROC_PID_INIT_INO of include/linux/proc_ns.h: elsewhere processes have other numbers than the kernel writes down. */
const FIRST_PID_NAMESPACE = 'pid:[4026531836]';
/** include/uapi/linux/bpf.h: __BPF_FUNC_MAPPER. */
const HELPER = { writeDown: 127, tcpSockOf: 137, socketOf: 162 } as const;
/** SOCK_KEEPOPEN of enum sock_flags in include/net/sock.h. */
const KEEPALIVE_FLAG = 1 << 3;
/** Where in what the program writes down of a descriptor each thing stands; and how many bytes that has. */
const RECORD = {
  pid: 0,
  fd: 4,
  inode: 8,
  cookieLow: 16,
  cookieHigh: 20,
  flags: 24,
  idle: 32,
  interval: 36,
  count: 40,
  userTimeoutMs: 44,
  sysctlIdle: 48,
  sysctlInterval: 52,
  sysctlCount: 56,
  unused: 60,
} as const;
const RECORD_BYTES = 64;

/** A descriptor that refers to a TCP socket, and the options of that; it moves on to the next. */
class HeldSocket extends StructView {
  /** Jiffies in a second (CONFIG_HZ). */
  hz = 0;

  get inode(): number {
    return this.u32(RECORD.inode);
  }
  get pid(): number {
    return this.u32(RECORD.pid);
  }
  get fd(): number {
    return this.u32(RECORD.fd);
  }
  get cookieLow(): number {
    return this.u32(RECORD.cookieLow);
  }
  get cookieHigh(): number {
    return this.u32(RECORD.cookieHigh);
  }
  /** TCP_KEEPIDLE as it was set, in jiffies; 0: it was not. */
  get idleJiffies(): number {
    return this.u32(RECORD.idle);
  }
  get keepalive(): Keepalive {
    // Zero stands for the sysctl (keepalive_time_when and its like in include/net/tcp.h).
    const idle = this.idleJiffies || this.u32(RECORD.sysctlIdle);
    const interval = this.u32(RECORD.interval) || this.u32(RECORD.sysctlInterval);
    return {
      enabled: (this.u32(RECORD.flags) & KEEPALIVE_FLAG) !== 0,
      idleMs: 1000 * Math.floor(idle / this.hz),
      intervalMs: 1000 * Math.floor(interval / this.hz),
      count: this.u32(RECORD.count) || this.u32(RECORD.sysctlCount),
      userTimeoutMs: this.u32(RECORD.userTimeoutMs),
    };
  }
}

/** All descriptors that refer to TCP sockets, one process after the other. What is shown moves on to the next. */
export interface HeldSockets {
  each(visit: (held: Readonly<HeldSocket>) => void): void;
}

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
    const held = new HeldSocket(records.bytes());
    // kaprobe is one of the youngest processes, hence from the end.
    const findOwn = (fd: number): boolean => {
      for (let at = records.bytes().length - RECORD_BYTES; at >= 0; at -= RECORD_BYTES) {
        held.moveTo(at, RECORD_BYTES);
        if (held.pid === process.pid && held.fd === fd) return true;
      }
      return false;
    };
    if (!findOwn(set)) return null;
    held.hz = (held.idleJiffies * 1000) / PROOF.idleMs;
    if (!(Number.isInteger(held.hz) && held.hz > 0)) return null;
    if (![set, inherited].every((fd) => findOwn(fd) && isProven(libc, held, fd))) return null;
    return {
      each: (visit) => {
        for (let at = 0; at + RECORD_BYTES <= records.bytes().length; at += RECORD_BYTES) {
          held.moveTo(at, RECORD_BYTES);
          visit(held);
        }
      },
    };
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
  const STACK = 10;
  const [RESULT, VALUE, OTHER, LENGTH, CONTEXT, FILE, TASK, TCP] = [0, 1, 2, 3, 6, 7, 8, 9];
  const keep = (size: 4 | 8, at: number) => store(size, STACK, at - RECORD_BYTES, VALUE);
  const note = (at: number, size: 1 | 4 | 8, from: number, offset: number) => [
    load(size, VALUE, from, offset),
    keep(size === 8 ? 8 : 4, at),
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
    keep(4, RECORD.unused), // no byte of the stack may be undefined
    load(8, VALUE, CONTEXT, known('metaInContext')),
    load(8, VALUE, VALUE, known('seqInMeta')),
    copy(OTHER, STACK),
    add(OTHER, -RECORD_BYTES),
    set(LENGTH, RECORD_BYTES),
    call(HELPER.writeDown),
  ];
}

/** Puts pieces together, each of which may end within a record. */
function collector(): { add(piece: Uint8Array): void; bytes(): Uint8Array } {
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
    bytes: () => bytes.subarray(0, size),
  };
}

/** Whether what was written down of a socket of kaprobe's own is what the kernel says of it by its system calls. */
function isProven(libc: Libc, held: HeldSocket, fd: number): boolean {
  return (
    held.inode === fstatSync(fd).ino &&
    hasCookie(libc, fd, held.cookieLow, held.cookieHigh) &&
    JSON.stringify(held.keepalive) === JSON.stringify(readKeepalive(libc, fd))
  );
}
