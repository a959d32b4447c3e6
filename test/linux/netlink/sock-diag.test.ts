import { connect, createServer } from 'node:net';
import { endianness } from 'node:os';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KernelError } from '../../../src/base/errors.ts';
import { readCookie, withForeignSocket } from '../../../src/linux/foreign-socket.ts';
import { loadLibc } from '../../../src/linux/libc.ts';
import {
  type DiagSocket,
  decodeAnswer,
  diagSocketOf,
  formatIpv6,
  messageOf,
  openSockDiag,
} from '../../../src/linux/netlink/sock-diag.ts';
import { descriptorOf } from '../../../src/linux/socket-options.ts';
import { thrownBy } from '../../helpers/thrown-by.ts';

const LITTLE = endianness() === 'LE';
const isLinux = process.platform === 'linux';

/** One netlink message: SOCK_DIAG_BY_FAMILY unless `type` says otherwise, with the attributes given. */
function message({
  type = 20,
  flags = 0,
  family = 2,
  fill = [],
  attributes = [],
}: {
  type?: number;
  flags?: number;
  family?: number;
  /** Offset in struct inet_diag_msg, and the 32-bit value there. */
  fill?: [offset: number, value: number][];
  attributes?: [kind: number, bytes: Uint8Array][];
}): Uint8Array {
  const size = 16 + 72 + attributes.reduce((sum, [, bytes]) => sum + 4 + ((bytes.length + 3) & ~3), 0);
  const view = new DataView(new ArrayBuffer(size));
  view.setUint32(0, size, LITTLE);
  view.setUint16(4, type, LITTLE);
  view.setUint16(6, flags, LITTLE);
  view.setUint8(16, family);
  view.setUint8(17, 1);
  for (const [offset, value] of fill) view.setUint32(16 + offset, value, LITTLE);
  let at = 88;
  for (const [kind, bytes] of attributes) {
    view.setUint16(at, 4 + bytes.length, LITTLE);
    view.setUint16(at + 2, kind, LITTLE);
    new Uint8Array(view.buffer).set(bytes, at + 4);
    at += 4 + ((bytes.length + 3) & ~3);
  }
  return new Uint8Array(view.buffer);
}

describe('decodeAnswer', () => {
  test('reads TCP_INFO behind other attributes, as far as this kernel fills it', () => {
    const info = new Uint8Array(60);
    info[2] = 3;
    info[3] = 2;
    new DataView(info.buffer).setUint32(56, 4711, LITTLE);
    const sockets: DiagSocket[] = [];
    const attributes: [number, Uint8Array][] = [
      [8, new Uint8Array(1)],
      [2, info],
    ];
    expect(decodeAnswer(message({ fill: [[68, 99]], attributes }), sockets)).toEqual({ done: false, consistent: true });
    expect(sockets).toMatchObject([
      {
        state: 'established',
        inode: 99,
        info: { retransmits: 3, unansweredProbes: 2, lastAckReceivedMs: 4711, rttMs: null },
      },
    ]);
  });

  test('reads the counters of segments and bytes', () => {
    const info = new Uint8Array(144);
    const view = new DataView(info.buffer);
    view.setBigUint64(128, 5_000_000_000n, LITTLE);
    view.setUint32(136, 7, LITTLE);
    view.setUint32(140, 0xffff_ffff, LITTLE);
    const sockets: DiagSocket[] = [];
    for (const size of [144, 140, 136, 132])
      decodeAnswer(message({ attributes: [[2, info.subarray(0, size)]] }), sockets);
    const counters = sockets.map((each) => [each.info?.bytesReceived, each.info?.segmentsOut, each.info?.segmentsIn]);
    expect(counters).toEqual([
      [5_000_000_000, 7, 4_294_967_295],
      [5_000_000_000, 7, null],
      [5_000_000_000, null, null],
      [null, null, null],
    ]);
  });

  test('keeps nothing of one socket for the next', () => {
    const sockets: DiagSocket[] = [];
    const withInfo = message({ attributes: [[2, new Uint8Array(80)]] });
    decodeAnswer(new Uint8Array([...withInfo, ...message({})]), sockets);
    expect(sockets.map(({ info }) => info === null)).toEqual([false, true]);
  });

  test('says when the tables changed meanwhile', () => {
    expect(decodeAnswer(message({ flags: 0x10 }), [])).toEqual({ done: false, consistent: false });
  });

  test('throws the errno that the kernel answers with, and ends at the end', () => {
    const refusal = message({ type: 2 });
    new DataView(refusal.buffer).setInt32(16, -2, LITTLE);
    expect(() => decodeAnswer(refusal, [])).toThrow(new KernelError('ENOENT', 'list sockets by sock_diag'));
    const end = message({ type: 3 });
    new DataView(end.buffer).setInt32(16, 0, LITTLE);
    expect(decodeAnswer(end, [])).toEqual({ done: true, consistent: true });
  });

  test('gives sockets or a KernelError for any bytes, and ends', () => {
    const damaged = fc
      .tuple(fc.array(fc.tuple(fc.nat(150), fc.nat(255)), { maxLength: 8 }), fc.nat(200))
      .map(([changes, length]) => {
        const bytes = message({ attributes: [[2, new Uint8Array(60)]] });
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        return bytes.subarray(0, length);
      });
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 300 })), (bytes) => {
        expect(thrownBy(() => decodeAnswer(bytes, []))).toBeOneOf([null, expect.any(KernelError)]);
      }),
    );
  });
});

