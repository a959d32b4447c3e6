/** BPF programs that walk through the kernel's own objects and write down what they find: Documentation/bpf/bpf_iterators.rst. */
import { closeSync, readSync } from 'node:fs';
import { KernelError } from '../../base/errors.ts';
import type { Libc } from '../libc.ts';

/** The instructions that are needed here, of registers 0 to 10 (Documentation/bpf/standardization/instruction-set.rst). Sizes are in bytes. */
export const instruction = {
  copy: (to: number, from: number) => encode(0xbf, to, from, 0, 0),
  set: (to: number, value: number) => encode(0xb7, to, 0, 0, value),
  add: (to: number, value: number) => encode(0x07, to, 0, 0, value),
  load: (size: 1 | 4 | 8, to: number, from: number, offset: number) =>
    encode({ 1: 0x71, 4: 0x61, 8: 0x79 }[size], to, from, offset, 0),
  store: (size: 4 | 8, to: number, offset: number, from: number) =>
    encode({ 4: 0x63, 8: 0x7b }[size], to, from, offset, 0),
  call: (helper: number) => encode(0x85, 0, 0, 0, helper),
  /** Ends the program when a register is 0. */
  endIfZero: (register: number) => encode(0x15, register, 0, TO_THE_END, 0),
  /** Ends the program when two registers differ. */
  endUnlessEqual: (one: number, other: number) => encode(0x5d, one, other, TO_THE_END, 0),
} as const;

/** In place of how far it is to the end. */
const TO_THE_END = 0x7fff;

/** include/uapi/linux/bpf.h. */
const COMMAND = { loadProgram: 5, createLink: 28, createIterator: 33 } as const;
const PROG_TYPE_TRACING = 26;
const ATTACH_TYPE_ITER = 28;
/** Offsets in union bpf_attr. */
const LOAD = { type: 0, count: 4, instructions: 8, license: 16, attachType: 68, functionId: 108, size: 128 } as const;
const LINK = { program: 0, attachType: 8, size: 64 } as const;
const ITERATOR = { link: 0, size: 64 } as const;

const READ_BYTES = 1 << 20;
/** The kernel says EAGAIN when a signal came while it looked at the program, and when a walk has been long without a word. */
const MOST_STOPS = 10_000;

function encode(code: number, to: number, from: number, offset: number, value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  bytes[0] = code;
  bytes[1] = to | (from << 4);
  view.setInt16(2, offset, true);
  view.setInt32(4, value, true);
  return bytes;
}

/**
 * Runs a program for each object of the kind that the iterator `functionId` is for, and hands each piece of what it writes to `take`, which must not keep
 * it. For little-endian machines. Throws a KernelError when the kernel does not have it: EPERM without CAP_BPF and CAP_PERFMON, EINVAL or EACCES when it does not
 * accept the program.
 */
export function iterate(
  libc: Libc,
  functionId: number,
  body: readonly Uint8Array[],
  take: (piece: Uint8Array) => void,
): void {
  const program = assemble(body);
  const license = steady(Buffer.from('GPL\0'));
  const load = attributes(LOAD.size);
  load.setUint32(LOAD.type, PROG_TYPE_TRACING, true);
  load.setUint32(LOAD.count, program.length / 8, true);
  load.setUint32(LOAD.attachType, ATTACH_TYPE_ITER, true);
  load.setUint32(LOAD.functionId, functionId, true);
  const opened: number[] = [];
  const open = (command: number, attribute: DataView, addresses: Parameters<Libc['bpf']>[2] = []): number => {
    const fd = persistently(() => libc.bpf(command, new Uint8Array(attribute.buffer), addresses));
    opened.push(fd);
    return fd;
  };
  try {
    const link = attributes(LINK.size);
    const addresses = [[LOAD.instructions, program] as const, [LOAD.license, license] as const];
    link.setUint32(LINK.program, open(COMMAND.loadProgram, load, addresses), true);
    link.setUint32(LINK.attachType, ATTACH_TYPE_ITER, true);
    const iterator = attributes(ITERATOR.size);
    iterator.setUint32(ITERATOR.link, open(COMMAND.createLink, link), true);
    readAll(open(COMMAND.createIterator, iterator), take);
  } finally {
    for (const fd of opened) closeSync(fd);
  }
}

function attributes(size: number): DataView {
  return new DataView(new ArrayBuffer(size));
}

/** A copy that stays where it is. */
function steady(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new ArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}

/** With its end: it returns 0. */
function assemble(body: readonly Uint8Array[]): Uint8Array {
  const program = steady(Buffer.concat([...body, instruction.set(0, 0), encode(0x95, 0, 0, 0, 0)]));
  const view = new DataView(program.buffer);
  for (const [index, code] of body.entries()) {
    const isJump = code[0] === 0x15 || code[0] === 0x5d;
    if (isJump) view.setInt16(8 * index + 2, body.length - index - 1, true);
  }
  return program;
}

function readAll(fd: number, take: (piece: Uint8Array) => void): void {
  const bytes = new Uint8Array(READ_BYTES);
  for (;;) {
    const size = persistently(() => readSync(fd, bytes));
    if (size === 0) return;
    take(bytes.subarray(0, size));
  }
}

/** Once more when the kernel says that, but not for ever. */
function persistently<T>(attempt: () => T): T {
  for (let stops = 0; ; stops += 1) {
    try {
      return attempt();
    } catch (error) {
      const errno =
        error instanceof KernelError ? error.errno : error instanceof Error && 'code' in error && error.code;
      if (errno !== 'EAGAIN' || stops === MOST_STOPS) throw error;
    }
  }
}
