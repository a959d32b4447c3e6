import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { endpoint, hostOf, isWithin, parseNetwork, portOf } from '../../src/base/endpoint.ts';

test('an endpoint gives back the address and the port that it was made of', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat(65_535), (address, port) => {
      const text = endpoint(address, port);
      expect([hostOf(text), portOf(text)]).toEqual([address, port]);
    }),
  );
  expect(endpoint('::1', 443)).toBe('[::1]:443');
  expect(endpoint('192.0.2.1', 0)).toBe('192.0.2.1:0');
});

describe('parseNetwork', () => {
  test.each([
    '',
    ':',
    '::1::',
    '1.2.3',
    '1.2.3.256',
    '1.2.3.4/33',
    '::/129',
    '10.0.0.0/',
    'g::',
    '1:2:3:4:5:6:7:8:9',
    '12345::',
  ])('takes no %j', (text) => {
    expect(parseNetwork(text)).toBeNull();
  });

  const numberOf = (groups: readonly number[], bits: number): bigint =>
    groups.reduce((sum, group) => (sum << BigInt(bits)) | BigInt(group), 0n);
  const four = fc.array(fc.nat(255), { minLength: 4, maxLength: 4 });
  const six = fc.array(fc.nat(65_535), { minLength: 8, maxLength: 8 });
  const hex = (groups: readonly number[]): string => groups.map((group) => group.toString(16)).join(':');

  test('holds the addresses whose first bits are its own', () => {
    const near = (groups: readonly number[], at: number, bit: number): number[] =>
      groups.map((group, index) => (index === at % groups.length ? group ^ (1 << bit) : group));
    fc.assert(
      fc.property(four, six, fc.nat(128), fc.nat(7), fc.nat(7), (dotted, groups, bits, at, bit) => {
        const shortBits = bits % 33;
        const otherFour = near(dotted, at, bit);
        const fourIsIn = (numberOf(dotted, 8) ^ numberOf(otherFour, 8)) >> BigInt(32 - shortBits) === 0n;
        const network = parseNetwork(`${dotted.join('.')}/${shortBits}`);
        expect(network !== null && isWithin(network, otherFour.join('.'))).toBe(fourIsIn);
        const otherSix = near(groups, at, bit);
        const sixIsIn = (numberOf(groups, 16) ^ numberOf(otherSix, 16)) >> BigInt(128 - bits) === 0n;
        const networkOfSix = parseNetwork(`${hex(groups)}/${bits}`);
        expect(networkOfSix !== null && isWithin(networkOfSix, hex(otherSix))).toBe(sixIsIn);
      }),
    );
  });

  test('never throws', () => {
    const texts = fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-f:./]{0,50}$/));
    fc.assert(
      fc.property(texts, (text) => {
        expect(() => parseNetwork(text)).not.toThrow();
      }),
    );
  });
});
