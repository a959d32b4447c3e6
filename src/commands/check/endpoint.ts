import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { CapabilityError } from '../../base/errors.ts';
import { connectAny } from '../../connections/connect.ts';
import { probeKeepalive } from '../../connections/keepalive-probe.ts';
import type { Connect, KeepaliveAnswer, Ping } from '../../connections/observation.ts';
import { pingOnce } from '../../connections/ping.ts';
import { type Family, resolve } from '../../connections/resolve.ts';
import type { Target } from '../../connections/target.ts';
import { handshakeTls } from '../../connections/tls.ts';
import { endOfStream, watchConnection } from '../../connections/watch-end.ts';
import { type Libc, loadLibc } from '../../linux/libc.ts';
import { descriptorOf, readKeepalive, writeKeepalive } from '../../linux/socket-options.ts';
import { readHostKeepalive } from '../../linux/sysctl.ts';
import { readTcpInfo } from '../../linux/tcp-info.ts';
import { type Keepalive, type RequestedKeepalive, unmeasured } from '../../report/values.ts';
import type { ObservedTarget } from './report.ts';
import { type SurviveResult, survive } from './survive.ts';

/** Pings that run at once: each is a process. */
const PING_CONCURRENCY = 8;
/** How long a connection attempt may take before the ping no longer waits for its end. */
const PING_DELAY_MS = 300;

/** What is asked about every endpoint. Times are milliseconds. */
export interface EndpointQuestion {
  family: Family;
  /** For the name, the connection and the TLS handshake each. */
  timeoutMs: number;
  keepalive: RequestedKeepalive;
  /** Unanswered probes until the search ends; null: do not probe. */
  probeCount: number | null;
  ping: boolean;
  /** How long to leave connections idle for real; null: not at all. */
  surviveMs: number | null;
  /** Whether to look for the hop that drops a stalled connection. */
  locate: boolean;
}

/** What was seen of one endpoint. */
export interface EndpointObservation {
  seen: ObservedTarget;
  /** `obstacle`: why connections could not be left idle, though that was asked for; null: nothing was in the way. */
  idleTest: { interrupted: boolean; obstacle: string | null };
}

/** What all endpoints share. */
export interface EndpointTools {
  /** A text says why there is none. */
  libc: Libc | string;
  /** What the host gives to a socket that sets only SO_KEEPALIVE; null when that cannot be read. */
  host: Keepalive | null;
  ping(address: string): Promise<Ping>;
}

/** Opens what all endpoints share. Without koffi, what can be seen without it still is. */
export async function openTools({ ping }: EndpointQuestion, signal: AbortSignal): Promise<EndpointTools> {
  const libc = await loadLibc().catch((error: unknown) => {
    if (error instanceof CapabilityError) return error.message;
    throw error;
  });
  const host = readHostKeepalive();
  return {
    libc,
    host: 'kind' in host ? null : host,
    ping: ping ? oncePerAddress(signal) : async () => noPing('switched off by --no-ping'),
  };
}

function noPing(reason: string): Ping {
  return { ...unmeasured(reason), rttMs: null };
}

/** One ping an address, however many targets share it, and only a few at once. */
function oncePerAddress(signal: AbortSignal): (address: string) => Promise<Ping> {
  const pings = new Map<string, Promise<Ping>>();
  const lanes: Promise<unknown>[] = Array.from({ length: PING_CONCURRENCY }, () => Promise.resolve());
  return (address) => {
    const lane = pings.size % PING_CONCURRENCY;
    const ping = pings.get(address) ?? (lanes[lane] ?? Promise.resolve()).then(() => pingOnce(address, signal));
    if (!pings.has(address)) lanes[lane] = ping;
    pings.set(address, ping);
    return ping;
  };
}

