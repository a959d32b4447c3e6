import { setMaxListeners } from 'node:events';
import type { OutgoingHttpHeaders } from 'node:http';
import { type HttpTarget, parseHttpTarget } from '../../base/target.ts';
import { formatDuration, plural } from '../../base/units.ts';
import { VERSION } from '../../base/version.ts';
import type { HttpData } from '../../commands/http/report.ts';
import type { Libc } from '../../linux/libc.ts';
import { oneLine } from '../applications/conversation.ts';
import type { ConnectResult } from '../connect.ts';
import type { Certificate } from '../observation.ts';
import { resolve } from '../resolve.ts';
import { asksForHttp2, type HttpConnection, type HttpEndpoint, openHttp } from './connection.ts';
import { type HttpRequest, type HttpResponse, hostHeader } from './exchange.ts';
import { type Idled, idleConnections } from './idle.ts';
import type { HttpExchangeSeen, HttpRaceSample, HttpRedirect } from './observation.ts';
import {
  framingOf,
  headerValues,
  judgePersistence,
  type Persistence,
  readHint,
  unreadableHints,
} from './persistence.ts';
import { raceConnections } from './race.ts';
import { describeReply, type Reuse, reuseConnection, seen } from './reuse.ts';
import { narrowRace, planRace } from './reuse-race.ts';
import { summariseIdle } from './summarise-idle-closes.ts';

const MOST_REDIRECTS = 5;
/** For all requests on one connection: a slow server must not hold everything up. */
const REUSE_BUDGET_MS = 30_000;
/** RFC 9110, sections 15.4.2 to 15.4.9: the codes that send to another place by themselves. */
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];

/** The headers that kaprobe sends of its own accord, besides Host. In HTTP/1.1 it asks for what is the rule there: some servers answer that with a hint. */
export function ownHeaders(version: HttpRequest['version']): OutgoingHttpHeaders {
  return {
    'User-Agent': `kaprobe/${VERSION}`,
    Accept: '*/*',
    'Accept-Encoding': 'identity',
    ...(version === '1.1' ? { Connection: 'keep-alive' } : {}),
  };
}

/** What to observe. */
export interface HttpPlan {
  target: HttpTarget;
  method: string;
  version: '1.0' | '1.1';
  /** In the form that Node takes, without Host. */
  headers: OutgoingHttpHeaders;
  /** Names of `headers` that were given by the user: they stay with the origin they were given for. */
  givenHeaders: readonly string[];
  /** Addresses by `host:port`, in place of the resolver's. */
  resolved: ReadonlyMap<string, string>;
  insecure: boolean;
  follow: boolean;
  timeoutMs: number;
  maxRequests: number;
  /** null: do not wait for the idle close. */
  idle: { connectionCount: number; maxIdleMs: number } | null;
  /** null: no race. */
  raceCount: number | null;
  libc: Libc | null;
  progress(line: string): void;
}

/** What was seen. Everything null is not known. */
export interface HttpObservation {
  /** Where it was seen in the end. */
  target: HttpTarget;
  addresses: string[];
  connect: ConnectResult | null;
  rttMs: number | null;
  /** The resolver's error; null: it had none. */
  unresolved: string | null;
  certificate: Certificate | null;
  http2Offered: boolean | null;
  response: HttpResponse | null;
  redirects: HttpRedirect[];
  persistence: Persistence | null;
  exchanges: HttpExchangeSeen[];
  reuse: Reuse | null;
  idled: Idled[];
  race: HttpRaceSample[] | null;
  /** Why there is no response, in a phrase. */
  failure: string | null;
  doubts: string[];
  interrupted: boolean;
}

/** Makes the observations, one after the other; what was known by then when aborted, once there was a response. Else rejects when aborted. */
export async function observeHttp(plan: HttpPlan, given: AbortSignal): Promise<HttpObservation> {
  // Every connection listens to the signal; one of our own may have that many listeners without a warning.
  const signal = AbortSignal.any([given]);
  setMaxListeners(0, signal);
  const seenSoFar: HttpObservation = {
    target: plan.target,
    addresses: [],
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
    await observe(plan, seenSoFar, signal);
  } catch (error) {
    if (!signal.aborted || seenSoFar.response === null) throw error;
  }
  seenSoFar.interrupted = signal.aborted;
  return seenSoFar;
}

async function observe(plan: HttpPlan, known: HttpObservation, signal: AbortSignal): Promise<void> {
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
  if (plan.raceCount === null || plan.libc === null || close === null || close.lowerMs === null) return;
  if (close.outcome !== 'closed' && close.outcome !== 'reset') return;
  const bracket = { lowerMs: close.lowerMs, upperMs: close.upperMs ?? close.lowerMs };
  const rttMs = known.rttMs ?? known.connect?.durationMs ?? 0;
  known.race = await race(plan, plan.raceCount, { bracket, rttMs, endpoint, request }, signal);
}

/** A first response, on a connection that is the caller's to close. */
interface First {
  endpoint: HttpEndpoint;
  connection: HttpConnection;
  request: HttpRequest;
  response: HttpResponse;
  exchange: HttpExchangeSeen;
}

