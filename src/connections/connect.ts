import { isIPv6, Socket } from 'node:net';
import { startDeadline } from '../base/deadline.ts';
import type { ConnectAttempt, ConnectKind } from './observation.ts';

/** RFC 8305, section 8: how long one attempt is given before the next address is tried beside it. */
const CONNECTION_ATTEMPT_DELAY_MS = 250;

/** What became of connecting to a host; `socket` is null unless the kind is `connected`. */
export interface ConnectResult {
  kind: ConnectKind;
  /** The address connected to, or the one whose failure says most; null when there was none to try. */
  address: string | null;
  /** From the first attempt to the outcome. */
  durationMs: number;
  /** The errno's name; null when connected. */
  error: string | null;
  attempts: readonly ConnectAttempt[];
  socket: Socket | null;
}

/**
 * Connects as RFC 8305 (happy eyeballs) says: the families in turn, a new attempt every 250 ms or as soon as the last one fails, the first to
 * succeed wins. Node's own autoSelectFamily gives an address up after 250 ms for good, which on a slow path would call a living host dead.
 * The socket allows half-open, so that a FIN is seen and not answered by itself. Rejects only when aborted.
 */
export function connectAny(
  addresses: readonly string[],
  port: number,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
): Promise<ConnectResult> {
  return new Promise((resolve, reject) => {
    const queue = interleaveFamilies(addresses);
    const startedAt = performance.now();
    const sockets = new Map<Socket, { address: string; at: number }>();
    const attempts: ConnectAttempt[] = [];
    let nextAttempt: NodeJS.Timeout | undefined;

    const finish = (conclude: () => void, winner: Socket | null = null): void => {
      clearTimeout(nextAttempt);
      callOff();
      signal.removeEventListener('abort', onAbort);
      for (const socket of sockets.keys()) if (socket !== winner) discard(socket);
      sockets.clear();
      conclude();
    };
    const durationMs = (): number => performance.now() - startedAt;
    const fail = (): void => {
      const worst = mostTelling(attempts);
      finish(() =>
        resolve({
          kind: worst?.kind ?? 'unmeasured',
          address: worst?.address ?? null,
          durationMs: durationMs(),
          error: worst?.error ?? null,
          attempts,
          socket: null,
        }),
      );
    };
    const record = (socket: Socket, kind: ConnectKind, error: string | null): string => {
      const { address, at } = sockets.get(socket) ?? { address: '', at: startedAt };
      attempts.push({ address, kind, durationMs: performance.now() - at, error });
      sockets.delete(socket);
      return address;
    };
    const attempt = (): void => {
      clearTimeout(nextAttempt);
      const address = queue.shift();
      if (address === undefined) {
        if (sockets.size === 0) fail();
        return;
      }
      const socket = new Socket({ allowHalfOpen: true });
      sockets.set(socket, { address, at: performance.now() });
      socket.once('connect', () => {
        socket.removeAllListeners('error');
        record(socket, 'connected', null);
        finish(
          () => resolve({ kind: 'connected', address, durationMs: durationMs(), error: null, attempts, socket }),
          socket,
        );
      });
      socket.once('error', (error: NodeJS.ErrnoException) => {
        if (!sockets.has(socket)) return;
        const name = error.code ?? error.message;
        record(socket, kindOfFailure(name), name);
        discard(socket);
        attempt();
      });
      socket.connect({ host: address, port, family: isIPv6(address) ? 6 : 4, autoSelectFamily: false });
      nextAttempt = setTimeout(attempt, CONNECTION_ATTEMPT_DELAY_MS);
    };
    const callOff = startDeadline(timeoutMs, () => {
      for (const socket of [...sockets.keys()]) {
        record(socket, 'timed-out', 'ETIMEDOUT');
        discard(socket);
      }
      fail();
    });
    const onAbort = (): void => finish(() => reject(signal.reason));
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    else attempt();
  });
}

/** RFC 8305, section 4: the resolver's first choice, then the families in turn. */
export function interleaveFamilies(addresses: readonly string[]): string[] {
  const firstIsV6 = isIPv6(addresses[0] ?? '');
  const preferred = addresses.filter((address) => isIPv6(address) === firstIsV6);
  const others = addresses.filter((address) => isIPv6(address) !== firstIsV6);
  return preferred
    .flatMap((address, index) => [address, ...others.slice(index, index + 1)])
    .concat(others.slice(preferred.length));
}

const FAILURES: Readonly<Record<string, ConnectKind>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'refused',
  ETIMEDOUT: 'timed-out',
  ...Object.fromEntries(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EAGAIN'].map((errno) => [errno, 'unmeasured'])),
};

/** What an errno of connect(2) says about the far end. */
export function kindOfFailure(errno: string): ConnectKind {
  return FAILURES[errno] ?? 'unreachable';
}

/** A refusal proves a host, silence may, an unreachable network says least about it. */
const TELLING: readonly ConnectKind[] = ['refused', 'timed-out', 'unreachable', 'unmeasured'];

function mostTelling(attempts: readonly ConnectAttempt[]): ConnectAttempt | undefined {
  return TELLING.flatMap((kind) => attempts.filter((attempt) => attempt.kind === kind))[0];
}

function discard(socket: Socket): void {
  socket.removeAllListeners();
  socket.on('error', () => {}); // whatever still comes concerns nobody
  socket.destroy();
}
