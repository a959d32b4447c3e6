import { setTimeout as sleep } from 'node:timers/promises';
import { kindOfFailure } from '../connect.ts';
import { probeKeepalive } from '../keepalive-probe.ts';
import { type HttpConnection, type HttpEndpoint, openHttp } from './connection.ts';
import type { HttpRequest } from './exchange.ts';
import type { HttpExchangeSeen, HttpIdleSample } from './observation.ts';
import { describeReply, seen } from './reuse.ts';

/** The connections are opened within that time, since some servers look for idle ones only once a second. */
const OPENING_MS = 1000;
/** Probes without payload, one a second, that prove silence at the end. */
const PROBE_COUNT = 5;

/** What to leave idle, and for how long. */
export interface IdlePlan {
  endpoint: HttpEndpoint;
  request: HttpRequest;
  connectionCount: number;
  maxIdleMs: number;
  onEnd(sample: HttpIdleSample): void;
}

/** What one idle connection came to, and the response that it began with; null: there was none. */
export interface Idled {
  sample: HttpIdleSample;
  exchange: HttpExchangeSeen | null;
}

/**
 * Makes one request on each of several connections and leaves them alone, side by side, until the server ends them. Those that are still open in
 * the end are probed without payload. When aborted, what was still idle is unmeasured.
 */
export function idleConnections(plan: IdlePlan, signal: AbortSignal): Promise<Idled[]> {
  const apart = OPENING_MS / plan.connectionCount;
  return Promise.all(Array.from({ length: plan.connectionCount }, (_, index) => idleOne(plan, index * apart, signal)));
}

async function idleOne(
  { endpoint, request, maxIdleMs, onEnd }: IdlePlan,
  waitMs: number,
  signal: AbortSignal,
): Promise<Idled> {
  let connection: HttpConnection | null = null;
  let exchange: HttpExchangeSeen | null = null;
  const unmeasured = (reason: string): Idled => ({
    sample: {
      localPort: connection?.localPort ?? null,
      outcome: 'unmeasured',
      idleMs: null,
      error: null,
      lastWords: null,
      reason,
    },
    exchange,
  });
  try {
    await sleep(waitMs, undefined, { signal });
    const opening = await openHttp(endpoint, signal);
    if (opening.kind === 'failed') return unmeasured(opening.error);
    ({ connection } = opening);
    const reply = await connection.exchange(request, signal);
    if (reply.kind !== 'answered') return unmeasured(describeReply(reply));
    exchange = seen(reply, request, connection.localPort, 1);
    if (exchange.announcedClose) return unmeasured('the server announced the end of the connection');
    const idledMs = (): number => performance.now() - (connection?.lastByteAtMs() ?? performance.now());
    await connection.waitForEnd(maxIdleMs - idledMs(), signal);
    const sample = await outcomeOf(connection, endpoint, idledMs(), signal);
    onEnd(sample);
    return { sample, exchange };
  } catch (error) {
    if (!signal.aborted) throw error;
    return unmeasured('interrupted');
  } finally {
    connection?.close();
  }
}

async function outcomeOf(
  connection: HttpConnection,
  { libc }: HttpEndpoint,
  idleMs: number,
  signal: AbortSignal,
): Promise<HttpIdleSample> {
  const { localPort, watch } = connection;
  const sample = { localPort, idleMs, error: null, lastWords: connection.lastWords(), reason: null };
  if (watch.ended() === null) {
    if (libc === null)
      return {
        ...sample,
        outcome: 'unmeasured',
        reason: 'still open, and this platform cannot send probes without payload',
      };
    const answer = await probeKeepalive(connection.socket, watch, libc, { probeCount: PROBE_COUNT, signal });
    if (answer.kind === 'answered') return { ...sample, outcome: 'alive' };
    if (answer.kind === 'unanswered') return { ...sample, outcome: 'stalled' };
    if (watch.ended() === null) return { ...sample, outcome: 'unmeasured', reason: `still open; ${answer.reason}` };
  }
  const ended = watch.ended();
  if (ended === null || ended.kind !== 'failed')
    return { ...sample, outcome: ended?.kind ?? 'alive', idleMs: ended?.afterMs ?? idleMs };
  const kind = kindOfFailure(ended.error);
  return {
    ...sample,
    outcome: kind === 'timed-out' ? 'stalled' : kind === 'unreachable' ? 'unreachable' : 'unmeasured',
    idleMs: ended.afterMs,
    error: ended.error,
  };
}
