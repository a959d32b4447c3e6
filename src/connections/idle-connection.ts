import type { Socket } from 'node:net';
import type { Libc } from '../linux/libc.ts';
import { descriptorOf, readKeepalive, writeKeepalive } from '../linux/socket-options.ts';
import { readTcpInfo, type TcpInfo } from '../linux/tcp-info.ts';
import type { Keepalive, RequestedKeepalive } from '../report/values.ts';
import type { Application, ApplicationReply, Conversation } from './applications/application.ts';
import { connectAny } from './connect.ts';
import { VERDICT_PROBE_INTERVAL_MS } from './survival.ts';
import type { Target } from './target.ts';
import { handshakeTls } from './tls.ts';
import { endOfStream, type Watch, watchConnection } from './watch-end.ts';

/** A lossy path needs several SYNs, which the kernel sends at 0, 1, 3, 7 and 15 s. */
const CONNECT_TIMEOUT_MS = 16_000;
/** tcpi_last_ack_recv counts the kernel's clock ticks, of 10 ms at the most. */
const TICK_SLACK_MS = 30;
/** The longest that the kernel delays an acknowledgement of its own (TCP_DELACK_MAX in net/tcp.h). */
const DELAYED_ACK_MS = 200;
/** TCP_KEEPCNT's maximum: the kernel must not end the connection before the verdict. */
const NEVER_GIVE_UP = 127;
/** How long a request may stay unanswered before the connection counts as stalled: several retransmissions. */
export const REQUEST_TIMEOUT_MS = 15_000;

/** A connection that idles. */
export interface IdleConnection {
  socket: Socket;
  watch: Watch;
  openedAtMs: number;
  /** How long connect(2) took. */
  connectMs: number;
  /** What it had in effect at first. */
  keepalive: Keepalive;
  /** When a segment last went either way, as far as anybody looked, and how many had by then. */
  traffic: { latestAtMs: number; segmentCount: number; dataSegmentCount: number; keepsSending: boolean };
  /** After the first request; null where none was made. */
  conversation: Conversation | null;
}

/** What opening one needs. */
export interface IdlePlan {
  target: Target;
  /** The address to connect to. */
  address: string;
  keepalive: RequestedKeepalive;
  /** With which to make one request first, which puts the server into its longest idle state; null: none. */
  application: Application | null;
  libc: Libc;
  signal: AbortSignal;
}

/** Keepalive as most programs leave it. */
export const KEEPALIVE_OFF: RequestedKeepalive = {
  enabled: false,
  idleMs: null,
  intervalMs: null,
  count: null,
  userTimeoutMs: null,
};

/** Connects, makes the TLS handshake and the first request where there is one. A text says why it came to nothing. Rejects only when aborted. */
export async function openIdle(plan: IdlePlan): Promise<IdleConnection | string> {
  const { target, address, keepalive, application, libc, signal } = plan;
  const { socket, error, durationMs } = await connectAny([address], target.port, {
    timeoutMs: CONNECT_TIMEOUT_MS,
    signal,
  });
  const openedAtMs = performance.now();
  if (socket === null) return `could not connect (${error})`;
  socket.on('error', () => {}); // who watches the connection notes it
  const fd = descriptorOf(socket);
  if (fd === null) return 'the connection was gone at once';
  const refused = writeKeepalive(libc, fd, keepalive);
  const settings = readKeepalive(libc, fd);
  if (refused.length > 0) {
    socket.destroy();
    return `the kernel refused ${refused.map(({ option }) => option).join(', ')}`;
  }
  const tls = target.tls
    ? await handshakeTls(socket, target.host, { timeoutMs: CONNECT_TIMEOUT_MS, signal, now: new Date() })
    : null;
  if (tls !== null && tls.session === null) return 'no TLS session';
  const stream = tls?.session ?? socket;
  let conversation: Conversation | null = null;
  if (application !== null) {
    conversation = application.open(stream, target);
    const reply = await conversation.request({ timeoutMs: REQUEST_TIMEOUT_MS, signal });
    if (reply.kind !== 'replied') {
      socket.destroy();
      return `the first request got no usable reply: ${describeReply(reply)}`;
    }
  }
  return {
    socket,
    watch: watchConnection(stream, openedAtMs, {
      mostBytes: Number.POSITIVE_INFINITY,
      endInKernel: () => endOfStream(socket, libc),
    }),
    openedAtMs,
    connectMs: durationMs,
    keepalive: settings,
    traffic: { latestAtMs: openedAtMs, segmentCount: 0, dataSegmentCount: 0, keepsSending: false },
    conversation,
  };
}