test('a socket that another list tells of is told of as the kernel would', () => {
  const sockets: DiagSocket[] = [];
  const ends: [number, number][] = [
    [8, 0x20010db8],
    [24, 0x7f000001],
  ];
  for (const family of [2, 10])
    decodeAnswer(
      message({
        family,
        fill: [...ends, [2, 0x0102], [52, 4711]],
        attributes: [[2, Uint8Array.of(0, 0, 3, 2, 0, 0, 0, 0)]],
      }),
      sockets,
    );
  expect(sockets).toMatchObject([
    { family: 4, timer: { kind: 'keepalive' } },
    { family: 6, info: { retransmits: 3 } },
  ]);
  for (const socket of [...sockets, ...sockets.map((each) => ({ ...each, timer: null, info: null, cookie: null }))])
    expect(diagSocketOf(messageOf(socket))).toEqual(socket);
});

test('IPv6 addresses are written as the WHATWG URL parser writes them', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 }), (groups) => {
      const view = new DataView(new ArrayBuffer(16));
      groups.forEach((group, index) => {
        view.setUint16(2 * index, group);
      });
      const written = formatIpv6(view, 0);
      if (!written.includes('.'))
        expect(`[${written}]`).toBe(
          new URL(`http://[${groups.map((group) => group.toString(16)).join(':')}]`).hostname,
        );
    }),
  );
});

describe.skipIf(!isLinux)('on this kernel (needs Linux)', () => {
  test('a connection is listed with the cookie that its descriptor has, and only in its state', async () => {
    const server = createServer().listen(0, '::1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const client = connect({ port, host: '::1' });
    await new Promise((resolve) => client.once('connect', resolve));
    const diag = await openSockDiag();
    try {
      const libc = await loadLibc();
      const fd = descriptorOf(client) ?? -1;
      const own = diag
        .list({ states: ['established'], withInfo: true })
        .sockets.filter(({ remotePort }) => remotePort === port);
      expect(own).toMatchObject([{ family: 6, remoteAddress: '::1', localPort: client.localPort, timer: null }]);
      expect(own[0]?.cookie).toBe(readCookie(libc, fd));
      expect(own[0]?.info?.lastDataReceivedMs).toBeLessThan(60_000);
      expect(
        diag.list({ states: ['syn-sent'], withInfo: true }).sockets.filter(({ remotePort }) => remotePort === port),
      ).toEqual([]);

      const holder = { pid: process.pid, fd };
      expect(
        withForeignSocket(libc, { ...holder, cookie: own[0]?.cookie ?? '' }, (duplicate) => duplicate !== fd),
      ).toBe(true);
      expect(withForeignSocket(libc, { ...holder, cookie: 'ffffffff' }, () => true)).toBeNull();
      expect(() => withForeignSocket(libc, { ...holder, fd: 1_000_000, cookie: '1' }, () => true)).toThrow(/EBADF/);
      expect(() => withForeignSocket(libc, { pid: 4_194_303, fd: 1, cookie: '1' }, () => true)).toThrow(/ESRCH/);
    } finally {
      diag.close();
      client.destroy();
      server.close();
    }
  });
});
