import { formatDuration, plural } from '../../base/units.ts';
import type { HttpConnection, HttpReply } from './connection.ts';
import type { HttpRequest } from './exchange.ts';
import type { HttpExchangeSeen, HttpRequestCount } from './observation.ts';
import { announcesClose, framingOf } from './persistence.ts';

/** What the requests on one connection came to. */
export interface Reuse {
  requests: HttpRequestCount;
  exchanges: HttpExchangeSeen[];
  /** Why it was ended before the server did, or before `maxRequests`, in a phrase; null: it was not. */
  stopped: string | null;
}

/** What to do on the connection. */
export interface ReusePlan {
  request: HttpRequest;
  /** With the one that was made already. */
  maxRequests: number;
  /** For all of them. */
  budgetMs: number;
  onProgress(count: number): void;
}

/**
 * Makes one request after the other on a connection that has answered one (`first`), until the server ends it or says that it will, the number
 * or the time is used up, or it begins to refuse. Rejects only when aborted.
 */
export async function reuseConnection(
  connection: HttpConnection,
  first: HttpExchangeSeen,
  { request, maxRequests, budgetMs, onProgress }: ReusePlan,
  signal: AbortSignal,
): Promise<Reuse> {
  const { localPort, watch } = connection;
  const exchanges: HttpExchangeSeen[] = [];
  const untilMs = performance.now() + budgetMs;
  const over = (limited: boolean, announced: boolean | null, stopped: string | null): Reuse => ({
    requests: { count: 1 + exchanges.length, limited, announced, localPort },
    exchanges,
    stopped,
  });
  let last = first;
  for (;;) {
    const count = 1 + exchanges.length;
    onProgress(count);
    if (last.announcedClose) return over(true, true, null);
    // A server that closes without a word does so in the same breath.
    await connection.waitForEnd(1, signal);
    if (watch.ended() !== null) return over(true, false, null);
    if (count >= maxRequests) return over(false, null, null);
    if (performance.now() > untilMs) return over(false, null, 'its time was used up');
    const reply = await connection.exchange(request, signal);
    if (reply.kind === 'ended') return over(true, false, null);
    if (reply.kind !== 'answered') return over(false, null, describeReply(reply));
    last = seen(reply, request, localPort, count + 1);
    exchanges.push(last);
    if (last.status >= 400 && first.status < 400 && !last.announcedClose)
      return over(false, null, `request ${count + 1} was answered with ${last.status}`);
  }
}

/** A response as it stands in the report. */
export function seen(
  { response, durationMs }: Extract<HttpReply, { kind: 'answered' }>,
  { method }: HttpRequest,
  localPort: number | null,
  request: number,
): HttpExchangeSeen {
  const { status, rawHeaders, bodyBytes } = response;
  return {
    localPort,
    request,
    status,
    durationMs,
    bodyBytes,
    framing: framingOf({ method, status, rawHeaders }),
    announcedClose: announcesClose(rawHeaders),
  };
}

/** Why a request got no usable response, in a phrase. */
export function describeReply(reply: Exclude<HttpReply, { kind: 'answered' }>): string {
  switch (reply.kind) {
    case 'unusable':
      return reply.reason;
    case 'silent':
      return reply.bytes === 0
        ? `no response within ${formatDuration(reply.timeoutMs)}`
        : `the response did not end within ${formatDuration(reply.timeoutMs)}, after ${plural(reply.bytes, 'byte')} of it`;
    case 'ended':
      return reply.end.kind === 'failed'
        ? `the connection failed (${reply.end.error}) before a response`
        : `the server ${reply.end.kind === 'reset' ? 'reset' : 'closed'} the connection without a response`;
    default:
      return reply satisfies never;
  }
}
