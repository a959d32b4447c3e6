// Makes a connection, leaves it idle, makes sure that it is stalled, looks for the hop that drops it, and tells what came of it in one
// JSON line. Arguments: address, port, idle time in ms, after how many ms to abort the search (0: never).

import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { isIPv6, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadLibc } from '../../../src/linux/libc.ts';
import { descriptorOf } from '../../../src/linux/socket-options.ts';
import { watchConnection } from '../../../src/probes/ending.ts';
import { probeKeepalive } from '../../../src/probes/keepalive.ts';
import { locateDropper } from '../../../src/probes/locate.ts';
import type { Dropper } from '../../../src/report.ts';

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

const PROBES = 6;

async function locate(): Promise<void> {
  const [address = '', port, idleMs, abortAfterMs] = process.argv.slice(2);
  const signal = AbortSignal.timeout(100_000);
  const libc = await loadLibc();
  const socket = new Socket({ allowHalfOpen: true });
  const watch = watchConnection(socket, performance.now());
  await new Promise<void>((resolve) => socket.connect({ host: address, port: Number(port) }, resolve));
  socket.write('hello');
  await once(socket, 'data', { signal }); // with data unacknowledged the kernel sends no probes
  await sleep(Number(idleMs));
  const answer = await probeKeepalive(socket, watch, libc, { probeCount: PROBES, signal });
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

void locate();
