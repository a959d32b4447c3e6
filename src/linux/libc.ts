import { readdirSync } from 'node:fs';
import { constants } from 'node:os';
import { CapabilityError, KernelError } from '../base/errors.ts';

/** The system calls that kaprobe makes. Each throws a KernelError with the errno's name. */
export interface Libc {
  /** Sets an option whose value is a 32-bit integer. */
  setsockopt(fd: number, level: number, option: number, value: number): void;
  /** Reads at most `size` bytes of an option's value; older kernels return fewer. */
  getsockopt(fd: number, level: number, option: number, size: number): Uint8Array;
  /** Reads an option's value into `words` and returns how many bytes it has: for many sockets, since it makes nothing new. */
  getsockoptInto(fd: number, level: number, option: number, words: Int32Array | Uint32Array): number;
  /** The entries of an open folder whose names are numbers, in a list that the next call writes over. */
  readNumbers(folder: number): Uint32Array;
  /** Reads where the symbolic link of that number in an open folder leads, at most 64 bytes of it into `link`, and returns how many; -1 when it cannot be read. */
  readlinkAt(folder: number, name: number): number;
  /** What readlinkAt() has read last. */
  link: Uint8Array;
  /** Ends the process at once: _exit(2), without waiting for any thread. */
  exitNow(status: number): void;
  /** Moves the calling thread into the namespace that `fd` refers to. */
  setns(fd: number, nstype: number): void;
  /** Makes a socket and returns its descriptor, which is the caller's to close. */
  socket(domain: number, type: number, protocol?: number): number;
  /** Connects to a `struct sockaddr` of any family. On a non-blocking socket it throws EINPROGRESS when all is well. */
  connect(fd: number, address: Uint8Array): void;
  /** Sends bytes and returns how many of them the kernel took. */
  send(fd: number, bytes: Uint8Array, flags: number): number;
  /** Takes a message with its flags of recvmsg(2) and returns at most `size` bytes of its control messages; its payload is lost. */
  receiveControl(fd: number, flags: number, size: number): Uint8Array;
  /** Reads one message or datagram into `bytes` and returns how long it is; more than `bytes` has room for when MSG_TRUNC is among `flags`. */
  receive(fd: number, bytes: Uint8Array, flags: number): number;
  /** The `struct sockaddr` of this end of a socket, and of the far end of a connected one. */
  getsockname(fd: number): Uint8Array;
  getpeername(fd: number): Uint8Array;
  /** shutdown(2). `how`: 0 for reading, 1 for writing, 2 for both. */
  shutdown(fd: number, how: number): void;
  /** Returns a descriptor that refers to a process: pidfd_open(2), since Linux 5.3. */
  pidfdOpen(pid: number): number;
  /** Returns a duplicate of another process's descriptor: pidfd_getfd(2), since Linux 5.6; needs PTRACE_MODE_ATTACH_REALCREDS. */
  pidfdGetfd(pidfd: number, fd: number): number;
  /** bpf(2): carries out a command and returns a descriptor. At these places of `attribute` the addresses of bytes are to stand, which have an ArrayBuffer of their own. */
  bpf(command: number, attribute: Uint8Array, addresses: readonly (readonly [at: number, of: Uint8Array])[]): number;
  close(fd: number): void;
  /** Makes this process the new parent of descendants whose own has ended, in place of init: prctl(2), PR_SET_CHILD_SUBREAPER. */
  becomeSubreaper(): void;
  /** Takes note of one child's end, if it has ended, so that nothing is left of it; reports whether it has: waitpid(2), WNOHANG. */
  reap(pid: number): boolean;
}

/** Of linux/unistd.h: the same on every architecture that Node runs on. */
const SYS_pidfd_open = 434;
const SYS_pidfd_getfd = 438;
/** arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h. */
const SYS_bpf: Partial<Record<NodeJS.Architecture, number>> = { x64: 321, arm64: 280 };
/** struct sockaddr_storage. */
const SOCKADDR_BYTES = 128;
/** More than any option has that is read in words. */
const OPTION_BYTES = 64;
/** `socket:[4294967295]` and more. */
const LINK_BYTES = 64;
/** What glibc reads of a folder at a time. */
const ENTRIES_BYTES = 32 * 1024;
/** struct linux_dirent64, getdents(2): each begins at a multiple of 8. */
const ENTRY_LENGTH_AT = 16;
const ENTRY_NAME_AT = 19;
/** linux/prctl.h. */
const PR_SET_CHILD_SUBREAPER = 36;
const WNOHANG = 1;

let loaded: Promise<Libc> | null = null;

/**
 * Loads koffi and binds the C library, once. Throws a CapabilityError where that is not to be had: another operating system than Linux, or
 * a platform for which koffi ships no binary.
 */
