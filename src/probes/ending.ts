import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Libc } from '../linux/libc.ts';
import { descriptorOf } from '../linux/socket-options.ts';
import { readTcpInfo } from '../linux/tcp-info.ts';
import type { EarlyEnd } from '../report/check.ts';

/** What a peer may send unasked before it is no longer worth reading. */
const MOST_BYTES = 64 * 1024;
/** How often an event is looked for that is on its way, and how many times: on a machine that has other work it may take long. */
const EVENT_LOOK_MS = 20;
const EVENT_LOOKS = 100;

/** Watches a connection that is only held: reads and forgets what the peer says, and notes how it ends. */
export interface Watch {
  /** How the connection ended by itself; null while it lives. */
  ended(): EarlyEnd;
  /** True once the peer has sent more than a greeting: then the connection is never idle, and reading has stopped. */
  flooded(): boolean;
}

/**
 * Starts watching. `openedAtMs` is on performance.now()'s clock. After `mostBytes` of the peer's reading stops; Infinity: never. `heardAgoMs`:
 * how long ago the kernel heard from the peer last, which dates a FIN that this program comes to read late.
 */
export function watchConnection(
  socket: Socket,
  openedAtMs: number,
  { mostBytes = MOST_BYTES, heardAgoMs = () => 0 }: { mostBytes?: number; heardAgoMs?: () => number } = {},
): Watch {
  let ended: EarlyEnd = null;
  let byteCount = 0;
  const age = (): number => performance.now() - openedAtMs;
  socket.on('data', (bytes: Uint8Array) => {
    byteCount += bytes.length;
    if (byteCount > mostBytes) socket.pause();
  });
  socket.on('end', () => {
    ended ??= { kind: 'closed', afterMs: Math.max(0, age() - heardAgoMs()) };
  });
  socket.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    ended ??=
      code === 'ECONNRESET' || code === 'EPIPE'
        ? { kind: 'reset', afterMs: age() }
        : { kind: 'failed', afterMs: age(), error: code ?? message };
  });
  return { ended: () => ended, flooded: () => byteCount > mostBytes };
}

/**
 * How a connection ended that the kernel holds for over: its event may still be on the way. null: it did not come within seconds. Rejects only
 * when aborted.
 */
export async function awaitEnd({ ended }: Watch, signal: AbortSignal): Promise<EarlyEnd> {
  // Looks and not time: a program that was held up has its timers before its events.
  for (let look = 0; ended() === null && look < EVENT_LOOKS; look += 1)
    await sleep(EVENT_LOOK_MS, undefined, { signal });
  return ended();
}

/** How long ago the kernel heard from the peer of a connection last, in ms; 0 where that is not known. */
export function heardAgoMs(socket: Socket, libc: Libc | null): number {
  const fd = libc === null ? null : descriptorOf(socket);
  return libc === null || fd === null ? 0 : (readTcpInfo(libc, fd).lastAckReceivedMs ?? 0);
}
