import type { Socket } from 'node:net';
import { waitFor } from '../../base/deadline.ts';
import type { Libc } from '../../linux/libc.ts';
import { descriptorOf } from '../../linux/socket-options.ts';
import { readTcpInfo, type TcpInfo } from '../../linux/tcp-info.ts';
import { oneLine } from '../applications/conversation.ts';
import { type ConnectResult, connectAny } from '../connect.ts';
import type { Certificate, EarlyEnd } from '../observation.ts';
import { handshakeTls } from '../tls.ts';
import { endOfStream, type Watch } from '../watch-end.ts';
import { type HttpExchange, type HttpNews, type HttpRequest, startExchange } from './exchange.ts';

/** How much of what is said unasked is kept: enough for a status line. */
const MOST_UNASKED = 1024;
/** What a server may say unasked before it is no longer worth reading. */
const MOST_UNASKED_BYTES = 1024 * 1024;
/** The kernel counts in ticks of 10 ms at the most: what it says came this long ago may have come just now. */
const TICK_MS = 10;

/** Where to connect, and how. */
export interface HttpEndpoint {
  addresses: readonly string[];
  host: string;
  port: number;
  tls: boolean;
  /** Whether an untrusted certificate is no obstacle. */
  insecure: boolean;
  /** For the connection, the TLS handshake and each response. */
  timeoutMs: number;
  /** null: this platform has no way to the kernel's view of a connection. */
  libc: Libc | null;
}

/** What a request came to. */
export type HttpReply =
  | (Extract<HttpNews, { kind: 'answered' }> & { durationMs: number })
  | Extract<HttpNews, { kind: 'unusable' }>
  /** The connection ended before the first byte of a response. */
  | { kind: 'ended'; end: Exclude<EarlyEnd, null> }
  /** No whole response within the time for it; `bytes` of it came. */
  | { kind: 'silent'; timeoutMs: number; bytes: number };

/** A connection to an HTTP server, watched all the time. */
export interface HttpConnection {
  socket: Socket;
  localPort: number | null;
  /** tcpi_rtt after the handshakes; null: not known. */
  rttMs: number | null;
  connect: ConnectResult;
  certificate: Certificate | null;
  /** Whether it ended; times are since the last byte of the last response. Reading stops when the server floods. */
  watch: Watch;
  /** When the last byte of the last response came, on performance.now()'s clock; null: nothing came. */
  lastByteAtMs(): number | null;
  /** The status line of what the server said unasked since the last response; null: nothing. */
  lastWords(): string | null;
  /**
   * The last request: when it was sent, on performance.now()'s clock, and whether this host's kernel knew at that moment that the server has
   * ended the connection, that is, its FIN or RST had arrived (`endVisible` null: not known). null: none was sent.
   */
  lastSent(): { atMs: number; endVisible: boolean | null } | null;
  /** Makes one request at a time, also on a connection that has ended. Rejects only when aborted. */
  exchange(request: HttpRequest, signal: AbortSignal): Promise<HttpReply>;
  /** Resolves when the connection has ended, or after `timeoutMs`; one call at a time. Rejects only when aborted. */
  waitForEnd(timeoutMs: number, signal: AbortSignal): Promise<void>;
  close(): void;
}

/** What became of opening one. */
export type HttpOpening =
  | { kind: 'open'; connection: HttpConnection }
  /** `error` in a phrase. `certificate` null: it did not come to a handshake. */
  | { kind: 'failed'; connect: ConnectResult; certificate: Certificate | null; error: string };

