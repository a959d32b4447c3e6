import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keepaliveFromTimer, nextProbeMs } from '../../src/sockets/keepalive-from-timer.ts';
import type { LiveSocket } from '../../src/sockets/live-socket.ts';
import { recognisedKeepalive } from '../../src/sockets/recognise-runtime.ts';
import { liveSocketsJson } from '../../src/sockets/rows-json.ts';
import { socketsOf } from '../../src/sockets/socket-table.ts';
import { anyText } from '../any-text.ts';
import { liveSocket } from '../helpers/live-socket.ts';
import { socketRows } from '../helpers/socket-rows.ts';

/** What a reader of the array gets, and the parts that it came in. */
function roundTrip(sockets: readonly LiveSocket[]): { read: unknown; parts: number } {
  const parts = Array.from(liveSocketsJson(socketRows(sockets), '  '), (part) => Buffer.from(part));
  return { read: JSON.parse(`[${Buffer.concat(parts).toString('latin1')}]`), parts: parts.length };
}

const someMs = fc.option(fc.nat({ max: 2 ** 32 - 2 }));
const someByte = fc.nat({ max: 255 });
const UNKNOWN = { lastReceivedMs: null, lastSentMs: null, lastAcknowledgedMs: null, unacked: null, retransmits: null };
/** What the kernel lists and the socket itself says; the rest follows from it. */
const anySocket: fc.Arbitrary<LiveSocket> = fc
  .record({
    socket: fc.record({
      local: fc.constantFrom('10.0.0.5:1', '255.255.255.255:65535', '127.0.0.1:443'),
      state: fc.constantFrom('established', 'close-wait', 'listen', 'time-wait'),
      inode: fc.nat({ max: 2 ** 32 - 1 }),
      uid: fc.nat({ max: 2 ** 32 - 1 }),
      cookie: fc.option(fc.stringMatching(/^[1-9a-f][0-9a-f]{0,14}$/)),
      owners: fc.array(
        fc.record({
          pid: fc.nat(),
          command: fc.option(anyText()),
          fd: fc.nat({ max: 2 ** 31 - 1 }),
          blockedIn: fc.option(fc.constantFrom('recvfrom', 'system call 4711')),
        }),
      ),
      receiveTimeoutMs: someMs,
      verified: fc.option(anyText().map((reason) => ({ kind: 'unmeasured', reason }) as const)),
      risk: fc.constantFrom('ok', 'late', null),
    }),
    info: fc.option(
      fc.record({
        lastReceivedMs: someMs,
        lastSentMs: someMs,
        lastAcknowledgedMs: someMs,
        unacked: someMs,
        retransmits: someByte,
        unansweredProbes: someByte,
      }),
    ),
    timer: fc.constantFrom(null, 'retransmit', 'keepalive'),
    expiresMs: fc.nat(),
    options: fc.option(
      fc.record({
        enabled: fc.boolean(),
        idleMs: fc.oneof(fc.nat(), fc.constant(15_000)),
        intervalMs: fc.oneof(fc.nat(), fc.constantFrom(1000, 15_000)),
        count: fc.constantFrom(1, 9, 10, 127),
        userTimeoutMs: fc.nat(),
      }),
    ),
  })
  .map(({ socket, info, timer, expiresMs, options }) => {
    const told = info ?? { ...UNKNOWN, unansweredProbes: null };
    const byTimer = keepaliveFromTimer(socket.state, timer, expiresMs);
    const earliestMs = byTimer.source === 'timer' && byTimer.enabled ? byTimer.periodAtLeastMs : null;
    return liveSocket({
      ...socket,
      ...told,
      keepalive: options === null ? byTimer : { source: 'getsockopt', ...options },
      recognised: options === null ? null : recognisedKeepalive(options),
      nextProbeMs: options === null || earliestMs === null ? earliestMs : nextProbeMs(options, earliestMs, told),
    });
  });

/** As long as a process has its number it has one name, as the kernel tells it. */
function withOneNameAProcess(sockets: readonly LiveSocket[]): LiveSocket[] {
  return sockets.map((socket, place) => ({
    ...socket,
    owners: socket.owners.map((owner, nth) => ({ ...owner, pid: 1000 * place + nth + 1 })),
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
  const owners = Array.from({ length: 1000 }, (_, pid) => ({ pid: pid + 1, command: 'x', fd: 3, blockedIn: null }));
  const held = [liveSocket({ owners }), liveSocket(), liveSocket({ owners: [] }), liveSocket(V6)];
  expect(roundTrip(held).read).toStrictEqual(held);
});

const V6 = { family: 6, local: '[2001:db8::1]:5432', remote: '[::ffff:192.0.2.1]:1' } as const;
