import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { interleaveFamilies, kindOfFailure } from '../../src/connections/connect.ts';
import type { ConnectKind } from '../../src/connections/observation.ts';

describe('the order of addresses (RFC 8305, section 4)', () => {
  test.each<[addresses: string[], order: string[]]>([
    [[], []],
    [['10.0.0.1'], ['10.0.0.1']],
    [
      ['::1', '::2', '10.0.0.1', '10.0.0.2'],
      ['::1', '10.0.0.1', '::2', '10.0.0.2'],
    ],
    [
      ['10.0.0.1', '::1', '::2', '::3'],
      ['10.0.0.1', '::1', '::2', '::3'],
    ],
    [
      ['::1', '::2', '::3', '10.0.0.1'],
      ['::1', '10.0.0.1', '::2', '::3'],
    ],
    [
      ['10.0.0.1', '10.0.0.2', '10.0.0.3'],
      ['10.0.0.1', '10.0.0.2', '10.0.0.3'],
    ],
    [
      ['fe80::1%eth0', '10.0.0.1'],
      ['fe80::1%eth0', '10.0.0.1'],
    ],
  ])('of %j is %j', (addresses, order) => {
    expect(interleaveFamilies(addresses)).toEqual(order);
  });

  test('begins with the first choice, keeps the order within a family, and loses nothing', () => {
    const address = fc.oneof(fc.ipV4(), fc.ipV6());
    fc.assert(
      fc.property(fc.array(address, { maxLength: 12 }), (addresses) => {
        const order = interleaveFamilies(addresses);
        const isV6 = (text: string): boolean => text.includes(':');
        expect(order[0]).toBe(addresses[0]);
        expect(order.filter(isV6)).toEqual(addresses.filter(isV6));
        expect(order.filter((text) => !isV6(text))).toEqual(addresses.filter((text) => !isV6(text)));
      }),
    );
  });

  test('takes turns until one family is used up', () => {
    fc.assert(
      fc.property(fc.nat(6), fc.nat(6), (v6Count, v4Count) => {
        const v6 = Array.from({ length: v6Count }, (_, index) => `::${index + 1}`);
        const v4 = Array.from({ length: v4Count }, (_, index) => `10.0.0.${index + 1}`);
        const families = interleaveFamilies([...v6, ...v4]).map((text) => (text.includes(':') ? 6 : 4));
        const both = families.slice(0, 2 * Math.min(v6Count, v4Count));
        expect(both).toEqual(both.map((_, index) => (index % 2 === 0 ? 6 : 4)));
      }),
    );
  });
});

test.each<[errno: string, kind: ConnectKind]>([
  ['ECONNREFUSED', 'refused'],
  ['ECONNRESET', 'refused'],
  ['ETIMEDOUT', 'timed-out'],
  ['EHOSTUNREACH', 'unreachable'],
  ['ENETUNREACH', 'unreachable'],
  ['EPERM', 'unreachable'],
  ['EACCES', 'unreachable'],
  ['EADDRNOTAVAIL', 'unreachable'],
  ['EINVAL', 'unreachable'],
  ['EMFILE', 'unmeasured'],
  ['ENFILE', 'unmeasured'],
  ['ENOBUFS', 'unmeasured'],
  ['ENOMEM', 'unmeasured'],
  ['EAGAIN', 'unmeasured'],
])('%s of connect(2) means %s', (errno, kind) => {
  expect(kindOfFailure(errno)).toBe(kind);
});