/** Connects, and makes the TLS handshake where there is one, in which HTTP/1.1 is all that is offered. Rejects only when aborted. */
export async function openHttp(endpoint: HttpEndpoint, signal: AbortSignal): Promise<HttpOpening> {
  const { addresses, host, port, tls, insecure, timeoutMs } = endpoint;
  const connect = await connectAny(addresses, port, { timeoutMs, signal });
  const { socket } = connect;
  if (socket === null)
    return {
      kind: 'failed',
      connect,
      certificate: null,
      error: `could not connect: ${connect.kind} (${connect.error ?? 'unknown'})`,
    };
  socket.on('error', () => {}); // who watches the connection notes it
  socket.setNoDelay(true);
  if (!tls) return { kind: 'open', connection: hold(socket, socket, connect, null, endpoint) };
  const fail = (certificate: Certificate | null, error: string): HttpOpening => {
    socket.destroy();
    return { kind: 'failed', connect, certificate, error };
  };
  try {
    const offer = { timeoutMs, signal, now: new Date(), alpn: ['http/1.1'] };
    const { certificate, session } = await handshakeTls(socket, host, offer);
    if (session === null)
      return fail(
        certificate,
        `no TLS session (${certificate.kind === 'handshake-failed' ? certificate.error : 'unknown'})`,
      );
    if (!insecure && !(certificate.kind === 'presented' && certificate.trusted))
      return fail(certificate, 'the certificate is not trusted here, and nothing was asked over that connection');
    return { kind: 'open', connection: hold(session, socket, connect, certificate, endpoint) };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/**
 * Whether the server chooses HTTP/2 when it is offered beside HTTP/1.1, and its certificate then: on a connection of its own, over which nothing is
 * said. null: no TLS session came about. Rejects only when aborted.
 */
export async function asksForHttp2(
  { addresses, host, port, timeoutMs }: HttpEndpoint,
  signal: AbortSignal,
): Promise<{ http2: boolean; certificate: Certificate } | null> {
  const { socket } = await connectAny(addresses, port, { timeoutMs, signal });
  if (socket === null) return null;
  socket.on('error', () => {});
  try {
    const offer = { timeoutMs, signal, now: new Date(), alpn: ['h2', 'http/1.1'] };
    const { certificate, session } = await handshakeTls(socket, host, offer);
    return session === null ? null : { http2: session.alpnProtocol === 'h2', certificate };
  } finally {
    socket.destroy();
  }
}

/** A connection, and what its events have told so far. */
interface Held {
  /** What requests are written to: the TLS session, or the socket itself. */
  stream: Socket;
  socket: Socket;
  libc: Libc | null;
  timeoutMs: number;
  openedAtMs: number;
  ended: EarlyEnd;
  lastByteAtMs: number | null;
  lastSent: { atMs: number; endVisible: boolean | null } | null;
  /** What came without a request since the last one, up to `MOST_UNASKED`, and all that ever did. */
  unasked: string;
  unaskedBytes: number;
  /** The request that waits for its response. */
  underWay: UnderWay | null;
  /** Who waits for the end; null: nobody. */
  onEnd: (() => void) | null;
}

/** A request, what has come of its response, and who waits for it. */
interface UnderWay {
  exchange: HttpExchange;
  bytes: number;
  settle(reply: HttpReply): void;
}

function hold(
  stream: Socket,
  socket: Socket,
  connect: ConnectResult,
  certificate: Certificate | null,
  { timeoutMs, libc }: HttpEndpoint,
): HttpConnection {
  const held: Held = {
    stream,
    socket,
    libc,
    timeoutMs,
    openedAtMs: performance.now(),
    ended: null,
    lastByteAtMs: null,
    lastSent: null,
    unasked: '',
    unaskedBytes: 0,
    underWay: null,
    onEnd: null,
  };
  stream.on('data', (bytes: Uint8Array) => takeIn(held, bytes));
  stream.on('end', () => {
    const { kind, agoMs } = endOfStream(socket, libc);
    noteEnd(held, { kind, afterMs: Math.max(0, ageMs(held) - agoMs) });
  });
  stream.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    const isReset = code === 'ECONNRESET' || code === 'EPIPE';
    const failed = { kind: 'failed', error: code ?? oneLine(message) } as const;
    noteEnd(held, { ...(isReset ? { kind: 'reset' } : failed), afterMs: ageMs(held) });
  });
  // Nothing but closing it here, unless it ended before.
  stream.on('close', () => noteEnd(held, { kind: 'failed', afterMs: ageMs(held), error: 'ERR_STREAM_DESTROYED' }));
  return {
    socket,
    localPort: socket.localPort ?? null,
    rttMs: infoOf(held)?.rttMs ?? null,
    connect,
    certificate,
    watch: { ended: () => held.ended, flooded: () => held.unaskedBytes > MOST_UNASKED_BYTES },
    lastByteAtMs: () => held.lastByteAtMs,
    lastWords: () => (held.unasked.startsWith('HTTP/') ? oneLine(held.unasked.replace(/[\r\n].*$/s, '')) : null),
    lastSent: () => held.lastSent,
    exchange: (request, signal) => exchangeOn(held, request, signal),
    waitForEnd: (waitMs, signal) => waitForEnd(held, waitMs, signal),
    close: () => {
      callOff(held);
      stream.destroy();
      socket.destroy();
    },
  };
}