/** The first response, behind the redirects that are to be followed. null: there is none; `known` says why. */
async function arrive(plan: HttpPlan, known: HttpObservation, signal: AbortSignal): Promise<First | null> {
  let { headers } = plan;
  for (;;) {
    const from = known.target;
    const first = await ask(plan, known, headers, signal);
    if (first === null) return null;
    const { response, exchange, connection } = first;
    known.response = response;
    known.exchanges.push(exchange);
    const next = redirectOf(response, from);
    if (next === null) return first;
    const { target, location } = next;
    const followed = plan.follow && target !== null && known.redirects.length < MOST_REDIRECTS;
    known.redirects.push({ status: response.status, location, followed });
    if (!followed) {
      if (plan.follow)
        known.doubts.push(
          target === null
            ? 'the redirect leads to no http or https URL'
            : `more than ${MOST_REDIRECTS} redirects: the rest were not followed`,
        );
      return first;
    }
    connection.close();
    if (originOf(target) !== originOf(from) && plan.givenHeaders.length > 0) {
      headers = Object.fromEntries(Object.entries(headers).filter(([name]) => !plan.givenHeaders.includes(name)));
      known.doubts.push(
        `the redirect leads to another origin, which the headers given were not sent to: ${plan.givenHeaders.join(', ')}`,
      );
    }
    known.target = target;
  }
}

/** Whether the connection outlives the response, by what that says and by trying. */
async function reuse(
  { method, version, maxRequests, progress }: HttpPlan,
  known: HttpObservation,
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

/** The first request of all, or of one more redirect. null: there is no response; `known` says why. */
async function ask(
  { method, version, resolved, insecure, timeoutMs, libc, progress }: HttpPlan,
  known: HttpObservation,
  headers: OutgoingHttpHeaders,
  signal: AbortSignal,
): Promise<First | null> {
  const { target } = known;
  const { host, port, tls, path } = target;
  progress(`asking ${target.label}`);
  const fixed = resolved.get(`${host.toLowerCase()}:${port}`);
  const resolution = await resolve(fixed ?? host, null, { timeoutMs, signal });
  known.unresolved = resolution.kind === 'unresolved' ? resolution.error : null;
  known.addresses = resolution.kind === 'resolved' ? resolution.addresses : [];
  known.connect = null;
  known.certificate = null;
  known.response = null;
  const fail = (reason: string): null => {
    known.failure = reason;
    return null;
  };
  if (resolution.kind === 'unresolved') return fail(`the name could not be resolved (${resolution.error})`);
  const endpoint = { addresses: resolution.addresses, host, port, tls, insecure, timeoutMs, libc };
  const opening = await openHttp(endpoint, signal);
  if (opening.kind === 'failed') {
    known.connect = opening.connect;
    known.certificate = opening.certificate;
    const refused = opening.certificate?.kind === 'handshake-failed' ? await asksForHttp2(endpoint, signal) : null;
    if (refused?.http2 === true) {
      known.certificate = refused.certificate;
      known.http2Offered = true;
      known.persistence = { value: true, why: 'http-2-only', also: [] };
      return fail('the server speaks HTTP/2 and refuses HTTP/1.1, which is all that kaprobe speaks');
    }
    return fail(opening.error);
  }
  const { connection } = opening;
  known.connect = connection.connect;
  known.rttMs = connection.rttMs;
  known.certificate = connection.certificate;
  const request = { method, path, version, headers: { Host: hostHeader(host, port, tls), ...headers } };
  try {
    const reply = await connection.exchange(request, signal);
    if (reply.kind === 'answered') {
      const exchange = seen(reply, request, connection.localPort, 1);
      // Those that follow go where this one went.
      const same = { ...endpoint, addresses: [connection.connect.address ?? host] };
      return { endpoint: same, connection, request, response: reply.response, exchange };
    }
    connection.close();
    return fail(describeReply(reply));
  } catch (error) {
    connection.close();
    throw error;
  }
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

/** Where a response sends to; `target` null: to nothing that can be asked. null: nowhere. */
function redirectOf(
  { status, rawHeaders }: HttpResponse,
  from: HttpTarget,
): { location: string; target: HttpTarget | null } | null {
  const [location] = headerValues(rawHeaders, 'location');
  if (location === undefined || !REDIRECTS.includes(status)) return null;
  try {
    const { href } = new URL(location, `${originOf(from)}${from.path}`);
    const target = parseHttpTarget(href);
    return { location: target.label, target };
  } catch {
    // Without what may hold a password.
    return {
      location: oneLine(location.replace(/[?#].*$/s, '').replace(/^([a-z][a-z0-9+.-]*:)?\/\/[^/]*@/i, '$1//')),
      target: null,
    };
  }
}

function originOf({ scheme, host, port, tls }: HttpTarget): string {
  return `${scheme}://${hostHeader(host, port, tls)}`;
}

/** What a response says, as it stands in the report. */
export function describeResponse({
  version,
  status,
  statusMessage,
  rawHeaders,
}: HttpResponse): Pick<HttpData, 'protocol' | 'status' | 'statusMessage' | 'server' | 'hint'> {
  const [server] = headerValues(rawHeaders, 'server');
  return {
    protocol: `HTTP/${version}`,
    status,
    statusMessage,
    server: server === undefined ? null : oneLine(server),
    hint: readHint(rawHeaders),
  };
}
