import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { probePeriodMs } from '../../src/keepalive/keepalive.ts';
import { type Libc, loadLibc } from '../../src/linux/libc.ts';
import { descriptorOf, writeKeepalive } from '../../src/linux/socket-options.ts';
import { readTcpInfo } from '../../src/linux/tcp-info.ts';

/** Long enough for four probes of the slowest pair below. */
const WATCH_MS = 13_000;

describe.skipIf(process.platform !== 'linux').concurrent('the kernel sends answered probes (asks for Linux)', () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket.resume()));
  let libc: Libc;
  beforeAll(async () => {
    libc = await loadLibc();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  /** When probes left, in ms since keepalive was switched on; the peer on loopback answers each. */
  async function watchProbes(idleMs: number, intervalMs: number): Promise<number[]> {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const socket = connect(address.port, address.address);
    sockets.push(socket);
    await new Promise((resolve) => socket.once('connect', resolve));
    const fd = descriptorOf(socket);
    if (fd === null) throw new Error('no descriptor');
    writeKeepalive(libc, fd, { enabled: true, idleMs, intervalMs, count: 9, userTimeoutMs: 0 });
    const startedAtMs = performance.now();
    const sentAtMs: number[] = [];
    let sent = readTcpInfo(libc, fd).segmentsOut;
    while (performance.now() < startedAtMs + WATCH_MS) {
      await sleep(10);
      const { segmentsOut, lastAckReceivedMs } = readTcpInfo(libc, fd);
      // On loopback a probe is answered as it leaves: the kernel knows when, however late this looks.
      if (segmentsOut !== sent) sentAtMs.push(performance.now() - startedAtMs - (lastAckReceivedMs ?? 0));
      sent = segmentsOut;
    }
    return sentAtMs;
  }

  it.for([
    { idleMs: 1000, intervalMs: 4000 },
    { idleMs: 2000, intervalMs: 3000 },
    { idleMs: 4000, intervalMs: 1000 },
    { idleMs: 2000, intervalMs: 2000 },
  ])(
    'the longer of idle time and interval apart: idle $idleMs ms, interval $intervalMs ms',
    async ({ idleMs, intervalMs }, { expect }) => {
      const sentAtMs = await watchProbes(idleMs, intervalMs);
      const periodMs = probePeriodMs({ idleMs, intervalMs });
      const [first = 0, ...later] = sentAtMs;
      // The kernel's timers fire late, by an eighth of their length at the most, never early; a busy machine looks later still.
      const late = (ms: number): number => ms * 1.125 + 400;
      expect(first).toBeGreaterThan(idleMs - 50);
      expect(first).toBeLessThan(late(idleMs));
      expect(later.length).toBeGreaterThanOrEqual(2);
      for (const [index, at] of later.entries()) {
        const apart = at - (sentAtMs[index] ?? 0);
        expect(apart).toBeGreaterThan(periodMs - 400);
        expect(apart).toBeLessThan(late(periodMs));
      }
    },
  );
});
