import { endianness } from 'node:os';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeIcmpError, toSockaddr } from '../../src/linux/ttl.ts';

const little = endianness() === 'LE';

interface Error4 {
  level?: number;
  type?: number;
  origin?: number;
  icmpType?: number;
  family?: number;
  sender?: readonly number[];
  wordBytes?: 4 | 8;
}

/** A control message as ip_recv_error() and ipv6_recv_error() write it; every byte that is not named is 0xee. */
function message({
  level = 0,
  type = 11,
  origin = 2,
  icmpType = 11,
  family = 2,
  sender = [10, 9, 2, 2],
  wordBytes = 8,
}: Error4): Uint8Array {
  const v6 = family === 10;
  const headerBytes = wordBytes + 8;
  const bytes = new Uint8Array(headerBytes + 16 + (v6 ? 28 : 16)).fill(0xee);
  const view = new DataView(bytes.buffer);
  if (wordBytes === 8) view.setBigUint64(0, BigInt(bytes.length), little);
  else view.setUint32(0, bytes.length, little);
  view.setInt32(wordBytes, level, little);
  view.setInt32(wordBytes + 4, type, little);
  bytes[headerBytes + 4] = origin;
  bytes[headerBytes + 5] = icmpType;
  view.setUint16(headerBytes + 16, family, little);
  bytes.set(sender, headerBytes + 16 + (v6 ? 8 : 4));
  return bytes;
}

const SENDER6 = [0xfd, 0, 0, 9, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2];
const error6 = { level: 41, type: 25, origin: 3, icmpType: 3, family: 10, sender: SENDER6 };

describe('decodeIcmpError', () => {
  test.each([
    ['a used-up TTL', {}, { kind: 'time-exceeded', address: '10.9.2.2' }],
    ['a rejection', { icmpType: 3 }, { kind: 'unreachable', address: '10.9.2.2' }],
    ['a used-up hop limit', error6, { kind: 'time-exceeded', address: 'fd00:9:2::2' }],
    ['a rejection over IPv6', { ...error6, icmpType: 1 }, { kind: 'unreachable', address: 'fd00:9:2::2' }],
    ['a used-up TTL on 32 bits', { wordBytes: 4 }, { kind: 'time-exceeded', address: '10.9.2.2' }],
    ['an error of this host (SO_EE_ORIGIN_LOCAL)', { origin: 1 }, null],
    ['a time stamp (SO_EE_ORIGIN_TIMESTAMPING)', { origin: 4 }, null],
    ['a redirect', { icmpType: 5 }, null],
    ['another control message (IP_PKTINFO)', { type: 8 }, null],
    ['an error without a sender (AF_UNSPEC)', { family: 0 }, null],
    ['ICMP from a sender of the other family', { family: 10, sender: SENDER6 }, null],
  ] as const)('reads %s', (_, given, expected) => {
    const { wordBytes = 8 } = { wordBytes: undefined, ...given };
    expect(decodeIcmpError(message(given), wordBytes)).toEqual(expected);
  });

  // Linux 6.18 x86-64, recvmsg(MSG_ERRQUEUE) on a socket in SYN-SENT whose SYN had a TTL of 2.
  test.skipIf(!little).each([
    [
      '3000000000000000000000000b00000071000000020b00000000000000000000020000000a0902020000000000000000',
      { kind: 'time-exceeded', address: '10.9.2.2' },
    ],
    [
      '3c0000000000000029000000190000007100000003030000000000000000' +
        '00000a00000000000000fd0000090002000000000000000000020000000000000000',
      { kind: 'time-exceeded', address: 'fd00:9:2::2' },
    ],
  ])('reads what a kernel wrote: %s', (hex, expected) => {
    expect(decodeIcmpError(Buffer.from(hex, 'hex'), 8)).toEqual(expected);
  });

  test('finds the error behind another control message, which is padded to a word', () => {
    const other = message({ type: 8 }).subarray(0, 17 + 2);
    new DataView(other.buffer).setBigUint64(0, 19n, little);
    const padded = new Uint8Array(24);
    padded.set(other);
    const both = Buffer.concat([padded, message({})]);
    expect(decodeIcmpError(both, 8)).toEqual({ kind: 'time-exceeded', address: '10.9.2.2' });
  });

  test('makes nothing of a message that was cut short, at whatever byte', () => {
    for (const whole of [message({}), message(error6)]) {
      for (let size = 0; size < whole.length; size += 1) expect(decodeIcmpError(whole.subarray(0, size), 8)).toBeNull();
    }
  });

  test('makes of any bytes an error with an address, or null', () => {
    const damaged = fc
      .tuple(
        fc.constantFrom(message({}), message(error6)),
        fc.array(fc.tuple(fc.nat(59), fc.nat(255)), { maxLength: 4 }),
      )
      .map(([whole, changes]) => {
        const bytes = whole.slice();
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), damaged), fc.constantFrom(4, 8), (bytes, wordBytes) => {
        const decoded = decodeIcmpError(bytes, wordBytes);
        if (decoded === null) return;
        expect(['time-exceeded', 'unreachable']).toContain(decoded.kind);
        expect(decoded.address).toMatch(/^(\d{1,3}(\.\d{1,3}){3}|[0-9a-f:.]{2,45})$/);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('toSockaddr', () => {
  test('writes an IPv4 address: family in the order of the machine, port and address in that of the network', () => {
    const bytes = toSockaddr('10.9.4.2', 0x1b58);
    expect(new Uint16Array(bytes.slice(0, 2).buffer)[0]).toBe(2);
    expect([...bytes.subarray(2)]).toEqual([0x1b, 0x58, 10, 9, 4, 2, ...Array(8).fill(0)]);
  });

  test.each([
    ['fd00:9:4::2', [0xfd, 0, 0, 9, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]],
    ['::', Array(16).fill(0)],
    ['::1', [...Array(15).fill(0), 1]],
    ['fe80::', [0xfe, 0x80, ...Array(14).fill(0)]],
    ['fe80::1%eth0', [0xfe, 0x80, ...Array(13).fill(0), 1]],
    ['64:ff9b::192.0.2.33', [0, 0x64, 0xff, 0x9b, ...Array(8).fill(0), 192, 0, 2, 33]],
    ['1:2:3:4:5:6:7:8', [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8]],
  ])('writes the IPv6 address %s', (address, expected) => {
    const bytes = toSockaddr(address, 443);
    expect(bytes).toHaveLength(28);
    expect(new Uint16Array(bytes.slice(0, 2).buffer)[0]).toBe(10);
    expect([...bytes.subarray(2, 8)]).toEqual([1, 187, 0, 0, 0, 0]);
    expect([...bytes.subarray(8, 24)]).toEqual(expected);
  });

  test('writes any address so that it is read back the same', () => {
    const addresses = fc.oneof(fc.ipV4(), fc.ipV6());
    fc.assert(
      fc.property(addresses, (address) => {
        const bytes = toSockaddr(address, 1);
        const sender = [...(bytes.length === 16 ? bytes.subarray(4, 8) : bytes.subarray(8, 24))];
        const told =
          decodeIcmpError(message(bytes.length === 16 ? { sender } : { ...error6, sender }), 8)?.address ?? '';
        expect([...toSockaddr(told, 1)]).toEqual([...bytes]);
      }),
    );
  });
});