/** How the kernel sees the connection; null where it cannot be asked. */
function infoOf({ socket, libc }: Held): TcpInfo | null {
  const fd = libc === null ? null : descriptorOf(socket);
  return libc === null || fd === null ? null : readTcpInfo(libc, fd);
}

/** Since the last byte of the last response. */
function ageMs({ lastByteAtMs, openedAtMs }: Held): number {
  return performance.now() - (lastByteAtMs ?? openedAtMs);
}

/** When the kernel took in what is being read: this program may have been held up since. */
function arrivedAtMs(held: Held): number {
  const agoMs = infoOf(held)?.lastDataReceivedMs ?? 0;
  return performance.now() - (agoMs > TICK_MS ? agoMs : 0);
}

function isEndVisible(held: Held): boolean | null {
  if (held.ended !== null) return true;
  const info = infoOf(held);
  return info === null ? null : info.state !== 'established';
}

function takeIn(held: Held, bytes: Uint8Array): void {
  const { underWay, stream } = held;
  if (underWay === null) {
    held.unaskedBytes += bytes.length;
    held.unasked += Buffer.from(bytes.subarray(0, MOST_UNASKED - held.unasked.length)).toString('latin1');
    if (held.unaskedBytes > MOST_UNASKED_BYTES) stream.pause();
    return;
  }
  held.lastByteAtMs = arrivedAtMs(held);
  underWay.bytes += bytes.length;
  underWay.exchange.receive(bytes);
}

function noteEnd(held: Held, end: Exclude<EarlyEnd, null>): void {
  if (held.ended === null) {
    held.ended = end;
    held.onEnd?.();
  }
  const { underWay } = held;
  if (underWay === null) return;
  if (underWay.bytes === 0) underWay.settle({ kind: 'ended', end });
  else if (end.kind === 'closed')
    underWay.exchange.end(); // which may be how the body ends
  else underWay.settle({ kind: 'unusable', reason: 'the connection was reset in the middle of the response' });
}

function exchangeOn(held: Held, request: HttpRequest, signal: AbortSignal): Promise<HttpReply> {
  const { timeoutMs, stream } = held;
  const startedAtMs = performance.now();
  const late = (): HttpReply => ({ kind: 'silent', timeoutMs, bytes: held.underWay?.bytes ?? 0 });
  return waitFor({ timeoutMs, signal, late, finish: () => callOff(held) }, (settle) => {
    const before = held.unasked;
    held.unasked = '';
    const exchange = startExchange(request, {
      send: (bytes) => {
        held.lastSent = { atMs: performance.now(), endVisible: isEndVisible(held) };
        if (stream.writable) stream.write(bytes);
        if (held.ended !== null) settle({ kind: 'ended', end: held.ended }); // nothing more can be read
      },
      settle: (news) =>
        settle(
          news.kind === 'answered'
            ? { ...news, durationMs: Math.max(0, (held.lastByteAtMs ?? performance.now()) - startedAtMs) }
            : news,
        ),
    });
    held.underWay = { exchange, bytes: 0, settle };
    if (before === '') return;
    // What the server said too early is what a client takes for the response.
    held.underWay.bytes += before.length;
    exchange.receive(Buffer.from(before, 'latin1'));
  });
}

/** Lets the request under way go. */
function callOff(held: Held): void {
  held.underWay?.exchange.close();
  held.underWay = null;
}

async function waitForEnd(held: Held, timeoutMs: number, signal: AbortSignal): Promise<void> {
  if (held.ended !== null || timeoutMs <= 0) return;
  const finish = (): void => {
    held.onEnd = null;
  };
  await waitFor<void>({ timeoutMs, signal, late: () => {}, finish }, (settle) => {
    held.onEnd = settle;
  });
}
