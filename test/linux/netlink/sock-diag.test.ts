import { connect, createServer } from 'node:net';
import { endianness } from 'node:os';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KernelError } from '../../../src/base/errors.ts';
import { addressBytes, formatIpv6 } from '../../../src/linux/addresses.ts';
import { readCookie, withForeignSocket } from '../../../src/linux/foreign-socket.ts';
import { copyOfSocket, type KernelSocket, readSockets } from '../../../src/linux/kernel-socket.ts';
import { loadLibc } from '../../../src/linux/libc.ts';
import { answerReader } from '../../../src/linux/netlink/diag-message.ts';
import { openSockDiag } from '../../../src/linux/netlink/sock-diag.ts';
import { descriptorOf } from '../../../src/linux/socket-options.ts';
import { StructView } from '../../../src/linux/struct-view.ts';
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

/** Reads one part of an answer and adds its sockets to those. */
const decodeAnswer = (bytes: Uint8Array, sockets: KernelSocket[]) =>
  answerReader(bytes)(bytes.length, (socket) => sockets.push(copyOfSocket(socket)));

describe('an answer', () => {
  test('reads TCP_INFO behind other attributes, as far as this kernel fills it', () => {
    const info = new Uint8Array(60);
    info[2] = 3;
    info[3] = 2;
    new DataView(info.buffer).setUint32(56, 4711, LITTLE);
    const sockets: KernelSocket[] = [];
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
    const sockets: KernelSocket[] = [];
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
    const sockets: KernelSocket[] = [];
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

test('a message is read as the struct says', () => {
  const sockets: KernelSocket[] = [];
  const fill: [number, number][] = [
    [2, 0x0102],
    [44, 0x1234],
    [48, 0x9],
    [52, 4711],
    [64, 1000],
  ];
  const ends = new Uint8Array([0x1f, 0x90, 0x00, 0x50, ...[10, 0, 0, 5], ...new Array(12).fill(0), ...[10, 0, 0, 9]]);
  const bytes = message({ fill: LITTLE ? fill : [] });
  bytes.set(ends, 16 + 4);
  decodeAnswer(bytes, sockets);
  expect(sockets).toEqual([
    {
      family: 4,
      state: 'established',
      localAddress: '10.0.0.5',
      localPort: 8080,
      remoteAddress: '10.0.0.9',
      remotePort: 80,
      timer: 'keepalive',
      expiresMs: 4711,
      uid: 1000,
      inode: 0,
      cookie: '900001234',
      info: null,
    },
  ]);
});

test.each(['192.0.2.1', '::1', '2001:db8::9', '::ffff:10.0.0.1', '1:2:3:4:5:6:7:8'])('%s is bytes and back', (text) => {
  const bytes = Uint8Array.from(addressBytes(text));
  expect(bytes.length === 4 ? bytes.join('.') : formatIpv6(new StructView(bytes), 0)).toBe(text);
});

test('IPv6 addresses are written as the WHATWG URL parser writes them', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 }), (groups) => {
      const view = new DataView(new ArrayBuffer(16));
      groups.forEach((group, index) => {
        view.setUint16(2 * index, group);
      });
      const written = formatIpv6(new StructView(new Uint8Array(view.buffer)), 0);
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
    const diag = openSockDiag(await loadLibc());
    try {
      const libc = await loadLibc();
      const fd = descriptorOf(client) ?? -1;
      const toPort = (state: 'established' | 'syn-sent') =>
        readSockets(diag, { states: [state], withInfo: true }).sockets.filter(({ remotePort }) => remotePort === port);
      const own = toPort('established');
      expect(own).toMatchObject([{ family: 6, remoteAddress: '::1', localPort: client.localPort, timer: null }]);
      expect(own[0]?.cookie).toBe(readCookie(libc, fd));
      expect(own[0]?.info?.lastDataReceivedMs).toBeLessThan(60_000);
      expect(toPort('syn-sent')).toEqual([]);

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
