import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Libc } from '../linux/libc.ts';
import { descriptorOf } from '../linux/socket-options.ts';
import { readTcpInfo } from '../linux/tcp-info.ts';
import type { EarlyEnd } from './observation.ts';

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
 * Starts watching. `openedAtMs` is on performance.now()'s clock. After `mostBytes` of the peer's reading stops; Infinity: never. `endInKernel`:
 * what the kernel knows of an end that is read (see `endOfStream`).
 */
export function watchConnection(
  socket: Socket,
  openedAtMs: number,
  {
    mostBytes = MOST_BYTES,
    endInKernel = () => PLAIN_END,
  }: { mostBytes?: number; endInKernel?: () => EndInKernel } = {},
): Watch {
  let ended: EarlyEnd = null;
  let byteCount = 0;
  const age = (): number => performance.now() - openedAtMs;
  socket.on('data', (bytes: Uint8Array) => {
    byteCount += bytes.length;
    if (byteCount > mostBytes) socket.pause();
  });
  socket.on('end', () => {
    const { kind, agoMs } = endInKernel();
    ended ??= { kind, afterMs: Math.max(0, age() - agoMs) };
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

/** How a connection ended, and how many ms before that was read. */
interface EndInKernel {
  kind: 'closed' | 'reset';
  agoMs: number;
}

const PLAIN_END: EndInKernel = { kind: 'closed', agoMs: 0 };

/**
 * What the kernel knows of a connection when the end of its stream has been read, and nothing was closed here: by how much this program was
 * late to read a FIN, and whether it was a RST after all. That is what libuv makes of a RST that it meets together with data
 * (uv__stream_io in its src/unix/stream.c); after a FIN the kernel's socket waits to be closed, after a RST it is closed.
 */
export function endOfStream(socket: Socket, libc: Libc | null): EndInKernel {
  const fd = libc === null ? null : descriptorOf(socket);
  if (libc === null || fd === null) return PLAIN_END;
  const { state, lastAckReceivedMs } = readTcpInfo(libc, fd);
  // When a RST came is not noted anywhere.
  return state === 'closed' ? { kind: 'reset', agoMs: 0 } : { kind: 'closed', agoMs: lastAckReceivedMs ?? 0 };
}
