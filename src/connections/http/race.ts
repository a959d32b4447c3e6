import { setTimeout as sleep } from 'node:timers/promises';
import { type HttpConnection, type HttpEndpoint, openHttp } from './connection.ts';
import type { HttpRequest } from './exchange.ts';
import type { HttpRaceSample } from './observation.ts';
import { describeReply } from './reuse.ts';
import type { RaceStart } from './reuse-race.ts';

/**
 * Opens one connection for each start, makes a request, and a second one at the planned age, whether or not the server has closed meanwhile.
 * When aborted, what was still idle is unmeasured.
 */
export function raceConnections(
  { endpoint, request, starts }: { endpoint: HttpEndpoint; request: HttpRequest; starts: readonly RaceStart[] },
  signal: AbortSignal,
): Promise<HttpRaceSample[]> {
  return Promise.all(starts.map((start) => raceOne(endpoint, request, start, signal)));
}

async function raceOne(
  endpoint: HttpEndpoint,
  request: HttpRequest,
  { openAtMs, ageMs }: RaceStart,
  signal: AbortSignal,
): Promise<HttpRaceSample> {
  let connection: HttpConnection | null = null;
  const unmeasured = (error: string): HttpRaceSample => ({
    plannedMs: ageMs,
    idleMs: null,
    result: 'unmeasured',
    endVisible: null,
    error,
  });
  try {
    await sleep(openAtMs, undefined, { signal });
    const opening = await openHttp(endpoint, signal);
    if (opening.kind === 'failed') return unmeasured(opening.error);
    ({ connection } = opening);
    const first = await connection.exchange(request, signal);
    const lastByteAtMs = connection.lastByteAtMs();
    if (first.kind !== 'answered' || lastByteAtMs === null)
      return unmeasured(first.kind === 'answered' ? 'no response' : describeReply(first));
    await sleep(Math.max(0, lastByteAtMs + ageMs - performance.now()), undefined, { signal });
    const second = await connection.exchange(request, signal);
    const sent = connection.lastSent();
    const idleMs = sent === null ? null : sent.atMs - lastByteAtMs;
    const sample = { plannedMs: ageMs, idleMs, endVisible: sent?.endVisible ?? null };
    switch (second.kind) {
      case 'answered': {
        const { status } = second.response;
        // A proxy whose own upstream connection was closed answers so (502 Bad Gateway).
        return status >= 500 && first.response.status < 500
          ? { ...sample, result: 'failed', error: `status ${status}` }
          : { ...sample, result: 'answered', error: null };
      }
      case 'ended':
        return {
          ...sample,
          result: 'failed',
          error: second.end.kind === 'reset' ? 'ECONNRESET' : second.end.kind === 'failed' ? second.end.error : null,
        };
      case 'silent':
        return { ...sample, result: 'silent', error: null };
      case 'unusable':
        return { ...sample, result: 'unmeasured', error: second.reason };
      default:
        return second satisfies never;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    return unmeasured('interrupted');
  } finally {
    connection?.close();
  }
}
