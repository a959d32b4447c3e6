import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { startDeadline } from '../../src/base/deadline.ts';
import { connectAny } from '../../src/connections/connect.ts';
import { probeKeepalive } from '../../src/connections/keepalive-probe.ts';
import { awaitEnd, endOfStream, watchConnection } from '../../src/connections/watch-end.ts';
import { loadLibc } from '../../src/linux/libc.ts';
import { descriptorOf } from '../../src/linux/socket-options.ts';

const { signal } = new AbortController();
const SHUT_WR = 1;

/** As a busy machine or SIGSTOP would: nothing of this program runs, and the kernel goes on. */
function holdUp(ms: number): void {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
}

const opened: (Server | Socket)[] = [];
afterEach(() => {
  for (const each of opened.splice(0)) {
    if ('destroy' in each) each.destroy();
    else each.close();
  }
});

async function listen(): Promise<{ server: Server; port: number }> {
  const server = createServer({ allowHalfOpen: true }, (socket) => opened.push(socket));
  opened.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { server, port: address.port };
}

/** Both ends of a connection, and what makes the far one send its FIN at once. */
async function connect() {
  const { server, port } = await listen();
  const accepted = once(server, 'connection');
  const { socket } = await connectAny(['127.0.0.1'], port, { timeoutMs: 60_000, signal });
  const [far]: Socket[] = await accepted;
  const libc = await loadLibc();
  const fd = far === undefined ? null : descriptorOf(far);
  if (socket === null || far === undefined || fd === null) throw new Error('not connected');
  opened.push(socket);
  return { socket, far, libc, sendFin: () => libc.shutdown(fd, SHUT_WR) };
}

test('a connection that was made in time is one, though this program was held up past the deadline', async () => {
  const { port } = await listen();
  const connecting = connectAny(['127.0.0.1'], port, { timeoutMs: 50, signal });
  holdUp(200);
  const { kind, socket } = await connecting;
  socket?.destroy();
  expect(kind).toBe('connected');
});

test('a deadline gives as long again as it was late, once', async () => {
  const startedAtMs = performance.now();
  const expired = new Promise<number>((resolve) => startDeadline(100, () => resolve(performance.now())));
  holdUp(180);
  expect((await expired) - startedAtMs).toBeGreaterThan(180 + 80 - 2);
});

test('a deadline that is called off does not come, late as it may be', async () => {
  const came = vi.fn();
  const callsOff = [10, 10].map((ms) => startDeadline(ms, came));
  callsOff[0]?.();
  holdUp(100);
  await sleep(1); // the second is late already, and has begun to wait again
  callsOff[1]?.();
  await sleep(150);
  expect(came).not.toHaveBeenCalled();
});

test('a FIN that is read late is dated by when it came', async () => {
  const { socket, libc, sendFin } = await connect();
  const openedAtMs = performance.now();
  const watch = watchConnection(socket, openedAtMs, { endInKernel: () => endOfStream(socket, libc) });
  sendFin();
  const cameByMs = performance.now() - openedAtMs;
  holdUp(300);
  const ended = await awaitEnd(watch, signal);
  expect(ended?.kind).toBe('closed');
  expect(ended?.afterMs).toBeLessThan(cameByMs + 100);
});

test('a RST that is read together with data is a RST', async () => {
  const { socket, far, libc } = await connect();
  const watch = watchConnection(socket, performance.now(), { endInKernel: () => endOfStream(socket, libc) });
  await new Promise((resolve) => setImmediate(resolve)); // it is being read from now on
  far.write('farewell');
  far.resetAndDestroy();
  holdUp(50);
  expect((await awaitEnd(watch, signal))?.kind).toBe('reset');
});

test('why a connection cannot be probed is known, however late the event of its end comes', async () => {
  const { socket, libc, sendFin } = await connect();
  const watch = watchConnection(socket, performance.now());
  sendFin();
  const probing = probeKeepalive(socket, watch, libc, { probeCount: 1, signal });
  holdUp(100);
  expect(await probing).toMatchObject({ kind: 'unmeasured', reason: expect.stringContaining('closed by the peer') });
});
