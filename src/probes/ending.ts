import type { Socket } from 'node:net';
import type { EarlyEnd } from '../report/check.ts';

/** What a peer may send unasked before it is no longer worth reading. */
const MOST_BYTES = 64 * 1024;

/** Watches a connection that is only held: reads and forgets what the peer says, and notes how it ends. */
export interface Watch {
  /** How the connection ended by itself; null while it lives. */
  ended(): EarlyEnd;
  /** True once the peer has sent more than a greeting: then the connection is never idle, and reading has stopped. */
  flooded(): boolean;
}

/** Starts watching. `openedAtMs` is on performance.now()'s clock. After `mostBytes` of the peer's reading stops; Infinity: never. */
export function watchConnection(socket: Socket, openedAtMs: number, mostBytes = MOST_BYTES): Watch {
  let ended: EarlyEnd = null;
  let byteCount = 0;
  const age = (): number => performance.now() - openedAtMs;
  socket.on('data', (bytes: Uint8Array) => {
    byteCount += bytes.length;
    if (byteCount > mostBytes) socket.pause();
  });
  socket.on('end', () => {
    ended ??= { kind: 'closed', afterMs: age() };
  });
  socket.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    ended ??=
      code === 'ECONNRESET' || code === 'EPIPE'
        ? { kind: 'reset', afterMs: age() }
        : { kind: 'failed', afterMs: age(), error: code ?? message };
  });
  return { ended: () => ended, flooded: () => byteCount > mostBytes };
}
