import { setMaxListeners } from 'node:events';
import { CapabilityError } from '../../base/errors.ts';
import { formatDuration, plural } from '../../base/units.ts';
import { type Libc, loadLibc } from '../../linux/libc.ts';
import { oneLine } from '../applications/conversation.ts';
import { conclude, type HttpProbe } from './conclude.ts';
import { asksForHttp2, type HttpEndpoint } from './connection.ts';
import type { HttpRequest } from './exchange.ts';
import { arrive, type First } from './first-response.ts';
import { type Idled, idleConnections } from './idle.ts';
import type { HttpRaceSample } from './observation.ts';
import { framingOf, judgePersistence, unreadableHints } from './persistence.ts';
import { HTTP_PROBE_DEFAULTS, type HttpPlan, type HttpProbeQuestion, type Known, ownHeaders } from './plan.ts';
import { raceConnections } from './race.ts';
import { reuseConnection } from './reuse.ts';
import { narrowRace, planRace } from './reuse-race.ts';
import { summariseIdle } from './summarise-idle-closes.ts';

/** For all requests on one connection: a slow server must not hold everything up. */
const REUSE_BUDGET_MS = 30_000;

/**
 * Asks an HTTP server how it keeps connections: a first request, more of them on the same connection, idle connections, and the race around
 * their close. When aborted it returns what was known by then, once there was a response; else it rejects.
 */
export async function probeHttp(
  question: HttpProbeQuestion,
  { signal: given, progress }: { signal: AbortSignal; progress(line: string): void },
): Promise<HttpProbe> {
  // Every connection listens to the signal; one of our own may have that many listeners without a warning.
  const signal = AbortSignal.any([given]);
  setMaxListeners(0, signal);
  const headers = ownHeaders(question.version ?? HTTP_PROBE_DEFAULTS.version);
  const plan: HttpPlan = { ...HTTP_PROBE_DEFAULTS, headers, ...question, libc: await kernelAccess(), progress };
  const known: Known = {
    target: plan.target,
    connect: null,
    rttMs: null,
    unresolved: null,
    certificate: null,
    http2Offered: null,
    response: null,
    redirects: [],
    persistence: null,
    exchanges: [],
    reuse: null,
    idled: [],
    race: null,
    failure: null,
    doubts: [],
    interrupted: false,
  };
  try {
    await observe(plan, known, signal);
  } catch (error) {
    if (!signal.aborted || known.response === null) throw error;
  }
  known.interrupted = signal.aborted;
  return conclude(plan, known);
}

/** null where the platform has none: what needs it is then reported as not measured. */
async function kernelAccess(): Promise<Libc | null> {
  try {
    return await loadLibc();
  } catch (error) {
    if (error instanceof CapabilityError) return null;
    throw error;
  }
}

async function observe(plan: HttpPlan, known: Known, signal: AbortSignal): Promise<void> {
  const first = await arrive(plan, known, signal);
  if (first === null) return;
  const { endpoint, request } = first;
  try {
    await reuse(plan, known, first, signal);
  } finally {
    first.connection.close();
  }
  // Not before: the connection would idle meanwhile.
  if (known.target.tls) known.http2Offered = (await asksForHttp2(endpoint, signal))?.http2 ?? null;
  if (known.persistence?.value !== true || plan.idle === null) return;
  known.idled = await idle(plan, plan.idle, endpoint, request, signal);
  known.exchanges.push(...known.idled.flatMap(({ exchange }) => (exchange === null ? [] : [exchange])));
  signal.throwIfAborted();
  const close = summariseIdle(known.idled.map(({ sample }) => sample));
  if (plan.race === null || plan.libc === null || close === null || close.lowerMs === null) return;
  if (close.outcome !== 'closed' && close.outcome !== 'reset') return;
  const bracket = { lowerMs: close.lowerMs, upperMs: close.upperMs ?? close.lowerMs };
  const rttMs = known.rttMs ?? known.connect?.durationMs ?? 0;
  known.race = await race(plan, plan.race.count, { bracket, rttMs, endpoint, request }, signal);
}

