import { endianness } from 'node:os';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatSocketAddress } from '../../src/linux/tcp-socket.ts';

/** A struct sockaddr_storage: the family in this machine's byte order, the port and the address in the network's. */
function sockaddr(family: 2 | 10, port: number, address: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(128);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, family, endianness() === 'LE');
  view.setUint16(2, port);
  bytes.set(address, family === 2 ? 4 : 8);
  return bytes;
}

test.each([
  [sockaddr(2, 5432, [192, 0, 2, 1]), '192.0.2.1:5432'],
  [sockaddr(10, 443, [0x20, 1, 0xd, 0xb8, ...new Array<number>(11).fill(0), 1]), '[2001:db8::1]:443'],
  [sockaddr(10, 80, [...new Array<number>(10).fill(0), 255, 255, 127, 0, 0, 1]), '[::ffff:127.0.0.1]:80'],
])('%j is written %s', (bytes, text) => {
  expect(formatSocketAddress(bytes)).toBe(text);
});

test('any 128 bytes make a text that ends in a port', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 128, maxLength: 128 }), (bytes) => {
      expect(formatSocketAddress(bytes)).toMatch(/^(\d+\.\d+\.\d+\.\d+|\[[0-9a-f:.]+\]):\d+$/);
    }),
  );
});