/**
 * Looks whether anything went either way since the last look, and returns for how long nothing has, in ms; null when the connection is over
 * or its peer keeps sending data, so that it will not fall silent. What the handshake still owes (a SYN-ACK sent again because the last ACK
 * was lost) counts: it refreshes a middlebox like anything else.
 */
export function silenceOf(connection: IdleConnection, libc: Libc): number | null {
  const info = infoOf(connection, libc);
  if (info === null) return null;
  noteTraffic(connection, info);
  const { keepsSending, latestAtMs } = connection.traffic;
  return keepsSending ? null : performance.now() - latestAtMs;
}

/** When a connection fell silent. */
export interface Quiet {
  /** Nothing has gone either way since then at the latest, as far as is known: what the peer said last may still have been acknowledged. */
  sinceMs: number;
  /** When the peer was heard last, no later than that: from then its own timer counts. */
  heardAtMs: number;
}

/** Since when nothing has gone either way; null when the connection is over. */
export function quietSince(connection: IdleConnection, libc: Libc): Quiet | null {
  const fromMs = performance.now();
  const info = infoOf(connection, libc);
  if (info === null || info.state !== 'established') return null; // a FIN, of which the event is on its way, is no traffic to begin anew from
  noteTraffic(connection, info);
  const { earliestMs, latestMs } = heardBetween(info, fromMs);
  return { sinceMs: Math.max(connection.traffic.latestAtMs, ackedByMs(info, latestMs)), heardAtMs: earliestMs };
}

/**
 * Between which times the peer was heard last, by what was read since `fromMs`: a busy machine may have held this program up between the
 * kernel's word and its own look at the clock, on either side of it.
 */
function heardBetween({ lastAckReceivedMs }: TcpInfo, fromMs: number): { earliestMs: number; latestMs: number } {
  const agoMs = lastAckReceivedMs ?? 0;
  return { earliestMs: fromMs - agoMs, latestMs: performance.now() - agoMs };
}

/** By when what the peer said last was acknowledged. */
function ackedByMs({ dataSegmentsIn }: TcpInfo, heardByMs: number): number {
  return (dataSegmentsIn ?? 0) > 0 ? heardByMs + DELAYED_ACK_MS : heardByMs;
}

/** How the kernel sees the connection; null when it is over. */
export function infoOf({ socket, watch }: IdleConnection, libc: Libc): TcpInfo | null {
  const fd = watch.ended() === null ? descriptorOf(socket) : null;
  return fd === null ? null : readTcpInfo(libc, fd);
}

function noteTraffic(
  { openedAtMs, traffic }: IdleConnection,
  { segmentsIn, segmentsOut, dataSegmentsIn }: TcpInfo,
): void {
  const segmentCount = (segmentsIn ?? 0) + (segmentsOut ?? 0);
  const first = traffic.segmentCount === 0;
  if (!first && (dataSegmentsIn ?? 0) > traffic.dataSegmentCount) traffic.keepsSending = true;
  if (segmentCount > traffic.segmentCount) traffic.latestAtMs = first ? openedAtMs : performance.now();
  traffic.segmentCount = segmentCount;
  traffic.dataSegmentCount = dataSegmentsIn ?? 0;
}