/** Whether the connection outlives the response, by what that says and by trying. */
async function reuse(
  { method, version, maxRequests, progress }: HttpPlan,
  known: Known,
  { connection, request, response, exchange }: First,
  signal: AbortSignal,
): Promise<void> {
  const connectionHeader = request.headers['Connection'];
  known.persistence = judgePersistence({
    method,
    requestVersion: version,
    requestConnection: connectionHeader === undefined ? null : String(connectionHeader),
    ...response,
  });
  const [unreadable] = unreadableHints(response.rawHeaders);
  if (unreadable !== undefined) {
    const token = JSON.stringify(oneLine(unreadable));
    known.doubts.push(`the server's Keep-Alive says ${token}, which is no number of seconds or requests`);
  }
  if (method === 'HEAD' && framingOf({ ...response, method: 'GET' }) === 'close') {
    known.doubts.push(
      'asked with HEAD: the response names no length, so that the body of a GET may end with the connection',
    );
  }
  if (!known.persistence.value) {
    const { announcedClose } = exchange;
    const requests = { count: 1, limited: true, announced: announcedClose, localPort: connection.localPort };
    known.reuse = { requests, exchanges: [], stopped: null };
    return;
  }
  const onProgress = (count: number): void => progress(`request ${count} of ${maxRequests} on one connection`);
  const plan = { request, maxRequests, budgetMs: REUSE_BUDGET_MS, onProgress };
  known.reuse = await reuseConnection(connection, exchange, plan, signal);
  known.exchanges.push(...known.reuse.exchanges);
  const { requests, stopped } = known.reuse;
  if (requests.count === 1 && requests.announced === false)
    known.persistence = { value: false, why: 'closed-unannounced', also: [] };
  if (stopped !== null) known.doubts.push(`the requests on one connection were ended early: ${stopped}`);
}

async function idle(
  { progress }: HttpPlan,
  { connectionCount, maxIdleMs }: Exclude<HttpPlan['idle'], null>,
  endpoint: HttpEndpoint,
  request: HttpRequest,
  signal: AbortSignal,
): Promise<Idled[]> {
  const startedAtMs = performance.now();
  let endedCount = 0;
  const show = (): void => {
    const passedMs = Math.round((performance.now() - startedAtMs) / 1000) * 1000;
    progress(
      `idle for ${formatDuration(passedMs)}, at most ${formatDuration(maxIdleMs)}: ${endedCount} of ${plural(connectionCount, 'connection')} ended`,
    );
  };
  show();
  const timer = setInterval(show, 1000);
  try {
    const onEnd = (): void => {
      endedCount += 1;
      show();
    };
    return await idleConnections({ endpoint, request, connectionCount, maxIdleMs, onEnd }, signal);
  } finally {
    clearInterval(timer);
  }
}

/** A third of the requests to see where answers turn into failures, the others there. */
async function race(
  { progress }: HttpPlan,
  count: number,
  {
    bracket,
    rttMs,
    ...to
  }: { bracket: { lowerMs: number; upperMs: number }; rttMs: number; endpoint: HttpEndpoint; request: HttpRequest },
  signal: AbortSignal,
): Promise<HttpRaceSample[]> {
  const firstCount = Math.ceil(count / 3);
  const time = `about ${formatDuration(Math.ceil(bracket.upperMs / 1000 + 1) * 1000)}`;
  progress(`racing with ${firstCount} of ${count} connections, ${time}`);
  const first = await raceConnections({ ...to, starts: planRace(firstCount, bracket, rttMs) }, signal);
  const starts = narrowRace(count - firstCount, first, rttMs) ?? planRace(count - firstCount, bracket, rttMs);
  progress(`racing with the other ${count - firstCount} connections, ${time}`);
  return [...first, ...(await raceConnections({ ...to, starts }, signal))];
}