export function loadLibc(): Promise<Libc> {
  loaded ??= bind();
  return loaded;
}

async function bind(): Promise<Libc> {
  if (process.platform !== 'linux') {
    throw new CapabilityError(
      `socket options cannot be read on ${process.platform}`,
      'kaprobe reads them on Linux only',
    );
  }
  let koffi: typeof import('koffi').default;
  let library: ReturnType<typeof koffi.load>;
  try {
    koffi = (await import('koffi')).default;
    library = koffi.load(null); // the C library that node itself is linked with, glibc or musl
  } catch (cause) {
    throw new CapabilityError(
      `socket options cannot be read: koffi has no binary for ${process.platform}-${process.arch}`,
      'reinstall kaprobe with optional dependencies, on a platform that koffi supports',
      cause,
    );
  }
  const setsockopt = library.func('int setsockopt(int, int, int, const void *, uint)');
  const getsockopt = library.func('int getsockopt(int, int, int, void *, _Inout_ uint *)');
  const getsockname = library.func('int getsockname(int, void *, _Inout_ uint *)');
  const getpeername = library.func('int getpeername(int, void *, _Inout_ uint *)');
  // For calls by the hundred thousand: addresses as numbers cost a tenth of typed arrays, which koffi looks into each time.
  const getsockoptAt = library.func('getsockopt', 'int', ['int', 'int', 'int', 'intptr_t', 'intptr_t']);
  const readlinkAt = library.func('readlinkat', 'long', ['int', 'intptr_t', 'intptr_t', 'size_t']);
  const getdents = functionOf(() => library.func('getdents64', 'long', ['int', 'intptr_t', 'ulong']));
  // An ArrayBuffer of its own stays where it is.
  const value = new Int32Array(new ArrayBuffer(OPTION_BYTES));
  const valueLength = new Uint32Array(new ArrayBuffer(4));
  const linkName = new Uint8Array(new ArrayBuffer(12));
  const link = new Uint8Array(new ArrayBuffer(LINK_BYTES));
  const addressOf = (bytes: ArrayBufferView): number => Number(koffi.address(bytes));
  const valueAddress = addressOf(value);
  const valueLengthAddress = addressOf(valueLength);
  const linkAddress = addressOf(link);
  const entries = new Uint8Array(new ArrayBuffer(ENTRIES_BYTES));
  const entryLengths = new Uint16Array(entries.buffer);
  const entriesAddress = addressOf(entries);
  let numbers = new Uint32Array(1024);
  /** What the kernel reads by its address, kept until it has. */
  const pinned: Uint8Array[] = [];
  const linkNameAddress = addressOf(linkName);
  const setns = library.func('int setns(int, int)');
  const _exit = library.func('void _exit(int)');
  const socket = library.func('int socket(int, int, int)');
  const connect = library.func('int connect(int, const void *, uint)');
  const send = library.func('long send(int, const void *, ulong, int)');
  const recv = library.func('long recv(int, void *, ulong, int)');
  const shutdown = library.func('int shutdown(int, int)');
  // It takes any number of longs; those that a call does not use are ignored. Not every C library has functions for these calls.
  const syscall = library.func('long syscall(long, long, long, long)');
  const close = library.func('int close(int)');
  const prctl = library.func('int prctl(int, ulong, ulong, ulong, ulong)');
  const waitpid = library.func('int waitpid(int, void *, int)');
  const msghdr = koffi.struct({
    name: 'void *',
    namelen: 'uint',
    iov: 'void *',
    iovlen: 'ulong',
    control: 'void *',
    controllen: 'ulong',
    flags: 'int',
  });
  const recvmsg = library.func('recvmsg', 'long', ['int', koffi.inout(koffi.pointer(msghdr)), 'int']);
  const checked = (result: number, operation: string): number => {
    if (result < 0) throw new KernelError(errnoName(koffi.errno()), operation);
    return result;
  };
  const check = (result: number, operation: string): void => {
    checked(result, operation);
  };
  const addressBy = (call: typeof getsockname, fd: number, operation: string): Uint8Array => {
    const address = new Uint8Array(SOCKADDR_BYTES);
    check(call(fd, address, [SOCKADDR_BYTES]), operation);
    return address;
  };
  return {
    setsockopt: (fd, level, option, value) => {
      const bytes = new Int32Array([value]);
      check(setsockopt(fd, level, option, bytes, bytes.byteLength), `setsockopt level ${level} option ${option}`);
    },
    getsockopt: (fd, level, option, size) => {
      const bytes = new Uint8Array(size);
      const length = [size];
      check(getsockopt(fd, level, option, bytes, length), `getsockopt level ${level} option ${option}`);
      return bytes.subarray(0, length[0]);
    },
    getsockname: (fd) => addressBy(getsockname, fd, 'getsockname'),
    getpeername: (fd) => addressBy(getpeername, fd, 'getpeername'),
    getsockoptInto: (fd, level, option, words) => {
      valueLength[0] = Math.min(words.byteLength, OPTION_BYTES);
      const result = getsockoptAt(fd, level, option, valueAddress, valueLengthAddress);
      if (result < 0) check(result, `getsockopt level ${level} option ${option}`);
      for (let index = 0; index < words.length; index += 1) words[index] = value[index] ?? 0;
      return valueLength[0];
    },
    readlinkAt: (folder, name) => {
      let digits = 1;
      for (let rest = name; rest >= 10; rest = Math.floor(rest / 10)) digits += 1;
      linkName[digits] = 0;
      for (let at = digits - 1, rest = name; at >= 0; at -= 1, rest = Math.floor(rest / 10))
        linkName[at] = 48 + (rest % 10);
      return readlinkAt(folder, linkNameAddress, linkAddress, LINK_BYTES);
    },
    link,
    readNumbers: (folder) => {
      if (getdents === null) return Uint32Array.from(readdirSync(`/proc/self/fd/${folder}`).map(Number));
      let count = 0;
      for (;;) {
        const size = checked(getdents(folder, entriesAddress, ENTRIES_BYTES), 'getdents64');
        if (size === 0) return numbers.subarray(0, count);
        for (let at = 0; at < size; at += entryLengths[(at + ENTRY_LENGTH_AT) / 2] ?? size) {
          let number = 0;
          let digit = at + ENTRY_NAME_AT;
          for (; isDigit(entries[digit] ?? 0); digit += 1) number = 10 * number + (entries[digit] ?? 0) - 48;
          if (digit === at + ENTRY_NAME_AT || entries[digit] !== 0) continue;
          if (count === numbers.length) {
            const more = new Uint32Array(2 * count);
            more.set(numbers);
            numbers = more;
          }
          numbers[count] = number;
          count += 1;
        }
      }
    },
    exitNow: (status) => _exit(status),
    setns: (fd, nstype) => check(setns(fd, nstype), 'setns'),
    socket: (domain, type, protocol = 0) => checked(socket(domain, type, protocol), `socket of domain ${domain}`),
    connect: (fd, address) => check(connect(fd, address, address.byteLength), 'connect'),
    send: (fd, bytes, flags) => checked(send(fd, bytes, bytes.byteLength, flags), 'send'),
    receiveControl: (fd, flags, size) => {
      const control = new Uint8Array(size);
      const message = { name: null, namelen: 0, iov: null, iovlen: 0, control, controllen: size, flags: 0 };
      checked(recvmsg(fd, message, flags), 'recvmsg');
      return control.subarray(0, message.controllen); // which the kernel has set to what it wrote
    },
    receive: (fd, bytes, flags) => checked(recv(fd, bytes, bytes.byteLength, flags), 'recv'),
    shutdown: (fd, how) => check(shutdown(fd, how), 'shutdown'),
    pidfdOpen: (pid) => checked(syscall(SYS_pidfd_open, pid, 0, 0), `pidfd_open of pid ${pid}`),
    pidfdGetfd: (pidfd, fd) => {
      const result = syscall(SYS_pidfd_getfd, pidfd, fd, 0);
      // Where all is well, by the hundred thousand, the text would be made for nothing.
      return result < 0 ? checked(result, `pidfd_getfd of descriptor ${fd}`) : result;
    },
    bpf: (command, attribute, addresses) => {
      const number = SYS_bpf[process.arch];
      if (number === undefined) throw new KernelError('ENOSYS', 'bpf');
      const view = new DataView(new ArrayBuffer(attribute.byteLength));
      new Uint8Array(view.buffer).set(attribute);
      pinned.push(...addresses.map(([, bytes]) => bytes));
      for (const [at, bytes] of addresses) view.setBigUint64(at, BigInt(addressOf(bytes)), true);
      const fd = syscall(number, command, addressOf(view), view.byteLength);
      pinned.length = 0;
      return checked(fd, `bpf command ${command}`);
    },
    close: (fd) => check(close(fd), 'close'),
    becomeSubreaper: () => check(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 'prctl'),
    reap: (pid) => checked(waitpid(pid, null, WNOHANG), `waitpid of pid ${pid}`) === pid,
  };
}

/** The name of an errno, such as EHOSTUNREACH; `errno 64` for one that Node has no name for. */
export function errnoName(errno: number): string {
  return Object.entries(constants.errno).find(([, value]) => value === errno)?.[0] ?? `errno ${errno}`;
}

/** A function of the C library; null where it has none of that name. */
function functionOf<T>(bind: () => T): T | null {
  try {
    return bind();
  } catch {
    return null;
  }
}

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}
