import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Btf, readBtf } from '../../../src/linux/bpf/btf.ts';

const FILE = '/sys/kernel/btf/vmlinux';
const KIND = { int: 1, struct: 4, union: 5, typedef: 8, function: 12 } as const;

/** A type: its kind, its name, what stands in its size or type field, its members (name, type, offset in bits), and words behind it. */
interface Type {
  kind: number;
  name: string;
  type?: number;
  members?: [name: string, type: number, bits: number][];
  tail?: number[];
}

function btfOf(types: readonly Type[]): Uint8Array {
  const names = [...new Set(types.flatMap(({ name, members = [] }) => [name, ...members.map(([each]) => each)]))];
  const strings = `\0${names.filter((name) => name !== '').join('\0')}\0`;
  const at = (name: string): number => (name === '' ? 0 : strings.indexOf(`\0${name}\0`) + 1);
  const words = types.flatMap(({ kind, name, type = 0, members = [], tail = [] }) => [
    at(name),
    kind * 2 ** 24 + members.length,
    type,
    ...members.flatMap(([each, of, bits]) => [at(each), of, bits]),
    ...tail,
  ]);
  const text = Buffer.from(strings.padEnd(4 * Math.ceil(strings.length / 4), '\0'));
  return new Uint8Array([
    ...new Uint8Array(Uint32Array.from([0x1eb9f, 24, 0, 4 * words.length, 4 * words.length, text.length]).buffer),
    ...new Uint8Array(Uint32Array.from(words).buffer),
    ...text,
  ]);
}

const TYPES: Type[] = [
  { kind: KIND.int, name: 'u32', tail: [32] },
  {
    kind: KIND.struct,
    name: 'inner',
    members: [
      ['a', 1, 0],
      ['b', 1, 32],
    ],
  },
  { kind: KIND.typedef, name: 'inner_t', type: 2 },
  {
    kind: KIND.union,
    name: '',
    members: [
      ['x', 1, 0],
      ['y', 3, 0],
    ],
  },
  {
    kind: KIND.struct,
    name: 'outer',
    members: [
      ['head', 1, 0],
      ['', 4, 64],
      ['in', 3, 128],
      ['odd', 1, 131],
    ],
  },
  { kind: KIND.function, name: 'outer_of', type: 1 },
  { kind: KIND.typedef, name: 'outer_t', type: 5 },
];

describe('the types of a kernel', () => {
  const btf = readBtf(btfOf(TYPES));

  it.each<[path: string[], offset: number | null]>([
    [['head'], 0],
    [['in', 'b'], 20],
    [['x'], 8],
    [['y', 'b'], 12],
    [['odd'], null],
    [['nowhere'], null],
    [['head', 'a'], null],
    [['b'], null],
  ])('say where %j is in a struct: %s', (path, offset) => {
    expect(btf?.offsetOf('outer', path)).toBe(offset);
  });

  it('tell structs, functions and other names apart', () => {
    expect(btf?.functionId('outer_of')).toBe(6);
    expect([btf?.functionId('outer'), btf?.functionId('nobody')]).toEqual([null, null]);
    expect([btf?.offsetOf('outer_t', ['head']), btf?.offsetOf('uter', ['head'])]).toEqual([null, null]);
  });

  it('are none in any other bytes', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => readBtf(bytes) === null));
    const whole = btfOf(TYPES);
    const foreign = whole.slice();
    foreign.subarray(0, 2).reverse(); // the other byte order
    expect(readBtf(foreign)).toBeNull();
    expect(readBtf(whole.subarray(0, 60))).toBeNull();
    expect(readBtf(btfOf([{ kind: 31, name: 'new' }]))).toBeNull();
  });

  const lacking = existsSync(FILE) ? '' : ` (skipped, needs ${FILE})`;
  it.skipIf(lacking !== '')(`of this machine hold what is asked of them${lacking}`, () => {
    const own: Btf | null = readBtf(readFileSync(FILE));
    expect(own?.functionId('bpf_iter_task_file')).toBeGreaterThan(0);
    expect(own?.offsetOf('tcp_sock', ['inet_conn', 'icsk_inet', 'sk', '__sk_common', 'skc_family'])).toBe(16);
  });
});
