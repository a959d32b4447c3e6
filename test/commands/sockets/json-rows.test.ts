import fc from 'fast-check';
import { expect, test } from 'vitest';
import { liveSocketsJson } from '../../../src/commands/sockets/json-rows.ts';
import type { LiveSocket } from '../../../src/sockets/live-socket.ts';
import { socketsOf } from '../../../src/sockets/socket-table.ts';
import { anyText } from '../../any-text.ts';
import { exactly, liveSocket } from '../../helpers/live-socket.ts';
import { socketRows } from '../../helpers/socket-rows.ts';

/** What a reader of the array gets, and the parts that it came in. */
function roundTrip(sockets: readonly LiveSocket[]): { read: unknown; parts: number } {
  const parts = Array.from(liveSocketsJson(socketRows(sockets), '  '), (part) => Buffer.from(part));
  return { read: JSON.parse(`[${Buffer.concat(parts).toString('latin1')}]`), parts: parts.length };
}

const someMs = fc.option(fc.nat({ max: 2 ** 32 - 2 }));
const someByte = fc.option(fc.nat({ max: 255 }));
const anySocket: fc.Arbitrary<LiveSocket> = fc
  .record({
    local: fc.constantFrom('10.0.0.5:1', '255.255.255.255:65535', '127.0.0.1:443'),
    state: fc.constantFrom('established', 'listen', 'time-wait'),
    recognised: fc.constantFrom(null, 'Node.js (libuv)'),
    inode: fc.nat({ max: 2 ** 32 - 1 }),
    uid: fc.nat({ max: 2 ** 32 - 1 }),
    cookie: fc.option(fc.stringMatching(/^[1-9a-f][0-9a-f]{0,15}$/)),
    owners: fc.array(
      fc.record({
        pid: fc.nat(),
        command: fc.option(anyText()),
        fd: fc.nat({ max: 2 ** 31 - 1 }),
        blockedIn: fc.option(fc.constantFrom('recvfrom', 'system call 4711')),
      }),
    ),
    keepalive: fc.oneof(
      fc.constant({ source: 'timer', enabled: false } as const),
      fc.nat().map((periodAtLeastMs) => ({ source: 'timer', enabled: true, periodAtLeastMs }) as const),
      anyText().map((reason) => ({ source: 'unmeasured', kind: 'unmeasured', reason }) as const),
      fc.record({ enabled: fc.boolean(), idleMs: fc.nat(), count: fc.nat({ max: 255 }) }).map(exactly),
    ),
    nextProbeMs: someMs,
    lastReceivedMs: someMs,
    receiveTimeoutMs: someMs,
    unacked: someMs,
    retransmits: someByte,
    unansweredProbes: someByte,
    verified: fc.option(anyText().map((reason) => ({ kind: 'unmeasured', reason }) as const)),
    risk: fc.constantFrom('ok', 'late', null),
  })
  .map(liveSocket);

/** As long as a process has its number it has one name, as the kernel tells it. */
function withOneNameAProcess(sockets: readonly LiveSocket[]): LiveSocket[] {
  return sockets.map((socket, place) => ({
    ...socket,
    owners: socket.owners.map((owner, nth) => ({ ...owner, pid: 1000 * place + nth })),
  }));
}

test('any sockets read back as they are, in ASCII', () => {
  fc.assert(
    fc.property(fc.array(anySocket).map(withOneNameAProcess), (sockets) => {
      expect(roundTrip(sockets).read).toStrictEqual(JSON.parse(JSON.stringify(sockets)));
      expect(socketsOf(socketRows(sockets))).toStrictEqual(sockets);
      for (const part of liveSocketsJson(socketRows(sockets), '')) expect(part.every((byte) => byte < 0x7f)).toBe(true);
    }),
  );
});

test('many come in parts, one with more holders than fit into a part too', () => {
  const many = Array.from({ length: 3000 }, (_, index) => liveSocket({ inode: index }));
  const { read, parts } = roundTrip(many);
  expect(read).toStrictEqual(many);
  expect(parts).toBeGreaterThan(1);
  const owners = Array.from({ length: 1000 }, (_, pid) => ({ pid, command: 'x', fd: 3, blockedIn: null }));
  const held = [liveSocket({ owners }), liveSocket(), liveSocket({ owners: [] }), liveSocket(V6)];
  expect(roundTrip(held).read).toStrictEqual(held);
});

const V6 = { family: 6, local: '[2001:db8::1]:5432', remote: '[::ffff:192.0.2.1]:1' } as const;
