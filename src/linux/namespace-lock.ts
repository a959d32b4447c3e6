import { createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const RETRY_MS = 10;

/**
 * Waits until no one else in this network namespace, in this process or another, holds the lock of that name, and takes it; returns how to
 * release it, or null when it was not to be had until then (on performance.now()'s clock) or cannot be. The kernel releases it when the process ends: it is a name in the abstract
 * namespace of unix(7) sockets, which each network namespace has one of. Rejects only when aborted.
 */
export async function lockNamespace(
  name: string,
  { signal, untilMs }: { signal: AbortSignal; untilMs: number },
): Promise<(() => void) | null> {
  for (;;) {
    signal.throwIfAborted();
    const held = await listen(`\0kaprobe/${name}`);
    if (typeof held !== 'string') return () => held.close();
    if (held !== 'EADDRINUSE' || performance.now() + RETRY_MS > untilMs) return null;
    await sleep(RETRY_MS, undefined, { signal });
  }
}

/** The server, or the errno's name. */
function listen(path: string): Promise<Server | string> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(path, () => {
      server.unref();
      resolve(server);
    });
  });
}
