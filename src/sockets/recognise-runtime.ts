/** Whose settings a socket has: values that a runtime sets and that hardly anybody chooses. */
import type { Keepalive } from '../report/values.ts';

/** The runtimes that are told by their settings. */
export const RUNTIMES = ['Node.js (libuv)', 'Go (net package)'] as const;

/**
 * Names who sets such values; null when they are nobody's in particular. libuv sets an interval of 1 s and 10 probes whenever keepalive is
 * switched on (uv__tcp_keepalive in src/unix/tcp.c), Go's net package 15 s, 15 s and 9 probes unless told otherwise (src/net/dial.go).
 */
export function recognisedKeepalive({
  enabled,
  idleMs,
  intervalMs,
  count,
}: Keepalive): (typeof RUNTIMES)[number] | null {
  if (!enabled) return null;
  if (intervalMs === 1000 && count === 10) return 'Node.js (libuv)';
  if (idleMs === 15_000 && intervalMs === 15_000 && count === 9) return 'Go (net package)';
  return null;
}
