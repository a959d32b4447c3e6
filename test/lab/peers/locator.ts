// Makes a connection, leaves it idle, makes sure that it is stalled, looks for the hop that drops it, and tells what came of it in one
// JSON line. Arguments: address, port, idle time in ms, after how many ms to abort the search (0: never), then perhaps
// `pending` to have data unacknowledged meanwhile, which keeps the kernel from sending probes, or `locked` to keep the lock that
// probes need.

import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { isIPv6, Socket } from 'node:net';
import { setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { probeKeepalive } from '../../../src/connections/keepalive-probe.ts';
import { locateDropper } from '../../../src/connections/locate/locate.ts';
import type { Dropper } from '../../../src/connections/observation.ts';
import { type Watch, watchConnection } from '../../../src/connections/watch-end.ts';
import { loadLibc } from '../../../src/linux/libc.ts';
import { lockNamespace } from '../../../src/linux/namespace-lock.ts';
import { descriptorOf } from '../../../src/linux/socket-options.ts';

/** What the locator tells. */
export interface Located {
  dropper: Dropper | null;
  /** Why there is none. */
  error: string | null;
  /** Whether probes went unanswered before the search. */
  stalled: boolean;
  durationMs: number;
  descriptorsLeft: number;
  /** Whether TTL, TCP_NODELAY and TCP_USER_TIMEOUT are as before. */
  restored: boolean;
  uid: number | undefined;
}

const PROBES = 4;

/** Connects and is echoed; again when loss keeps the firewall from ever seeing an established connection. */
async function connect(host: string, port: number): Promise<{ socket: Socket; watch: Watch }> {
  for (let attempt = 1; ; attempt += 1) {
    const socket = new Socket({ allowHalfOpen: true });
    const watch = watchConnection(socket, performance.now());
    socket.connect({ host, port });
    socket.write('hello');
    try {
      await once(socket, 'data', { signal: AbortSignal.timeout(6000) }); // with data unacknowledged the kernel sends no probes
      return { socket, watch };
    } catch (error) {
      socket.resetAndDestroy();
      if (attempt === 5) throw error;
    }
  }
}

async function locate(): Promise<void> {
  const [address = '', port, idleMs, abortAfterMs, obstacle] = process.argv.slice(2);
  const signal = AbortSignal.timeout(100_000);
  const libc = await loadLibc();
  const { socket, watch } = await connect(address, Number(port));
  await sleep(Number(idleMs));
  const answer = await probeKeepalive(socket, watch, libc, { probeCount: PROBES, signal });
  if (obstacle === 'pending') socket.write('unheard');
  if (obstacle === 'locked') await lockNamespace('sweep', { signal, untilMs: performance.now() + 60_000 });
  const stateOf = (fd: number) =>
    [...(isIPv6(address) ? [[41, 16] as const] : [[0, 2] as const]), [6, 1] as const, [6, 18] as const].map(
      ([level, option]) => [...libc.getsockopt(fd, level, option, 4)],
    );
  const descriptors = () => readdirSync('/proc/self/fd').length;
  const before = { descriptors: descriptors(), state: stateOf(descriptorOf(socket) ?? -1) };
  const startedAtMs = performance.now();
  const abort = Number(abortAfterMs) > 0 ? AbortSignal.timeout(Number(abortAfterMs)) : signal;
  let dropper: Dropper | null = null;
  let error: string | null = null;
  try {
    const target = { address, port: Number(port) };
    dropper = await locateDropper({ fd: () => descriptorOf(socket) }, target, libc, { signal: abort });
  } catch (reason) {
    error = reason instanceof Error ? reason.name : String(reason);
  }
  const durationMs = performance.now() - startedAtMs;
  const told: Located = {
    dropper,
    error,
    stalled: answer.kind === 'unanswered',
    durationMs,
    descriptorsLeft: descriptors() - before.descriptors,
    restored: JSON.stringify(stateOf(descriptorOf(socket) ?? -1)) === JSON.stringify(before.state),
    uid: process.getuid?.(),
  };
  process.stdout.write(`${JSON.stringify(told)}\n`);
  socket.resetAndDestroy();
}

try {
  setPriority(-15); // a sweep has to be done before the kernel sends again what was not acknowledged
} catch {
  // An ordinary user may not.
}
void locate();
