import fc from 'fast-check';
import { expect, test } from 'vitest';
import { liveSocketsJson } from '../../../src/renderers/json/live-sockets.ts';
import type { LiveSocket } from '../../../src/report/sockets.ts';
import { exactly, liveSocket } from '../../fixtures/live-socket.ts';

/** What a reader of the array gets, and the parts that it came in. */
function roundTrip(sockets: readonly LiveSocket[]): { read: unknown; parts: number } {
  const parts = [...liveSocketsJson(sockets, '  ')];
  return { read: JSON.parse(`[${Buffer.concat(parts).toString('latin1')}]`), parts: parts.length };
}

const someMs = fc.option(fc.oneof(fc.nat(), fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true })));
const anySocket: fc.Arbitrary<LiveSocket> = fc
  .record({
    inode: fc.nat({ max: 2 ** 40 }),
    uid: fc.nat({ max: 2 ** 32 - 1 }),
    cookie: fc.option(fc.stringMatching(/^[0-9a-f]{1,16}$/)),
    owners: fc.array(
      fc.record({
        pid: fc.nat(),
        command: fc.option(fc.string({ unit: 'binary' })),
        fd: fc.nat(),
        blockedIn: fc.option(fc.constantFrom('recvfrom', 'system call 4711')),
      }),
    ),
    keepalive: fc.oneof(
      fc.constant({ source: 'timer', enabled: false } as const),
      fc.nat().map((periodAtLeastMs) => ({ source: 'timer', enabled: true, periodAtLeastMs }) as const),
      fc.string({ unit: 'binary' }).map((reason) => ({ source: 'unmeasured', kind: 'unmeasured', reason }) as const),
      fc.record({ enabled: fc.boolean(), idleMs: fc.nat(), count: fc.nat() }).map(exactly),
    ),
    nextProbeMs: someMs,
    lastReceivedMs: someMs,
    receiveTimeoutMs: someMs,
    unacked: someMs,
    verified: fc.option(fc.string({ unit: 'binary' }).map((reason) => ({ kind: 'unmeasured', reason }) as const)),
    risk: fc.constantFrom('ok', 'late', null),
  })
  .map(liveSocket);

test('any sockets read back as they are, in ASCII', () => {
  fc.assert(
    fc.property(fc.array(anySocket), (sockets) => {
      expect(roundTrip(sockets).read).toStrictEqual(JSON.parse(JSON.stringify(sockets)));
      for (const part of liveSocketsJson(sockets, '')) expect(part.every((byte) => byte < 0x7f)).toBe(true);
    }),
  );
});

test('many come in parts, one with more holders than fit into a part too', () => {
  const many = Array.from({ length: 3000 }, (_, index) => liveSocket({ inode: index }));
  const { read, parts } = roundTrip(many);
  expect(read).toStrictEqual(many);
  expect(parts).toBeGreaterThan(1);
  const owners = Array.from({ length: 1000 }, (_, pid) => ({ pid, command: 'x', fd: 3, blockedIn: null }));
  const held = [liveSocket({ owners }), liveSocket()];
  expect(roundTrip(held).read).toStrictEqual(held);
});
