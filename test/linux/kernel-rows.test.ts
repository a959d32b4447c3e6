import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TCP_STATES, TCP_TIMERS } from '../../src/base/tcp-state.ts';
import { KernelRow, KernelTable } from '../../src/linux/kernel-rows.ts';
import type { ListedSocket } from '../../src/linux/kernel-socket.ts';

const someMs = fc.option(fc.nat({ max: 2 ** 32 - 2 }));
const someByte = fc.nat({ max: 255 });
const anySocket: fc.Arbitrary<ListedSocket> = fc.record({
  family: fc.constantFrom(4, 6),
  state: fc.constantFrom(...TCP_STATES),
  // In no order, as when the reader skips some.
  localHost: fc.nat(20),
  remoteHost: fc.nat(20),
  localAddress: fc.constant(''),
  remoteAddress: fc.constant(''),
  localPort: fc.nat(65_535),
  remotePort: fc.nat(65_535),
  timer: fc.constantFrom(...TCP_TIMERS),
  expiresMs: fc.nat(),
  uid: fc.nat({ max: 2 ** 32 - 1 }),
  inode: fc.nat({ max: 2 ** 32 - 1 }),
  cookie: fc.constant(null),
  cookieLow: fc.nat({ max: 2 ** 32 - 1 }),
  cookieHigh: fc.nat({ max: 2 ** 32 - 1 }),
  info: fc.option(
    fc.record({
      state: fc.constant('established' as const),
      retransmits: someByte,
      unansweredProbes: someByte,
      unackedSegments: someMs,
      lastDataSentMs: someMs,
      lastDataReceivedMs: someMs,
      lastAckReceivedMs: someMs,
      rttMs: fc.constant(null),
      segmentsOut: fc.constant(null),
      segmentsIn: fc.constant(null),
      bytesReceived: fc.constant(null),
      notSentBytes: fc.constant(null),
      dataSegmentsIn: fc.constant(null),
    }),
  ),
});

test('a row gives back what it was made of, whatever cells stand behind it and in whatever order hosts are numbered', () => {
  fc.assert(
    fc.property(fc.array(anySocket), fc.nat(5), (sockets, moreCells) => {
      const table = new KernelTable(moreCells);
      for (const socket of sockets) {
        table.add({
          ...socket,
          localAddress: `10.0.0.${socket.localHost}`,
          remoteAddress: `2001:db8::${socket.remoteHost}`,
          remoteHost: 100 + socket.remoteHost,
        });
      }
      const row = new KernelRow(table);
      for (const [index, { info, ...socket }] of sockets.entries()) {
        row.moveTo(index);
        expect(row.row).toBe(index);
        expect(row).toMatchObject({
          family: socket.family,
          state: socket.state,
          localHost: `10.0.0.${socket.localHost}:`,
          localPort: socket.localPort,
          remoteHost: `[2001:db8::${socket.remoteHost}]:`,
          remotePort: socket.remotePort,
          timer: socket.timer,
          expiresMs: socket.expiresMs,
          uid: socket.uid,
          inode: socket.inode,
          cookieLow: socket.cookieLow,
          cookieHigh: socket.cookieHigh,
          lastReceivedMs: info?.lastDataReceivedMs ?? null,
          lastSentMs: info?.lastDataSentMs ?? null,
          lastAcknowledgedMs: info?.lastAckReceivedMs ?? null,
          unacked: info?.unackedSegments ?? null,
          retransmits: info?.retransmits ?? null,
          unansweredProbes: info?.unansweredProbes ?? null,
        });
      }
    }),
  );
});

test('more rows than there is room for at first keep what they have', () => {
  const table = new KernelTable();
  const [socket] = fc.sample(anySocket, 1);
  if (socket === undefined) throw new Error('fast-check makes one');
  const count = 2 ** 15 + 3;
  for (let inode = 1; inode <= count; inode += 1) table.add({ ...socket, inode });
  table.dropLast();
  expect(table.rows).toBe(count - 1);
  expect(new KernelRow(table).moveTo(0).inode).toBe(1);
  expect(new KernelRow(table).moveTo(count - 2).inode).toBe(count - 1);
});
