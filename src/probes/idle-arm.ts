import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Libc } from '../linux/libc.ts';
import { descriptorOf, readKeepalive, writeKeepalive } from '../linux/socket-options.ts';
import { readTcpInfo, type TcpInfo } from '../linux/tcp-info.ts';
import { VERDICT_PROBE_COUNT, VERDICT_PROBE_INTERVAL_MS } from '../policy/survival.ts';
import type {
  EarlyEnd,
  Keepalive,
  RequestedKeepalive,
  SurvivalArm,
  SurvivalOutcome,
  TcpInfoSample,
} from '../report.ts';
import type { Target } from '../target.ts';
import { formatDuration, plural } from '../units.ts';
import type { ApplicationReply, Conversation } from './applications/application.ts';
import { applicationFor } from './applications/index.ts';
import { connectAny } from './connect.ts';
import { type Watch, watchConnection } from './ending.ts';
import { handshakeTls } from './tls.ts';

/** A lossy path needs several SYNs, which the kernel sends at 0, 1, 3, 7 and 15 s. */
const CONNECT_TIMEOUT_MS = 16_000;
/** How often a connection is looked at while its probes are under way. */
const LOOK_MS = 25;
/** tcpi_last_ack_recv counts the kernel's clock ticks, of 10 ms at the most. */
const TICK_SLACK_MS = 30;
/** The kernel may know of an end before its event has reached this program. */
const EVENT_LAG_MS = 20;
/** TCP_KEEPCNT's maximum: the kernel must not end the connection before the verdict. */
const NEVER_GIVE_UP = 127;
/** How long a request may stay unanswered before the connection counts as stalled: several retransmissions. */
const REQUEST_TIMEOUT_MS = 15_000;

type ArmName = SurvivalArm['arm'];

/** A connection that idles. */
export interface IdleArm {
  arm: ArmName;
  /** null: it never came to idle; `why` says the reason. */
  connection: { socket: Socket; watch: Watch; openedAtMs: number } | null;
  why: string;
  /** What it had in effect while idling; null when that could not be read. */
  keepalive: Keepalive | null;
  /** When a segment last went either way, as far as anybody looked, and how many had by then. */
  traffic: { latestAtMs: number; segmentCount: number; dataSegmentCount: number; talkative: boolean };
  /** Only for the application arm: what it last came to. */
  conversation: { latest: ApplicationReply | null; stop: () => Promise<void> } | null;
}

/** What opening an arm needs. */
interface ArmPlan {
  target: Target;
  /** The address to connect to, always the same for all arms. */
  address: string;
  keepalive: RequestedKeepalive;
  libc: Libc;
  signal: AbortSignal;
}

const KEEPALIVE_OFF: RequestedKeepalive = {
  enabled: false,
  idleMs: null,
  intervalMs: null,
  count: null,
  userTimeoutMs: null,
};

/**
 * Opens the arms that make sense for a target: silent always, keepalive unless it is off, application where the scheme has one. Where the
 * scheme has one, every arm makes one request first, which puts the server into its longest idle state. Rejects only when aborted.
 */
export function openArms(plan: ArmPlan): Promise<IdleArm[]> {
  const names: ArmName[] = ['silent'];
  if (plan.keepalive.enabled) names.push('keepalive');
  if (applicationFor(plan.target.scheme) !== null) names.push('application');
  return Promise.all(names.map((arm) => openArm(arm, plan)));
}

async function openArm(arm: ArmName, { target, address, keepalive, libc, signal }: ArmPlan): Promise<IdleArm> {
  const traffic = { latestAtMs: performance.now(), segmentCount: 0, dataSegmentCount: 0, talkative: false };
  const failed = (why: string): IdleArm => ({
    arm,
    connection: null,
    why,
    keepalive: null,
    traffic,
    conversation: null,
  });
  const { socket, error } = await connectAny([address], target.port, { timeoutMs: CONNECT_TIMEOUT_MS, signal });
  const openedAtMs = performance.now();
  if (socket === null) return failed(`could not connect (${error})`);
  socket.on('error', () => {}); // who watches the connection notes it
  const fd = descriptorOf(socket);
  if (fd === null) return failed('the connection was gone at once');
  const refused = writeKeepalive(libc, fd, arm === 'keepalive' ? keepalive : KEEPALIVE_OFF);
  const settings = readKeepalive(libc, fd);
  if (refused.length > 0) {
    socket.destroy();
    return failed(`the kernel refused ${refused.map(({ option }) => option).join(', ')}`);
  }
  const tls = target.tls
    ? await handshakeTls(socket, target.host, { timeoutMs: CONNECT_TIMEOUT_MS, signal, now: new Date() })
    : null;
  if (tls !== null && tls.session === null) return failed('no TLS session');
  const stream = tls?.session ?? socket;
  const application = applicationFor(target.scheme);
  let conversation: Conversation | null = null;
  if (application !== null) {
    conversation = application.open(stream, target);
    const reply = await conversation.request({ timeoutMs: REQUEST_TIMEOUT_MS, signal });
    if (reply.kind !== 'replied') {
      socket.destroy();
      return failed(`the first request got no usable reply: ${describeReply(reply)}`);
    }
  }
  const watch = watchConnection(stream, openedAtMs, Number.POSITIVE_INFINITY);
  const paced =
    arm === 'application' && conversation !== null
      ? keepTalking(conversation, keepalive.idleMs ?? settings.idleMs, watch, signal)
      : null;
  return { arm, connection: { socket, watch, openedAtMs }, why: '', keepalive: settings, traffic, conversation: paced };
}