/** What probes without payload have drawn so far. */
type ProbingLook =
  | { kind: 'gone' }
  | {
      kind: 'answered' | 'unanswered';
      /** Probes sent since the first, less those before an answer. */
      probeCount: number;
      /** Those that were sent before the one that drew the answer, as far as the looks have shown; 0 without an answer. */
      lostCount: number;
      info: TcpInfo;
    };

/** Probes under way on one connection. */
export interface Probing {
  startedAtMs: number;
  /** How the kernel saw the connection before. */
  before: TcpInfo;
  /** For how long nothing had gone either way when the first probe left: between these two. */
  idleAtLeastMs: number;
  idleAtMostMs(): number;
  /** Looks, and has the kernel send the next probe if it is time. To be called often. */
  look(): ProbingLook;
}

/** Has the kernel send the first probe on an idle connection; null when the connection is over. */
export function startProbing(connection: IdleConnection, libc: Libc): Probing | null {
  const { socket, watch, traffic } = connection;
  const inspect = () => {
    const fd = descriptorOf(socket);
    const fromMs = performance.now();
    const info = fd === null || watch.ended() !== null ? null : readTcpInfo(libc, fd);
    return fd === null || info === null || info.state !== 'established' || info.lastAckReceivedMs === null
      ? null
      : { fd, info, heard: heardBetween(info, fromMs) };
  };
  const before = inspect();
  if (before === null) return null;
  noteTraffic(connection, before.info);
  const startedAtMs = performance.now();
  const probing = { enabled: true, idleMs: 1000, intervalMs: 1000, count: NEVER_GIVE_UP, userTimeoutMs: 0 };
  writeKeepalive(libc, before.fd, probing); // arms the timer, which the same setting fires
  writeKeepalive(libc, before.fd, probing);
  let nextNudgeAtMs = startedAtMs + VERDICT_PROBE_INTERVAL_MS;
  let leftByMs: number | null = null;
  let counted = { probeCount: 0, atMs: startedAtMs };
  return {
    startedAtMs,
    before: before.info,
    idleAtLeastMs: Math.max(
      0,
      startedAtMs - Math.min(startedAtMs, Math.max(ackedByMs(before.info, before.heard.latestMs), traffic.latestAtMs)),
    ),
    idleAtMostMs: () => (leftByMs ?? performance.now()) - before.heard.earliestMs + TICK_SLACK_MS / 3,
    look: () => {
      const now = inspect();
      if (now === null) return { kind: 'gone' };
      const nowMs = performance.now();
      const probeCount = now.info.unansweredProbes - before.info.unansweredProbes;
      if (probeCount > 0) leftByMs ??= nowMs;
      if (now.heard.earliestMs > before.heard.latestMs + TICK_SLACK_MS) {
        // An answer that came soon after the last probe that was counted is to that one; a later one is to a probe that no look has seen.
        const isToLast = nowMs - counted.atMs < VERDICT_PROBE_INTERVAL_MS / 2;
        const lostCount = Math.max(0, counted.probeCount - (isToLast ? 1 : 0));
        return { kind: 'answered', probeCount, lostCount, info: now.info };
      }
      if (probeCount > counted.probeCount) counted = { probeCount, atMs: nowMs };
      if (nowMs >= nextNudgeAtMs) {
        // Setting TCP_KEEPIDLE again on a connection that has been idle for longer has the kernel probe at once (tcp_sock_set_keepidle_locked).
        writeKeepalive(libc, now.fd, probing);
        nextNudgeAtMs = nowMs + VERDICT_PROBE_INTERVAL_MS;
      }
      return { kind: 'unanswered', probeCount, lostCount: 0, info: now.info };
    },
  };
}

/** Why a request got no usable reply. */
function describeReply(reply: Exclude<ApplicationReply, { kind: 'replied' }>): string {
  return 'reason' in reply ? reply.reason : reply.kind;
}
