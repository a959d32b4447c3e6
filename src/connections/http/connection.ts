import type { Socket } from 'node:net';
import { startDeadline } from '../../base/deadline.ts';
import type { Libc } from '../../linux/libc.ts';
import { descriptorOf } from '../../linux/socket-options.ts';
import { readDiagInfo, readTcpInfo, type TcpInfo } from '../../linux/tcp-info.ts';
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
  /** Resolves when the connection has ended, or after `timeoutMs`. Rejects only when aborted. */
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

function hold(
  stream: Socket,
  socket: Socket,
  connect: ConnectResult,
  certificate: Certificate | null,
  { timeoutMs, libc }: HttpEndpoint,
): HttpConnection {
  const localPort = socket.localPort ?? null;
  const openedAtMs = performance.now();
  const info = (): TcpInfo | null => {
    const fd = libc === null ? null : descriptorOf(socket);
    return libc === null || fd === null ? null : readTcpInfo(libc, fd);
  };
  /** When the kernel took in what is being read: this program may have been held up since. */
  const arrivedAtMs = (): number => {
    const fd = libc === null ? null : descriptorOf(socket);
    const agoMs = libc === null || fd === null ? 0 : (readDiagInfo(libc, fd).info?.lastDataReceivedMs ?? 0);
    return performance.now() - (agoMs > TICK_MS ? agoMs : 0);
  };
  let lastByteAtMs: number | null = null;
  let ended: EarlyEnd = null;
  let unasked = '';
  let unaskedBytes = 0;
  let current: { exchange: HttpExchange; bytes: number; tell: (reply: HttpReply) => void } | null = null;
  const endListeners = new Set<() => void>();
  let lastSent: { atMs: number; endVisible: boolean | null } | null = null;
  const endVisible = (): boolean | null => {
    if (ended !== null) return true;
    const { established } = info() ?? { established: null };
    return established === null ? null : !established;
  };
  const age = (): number => performance.now() - (lastByteAtMs ?? openedAtMs);

  const end = (how: Exclude<EarlyEnd, null>): void => {
    if (ended === null) {
      ended = how;
      for (const listener of endListeners) listener();
    }
    if (current === null) return;
    if (current.bytes === 0) current.tell({ kind: 'ended', end: how });
    else if (how.kind === 'closed')
      current.exchange.end(); // which may be how the body ends
    else current.tell({ kind: 'unusable', reason: 'the connection was reset in the middle of the response' });
  };
  stream.on('data', (bytes: Uint8Array) => {
    if (current === null) {
      unaskedBytes += bytes.length;
      unasked += Buffer.from(bytes.subarray(0, MOST_UNASKED - unasked.length)).toString('latin1');
      if (unaskedBytes > MOST_UNASKED_BYTES) stream.pause();
      return;
    }
    lastByteAtMs = arrivedAtMs();
    current.bytes += bytes.length;
    current.exchange.receive(bytes);
  });
  stream.on('end', () => {
    const { kind, agoMs } = endOfStream(socket, libc);
    end({ kind, afterMs: Math.max(0, age() - agoMs) });
  });
  stream.on('error', ({ code, message }: NodeJS.ErrnoException) =>
    end(
      code === 'ECONNRESET' || code === 'EPIPE'
        ? { kind: 'reset', afterMs: age() }
        : { kind: 'failed', afterMs: age(), error: code ?? oneLine(message) },
    ),
  );
  stream.on('close', () => end({ kind: 'failed', afterMs: age(), error: 'ERR_STREAM_DESTROYED' })); // unless it ended before

  return {
    socket,
    localPort,
    rttMs: info()?.rttMs ?? null,
    connect,
    certificate,
    watch: { ended: () => ended, flooded: () => unaskedBytes > MOST_UNASKED_BYTES },
    lastByteAtMs: () => lastByteAtMs,
    lastWords: () => (unasked.startsWith('HTTP/') ? oneLine(unasked.replace(/[\r\n].*$/s, '')) : null),
    lastSent: () => lastSent,
    exchange: (request, signal) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted();
        const startedAtMs = performance.now();
        const settle = (conclude: () => void): void => {
          callOff();
          signal.removeEventListener('abort', onAbort);
          current?.exchange.close();
          current = null;
          conclude();
        };
        const onAbort = (): void => settle(() => reject(signal.reason));
        const callOff = startDeadline(timeoutMs, () => tell({ kind: 'silent', timeoutMs, bytes: underWay.bytes }));
        signal.addEventListener('abort', onAbort, { once: true });
        const before = unasked;
        unasked = '';
        const tell = (reply: HttpReply): void => settle(() => resolve(reply));
        const exchange = startExchange(request, {
          send: (bytes) => {
            lastSent = { atMs: performance.now(), endVisible: endVisible() };
            if (stream.writable) stream.write(bytes);
            if (ended !== null) tell({ kind: 'ended', end: ended }); // nothing more can be read
          },
          settle: (news) =>
            tell(
              news.kind === 'answered'
                ? { ...news, durationMs: Math.max(0, (lastByteAtMs ?? performance.now()) - startedAtMs) }
                : news,
            ),
        });
        const underWay = { exchange, bytes: 0, tell };
        current = underWay;
        if (before === '') return;
        // What the server said too early is what a client takes for the response.
        underWay.bytes += before.length;
        exchange.receive(Buffer.from(before, 'latin1'));
      }),
    waitForEnd: (waitMs, signal) =>
      new Promise((resolve, reject) => {
        if (ended !== null || waitMs <= 0) return resolve();
        signal.throwIfAborted();
        const settle = (conclude: () => void): void => {
          callOff();
          signal.removeEventListener('abort', onAbort);
          endListeners.delete(onEnd);
          conclude();
        };
        const onAbort = (): void => settle(() => reject(signal.reason));
        const onEnd = (): void => settle(resolve);
        const callOff = startDeadline(waitMs, onEnd);
        signal.addEventListener('abort', onAbort, { once: true });
        endListeners.add(onEnd);
      }),
    close: () => {
      current?.exchange.close();
      current = null;
      stream.destroy();
      socket.destroy();
    },
  };
}