/** Makes a request each `paceMs` until stopped, or until one is not answered. */
function keepTalking(
  conversation: Conversation,
  paceMs: number,
  watch: Watch,
  signal: AbortSignal,
): IdleArm['conversation'] {
  const stopped = new AbortController();
  const either = AbortSignal.any([signal, stopped.signal]);
  const state: { latest: ApplicationReply | null } = { latest: null };
  const talk = async (): Promise<void> => {
    while (state.latest === null || state.latest.kind === 'replied') {
      await sleep(paceMs, undefined, { signal: either });
      if (watch.ended() !== null) return;
      // Once sent, a request is waited for even when it is time to stop: its answer is the evidence.
      state.latest = await conversation.request({ timeoutMs: REQUEST_TIMEOUT_MS, signal });
    }
  };
  const done = talk().catch(() => {}); // aborted
  return {
    get latest() {
      return state.latest;
    },
    stop: () => {
      stopped.abort();
      return done;
    },
  };
}

/**
 * Looks whether anything went either way since the last look, and returns for how long nothing has, in ms; null when the arm is over or its
 * peer keeps sending data, so that it will not fall silent. What the handshake still owes (a SYN-ACK sent again because the last ACK
 * was lost) counts: it refreshes a middlebox like anything else.
 */
export function silenceOf({ connection, traffic }: IdleArm, libc: Libc): number | null {
  const fd = connection === null || connection.watch.ended() !== null ? null : descriptorOf(connection.socket);
  if (connection === null || fd === null) return null;
  const { segmentsIn, segmentsOut, dataSegmentsIn } = readTcpInfo(libc, fd);
  const segmentCount = (segmentsIn ?? 0) + (segmentsOut ?? 0);
  const nowMs = performance.now();
  const first = traffic.segmentCount === 0;
  if (!first && (dataSegmentsIn ?? 0) > traffic.dataSegmentCount) traffic.talkative = true;
  if (segmentCount > traffic.segmentCount) traffic.latestAtMs = first ? connection.openedAtMs : nowMs;
  traffic.segmentCount = segmentCount;
  traffic.dataSegmentCount = dataSegmentsIn ?? 0;
  return traffic.talkative ? null : nowMs - traffic.latestAtMs;
}

/** Ends an arm; may be called again. */
export function closeArm({ connection }: IdleArm): void {
  connection?.socket.destroy();
}

/**
 * Finds out what an arm came to: how it ended by itself, else whether probes without payload draw an answer. Takes less than ten seconds
 * when they do not. Rejects only when aborted.
 */
export async function judgeArm(arm: IdleArm, libc: Libc, signal: AbortSignal): Promise<SurvivalArm> {
  const { connection, conversation } = arm;
  if (connection === null) return unmeasuredArm(arm, arm.why);
  await conversation?.stop();
  const latest = conversation?.latest ?? null;
  if (latest !== null && latest.kind === 'silent') {
    const ended = connection.watch.ended();
    if (ended !== null) return endedArm(arm, ended);
    return result(arm, 'stalled', { detail: `a request got no reply in ${formatDuration(REQUEST_TIMEOUT_MS)}` });
  }
  return probeArm(arm, connection, libc, signal);
}

/** An arm about which nothing is known. */
export function unmeasuredArm({ arm }: Pick<IdleArm, 'arm'>, why: string): SurvivalArm {
  return { ...NOTHING_KNOWN, arm, outcome: 'unmeasured', detail: why };
}

/** How an arm ended by itself, if it did. */
export function endOfArm(arm: IdleArm): SurvivalArm | null {
  const ended = arm.connection?.watch.ended() ?? null;
  return ended === null ? null : endedArm(arm, ended);
}

