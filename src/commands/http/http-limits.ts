/** Numbers and lines that make the two ends of a kept connection agree: the sender of requests must give up first. */
import { formatDuration } from '../../base/units.ts';
import { stackOfServer } from '../../knowledge/find-stack.ts';
import { secondsUp } from '../../knowledge/stack.ts';
import { stack as node } from '../../knowledge/stacks/node-http-server-legacy.ts';

/** What the delay of the path, coarse timers and a stalled event loop ask for at the least, and at the most. */
const LEAST_MARGIN_MS = 1000;
const MOST_MARGIN_MS = 5000;

/** By how much a receiver's idle close is to outlast its sender's limit. */
export function marginFor(idleMs: number): number {
  return Math.min(MOST_MARGIN_MS, Math.max(LEAST_MARGIN_MS, idleMs / 10));
}

/** The setting in whole seconds that a measured time comes from: what timers and the path took from a second is given back. */
export function measuredSeconds(ms: number): number {
  return Math.floor((ms + 50) / 1000);
}

/** The lines that let senders give up before a server that closes after `closeMs`. */
export function senderLines(closeMs: number): string[] {
  const idleMs = closeMs > 2 * LEAST_MARGIN_MS ? closeMs - marginFor(closeMs) : closeMs / 2;
  const text = formatDuration(idleMs >= 950 ? measuredSeconds(idleMs) * 1000 : idleMs);
  return ['# let the sender give idle connections up first (client pool, upstream):', `# pool idle at most ${text}`];
}

/** The lines that let a server hold idle connections for longer than a sender that gives up after `senderIdleMs`, by what its header Server says. */
export function serverLines(server: string | null, senderIdleMs: number): string[] {
  const idleMs = secondsUp(senderIdleMs + marginFor(senderIdleMs)) * 1000;
  const known = stackOfServer(server)?.http;
  return known === undefined
    ? [
        `# the server's idle time, ${idleMs / 1000} s or more, for example in Node:`,
        ...node.http.write.idleClose(idleMs),
      ]
    : [`# ${known.where}:`, ...(known.write?.idleClose?.(idleMs, 'file') ?? [])];
}

/** The header Server as evidence; nothing where there was none. */
export function serverIn({ server }: { server: string | null }): { server?: string } {
  return server === null ? {} : { server };
}
