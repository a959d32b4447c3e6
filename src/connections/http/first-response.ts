import type { OutgoingHttpHeaders } from 'node:http';
import { oneLine } from '../applications/conversation.ts';
import { resolve } from '../resolve.ts';
import { type HttpTarget, parseHttpTarget } from '../target.ts';
import { asksForHttp2, type HttpConnection, type HttpEndpoint, openHttp } from './connection.ts';
import { type HttpRequest, type HttpResponse, hostHeader } from './exchange.ts';
import type { HttpExchangeSeen } from './observation.ts';
import { headerValues } from './persistence.ts';
import type { HttpPlan, Known } from './plan.ts';
import { describeReply, seen } from './reuse.ts';

const MOST_REDIRECTS = 5;
/** RFC 9110, sections 15.4.2 to 15.4.9: the codes that send to another place by themselves. */
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];

/** A first response, on a connection that is the caller's to close. */
export interface First {
  endpoint: HttpEndpoint;
  connection: HttpConnection;
  request: HttpRequest;
  response: HttpResponse;
  exchange: HttpExchangeSeen;
}

/** The first response, behind the redirects that are to be followed. null: there is none; `known` says why. */
export async function arrive(plan: HttpPlan, known: Known, signal: AbortSignal): Promise<First | null> {
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

/** The first request of all, or of one more redirect. null: there is no response; `known` says why. */
async function ask(
  { method, version, resolved, insecure, timeoutMs, libc, progress }: HttpPlan,
  known: Known,
  headers: OutgoingHttpHeaders,
  signal: AbortSignal,
): Promise<First | null> {
  const { target } = known;
  const { host, port, tls, path } = target;
  progress(`asking ${target.label}`);
  const fixed = resolved.get(`${host.toLowerCase()}:${port}`);
  const resolution = await resolve(fixed ?? host, null, { timeoutMs, signal });
  known.unresolved = resolution.kind === 'unresolved' ? resolution.error : null;
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