async function probeArm(
  arm: IdleArm,
  { socket, watch }: NonNullable<IdleArm['connection']>,
  libc: Libc,
  signal: AbortSignal,
): Promise<SurvivalArm> {
  const gone = async (provoked: Provoked | null): Promise<SurvivalArm> => {
    await sleep(EVENT_LAG_MS, undefined, { signal });
    const ended = watch.ended();
    if (ended === null) return unmeasuredArm(arm, 'the connection is gone, and how was not seen');
    return endedArm(arm, ended, provoked);
  };
  const look = () => {
    const fd = descriptorOf(socket);
    const info = fd === null || watch.ended() !== null ? null : readTcpInfo(libc, fd);
    return fd === null || info === null || !info.established || info.lastAckReceivedMs === null
      ? null
      : { fd, info, lastHeardAtMs: performance.now() - info.lastAckReceivedMs };
  };
  const before = look();
  if (before === null) return gone(null);
  const startedAtMs = performance.now();
  const idleMs = startedAtMs - Math.max(before.lastHeardAtMs, arm.traffic.latestAtMs);
  const probing = { enabled: true, idleMs: 1000, intervalMs: 1000, count: NEVER_GIVE_UP, userTimeoutMs: 0 };
  writeKeepalive(libc, before.fd, probing);
  const sentBefore = before.info.unansweredProbes;
  let nextNudgeAtMs = startedAtMs; // switching keepalive on arms the timer, the second setting fires it
  let probeCount = 0;
  let verdictAtMs = Number.POSITIVE_INFINITY;
  for (;;) {
    await sleep(LOOK_MS, undefined, { signal });
    const now = look();
    if (now === null) {
      return gone({
        idleMs,
        probeCount: Math.max(1, probeCount),
        tcpInfo: { before: sampleOf(before.info), after: null },
      });
    }
    const tcpInfo = { before: sampleOf(before.info), after: sampleOf(now.info) };
    const nowMs = performance.now();
    if (now.lastHeardAtMs > before.lastHeardAtMs + TICK_SLACK_MS) {
      const detail = `heard from again ${formatDuration(nowMs - startedAtMs)} after the first probe`;
      return result(arm, 'alive', { idleMs, probeCount: Math.max(1, probeCount), tcpInfo, detail });
    }
    probeCount = now.info.unansweredProbes - sentBefore;
    if (probeCount >= VERDICT_PROBE_COUNT) verdictAtMs = Math.min(verdictAtMs, nowMs + 2 * VERDICT_PROBE_INTERVAL_MS);
    if (nowMs >= verdictAtMs) {
      const detail = `${plural(probeCount, 'probe')} in ${formatDuration(nowMs - startedAtMs)}, none answered`;
      return result(arm, 'stalled', { idleMs, probeCount, tcpInfo, detail });
    }
    if (nowMs >= nextNudgeAtMs) {
      // Setting TCP_KEEPIDLE again on a connection that has been idle for longer has the kernel probe at once (tcp_sock_set_keepidle_locked).
      writeKeepalive(libc, now.fd, probing);
      nextNudgeAtMs = nowMs + VERDICT_PROBE_INTERVAL_MS;
    }
  }
}

/** What had been learnt by probing when the connection ended. */
type Provoked = Pick<SurvivalArm, 'idleMs' | 'probeCount' | 'tcpInfo'>;

function endedArm(arm: IdleArm, ended: NonNullable<EarlyEnd>, provoked: Provoked | null = null): SurvivalArm {
  const after = `${formatDuration(ended.afterMs)} after it was made`;
  const when = provoked === null ? after : 'in answer to a probe';
  const facts = { ...provoked, atMs: ended.afterMs, unprovoked: provoked === null };
  switch (ended.kind) {
    case 'closed':
      return result(arm, 'closed', { ...facts, detail: `the peer closed it (FIN) ${when}` });
    case 'reset':
      return result(arm, 'reset', { ...facts, error: 'ECONNRESET', detail: `it was reset (RST) ${when}` });
    case 'failed': {
      const { error } = ended;
      const outcome = OUTCOME_OF_ERRNO[error];
      if (outcome === undefined) return unmeasuredArm(arm, `it failed (${error}) ${after}`);
      return result(arm, outcome, { ...facts, error, detail: `this host's kernel gave it up (${error}) ${after}` });
    }
    default:
      return ended satisfies never;
  }
}

/** ETIMEDOUT: the connection's own keepalive or user timeout has noticed the silence. The others: ICMP said so. */
const OUTCOME_OF_ERRNO: Readonly<Record<string, SurvivalOutcome>> = {
  ETIMEDOUT: 'stalled',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
};

const NOTHING_KNOWN = { idleMs: null, atMs: null, unprovoked: false, error: null, probeCount: 0, tcpInfo: null };

function result(
  { arm, connection }: IdleArm,
  outcome: SurvivalOutcome,
  known: Partial<SurvivalArm> & Pick<SurvivalArm, 'detail'>,
): SurvivalArm {
  const atMs = connection === null ? null : performance.now() - connection.openedAtMs;
  return { ...NOTHING_KNOWN, arm, outcome, atMs, ...known };
}

function sampleOf({ unansweredProbes, lastAckReceivedMs, segmentsOut, segmentsIn }: TcpInfo): TcpInfoSample {
  return { unansweredProbes, lastAckReceivedMs, segmentsOut, segmentsIn };
}

function describeReply(reply: Exclude<ApplicationReply, { kind: 'replied' }>): string {
  return 'reason' in reply ? reply.reason : reply.kind;
}