/** Resolves, connects, sets, reads back, probes, pings, and idles if asked to. Rejects only when aborted. */
export async function observeEndpoint(
  target: Target,
  question: EndpointQuestion,
  tools: EndpointTools,
  signal: AbortSignal,
): Promise<EndpointObservation> {
  const { family, timeoutMs } = question;
  const resolution = await resolve(target.host, family, { timeoutMs, signal });
  if (resolution.kind === 'unresolved')
    return notConnected(target, question, {
      kind: 'unresolved',
      durationMs: null,
      rttMs: null,
      error: resolution.error,
    });
  const { addresses } = resolution;
  const connecting = connectAny(addresses, target.port, { timeoutMs, signal });
  // Starting a process takes time on this thread: not while a fast connection is being timed.
  const pinging = Promise.race([connecting, sleep(PING_DELAY_MS)]).then((early) =>
    tools.ping(early?.address ?? addresses[0] ?? ''),
  );
  pinging.catch(() => {}); // rejects only together with `connecting`
  const { kind, address, durationMs, error, attempts, socket } = await connecting;
  const [{ rttMs, ...session }, idled] =
    socket === null
      ? [noSession(question), null]
      : await Promise.all([
          useConnection(socket, address, target, question, tools, signal),
          idleFor(address, target, question, tools, signal),
        ]);
  const { survival = null, dropper = null, interrupted = false } = typeof idled === 'object' ? (idled ?? {}) : {};
  const connect = { kind, durationMs, rttMs, error };
  const { seen } = notConnected(target, question, connect);
  return {
    seen: { ...seen, address, addresses, attempts: [...attempts], ...session, survival, dropper, ping: await pinging },
    idleTest: { interrupted, obstacle: typeof idled === 'string' ? idled : null },
  };
}

/** An endpoint that this host could not try, for the reason given. */
export function notObserved(target: Target, question: EndpointQuestion, error: string): EndpointObservation {
  return notConnected(target, question, { kind: 'unmeasured', durationMs: 0, rttMs: null, error });
}

/** An endpoint of which no more is known than that. */
function notConnected(
  { label, scheme, host, port }: Target,
  question: EndpointQuestion,
  connect: Connect,
): EndpointObservation {
  const { keepalive, ended } = noSession(question);
  return {
    seen: {
      target: label,
      scheme,
      host,
      address: null,
      port,
      addresses: [],
      connect,
      attempts: [],
      keepalive,
      ended,
      survival: null,
      dropper: null,
      ping: noPing('no address to ping'),
    },
    idleTest: { interrupted: false, obstacle: null },
  };
}

/** What was learnt over an open connection. */
type Session = Pick<ObservedTarget, 'keepalive' | 'ended' | 'certificate'> & Pick<Connect, 'rttMs'>;

function noSession({ keepalive: requested }: EndpointQuestion): Session {
  const none = unmeasured('not connected');
  return { rttMs: null, keepalive: { requested, refused: [], effective: none, answer: none }, ended: null };
}

/** Settings, TLS, probes, in this order, on one connection, which is closed at the end. */
async function useConnection(
  socket: Socket,
  address: string | null,
  target: Target,
  { keepalive: requested, probeCount, timeoutMs }: EndpointQuestion,
  { libc }: EndpointTools,
  signal: AbortSignal,
): Promise<Session> {
  const openedAtMs = performance.now();
  socket.on('error', () => {}); // who watches the connection notes it
  try {
    const fd = descriptorOf(socket);
    const options = typeof libc === 'string' || fd === null ? null : { libc, fd };
    const why = typeof libc === 'string' ? libc : 'the connection is gone';
    const rttMs = options === null ? null : readTcpInfo(options.libc, options.fd).rttMs;
    const refused = options === null ? [] : writeKeepalive(options.libc, options.fd, requested);
    const effective = options === null ? unmeasured(why) : readKeepalive(options.libc, options.fd);
    const tls = target.tls ? await handshakeTls(socket, target.host, { timeoutMs, signal, now: new Date() }) : null;
    const watch = watchConnection(tls?.session ?? socket, openedAtMs, {
      endInKernel: () => endOfStream(socket, options?.libc ?? null),
    });
    const probe = async (): Promise<KeepaliveAnswer> => {
      if (probeCount === null) return unmeasured('switched off by --no-probe');
      if (tls !== null && tls.session === null) return unmeasured('no TLS session');
      if (options === null) return unmeasured(why);
      const answer = await probeKeepalive(socket, watch, options.libc, { probeCount, signal });
      if (answer.kind !== 'unanswered') return answer;
      const fresh = await connectAny(address === null ? [] : [address], target.port, { timeoutMs, signal });
      fresh.socket?.destroy();
      return { ...answer, freshConnect: fresh.kind };
    };
    const answer = await probe();
    return {
      rttMs,
      keepalive: { requested, refused, effective, answer },
      ended: watch.ended(),
      ...(tls === null ? {} : { certificate: tls.certificate }),
    };
  } finally {
    socket.destroy();
  }
}

/** null: not asked for; a text: why it could not be done. */
async function idleFor(
  address: string | null,
  target: Target,
  { surviveMs, keepalive, locate }: EndpointQuestion,
  { libc }: EndpointTools,
  signal: AbortSignal,
): Promise<SurviveResult | string | null> {
  if (surviveMs === null || address === null) return null;
  if (typeof libc === 'string') return libc;
  return survive({ target, address, surviveMs, keepalive, locate }, libc, signal);
}
