import { setTimeout as sleep } from 'node:timers/promises';
import { formatDuration, plural } from '../../base/units.ts';
import type { ApplicationReply, Conversation } from '../../connections/applications/application.ts';
import { applicationFor } from '../../connections/applications/for-scheme.ts';
import {
  type IdleConnection,
  KEEPALIVE_OFF,
  openIdle,
  REQUEST_TIMEOUT_MS,
  silenceOf as silenceOfConnection,
  startProbing,
} from '../../connections/idle-connection.ts';
import type { EarlyEnd, SurvivalArm, SurvivalOutcome, TcpInfoSample } from '../../connections/observation.ts';
import { VERDICT_PROBE_COUNT, VERDICT_PROBE_INTERVAL_MS } from '../../connections/survival.ts';
import type { Target } from '../../connections/target.ts';
import { awaitEnd, type Watch } from '../../connections/watch-end.ts';
import type { Libc } from '../../linux/libc.ts';
import type { TcpInfo } from '../../linux/tcp-info.ts';
import type { Keepalive, RequestedKeepalive } from '../../report/values.ts';

/** How often a connection is looked at while its probes are under way. */
const LOOK_MS = 25;

type ArmName = SurvivalArm['arm'];

/** A connection that idles under one treatment. */
export interface IdleArm {
  arm: ArmName;
  /** null: it never came to idle; `why` says the reason. */
  connection: IdleConnection | null;
  why: string;
  /** What it had in effect while idling; null when that could not be read. */
  keepalive: Keepalive | null;
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

async function openArm(arm: ArmName, plan: ArmPlan): Promise<IdleArm> {
  const { target, keepalive, signal } = plan;
  const connection = await openIdle({
    ...plan,
    keepalive: arm === 'keepalive' ? keepalive : KEEPALIVE_OFF,
    application: applicationFor(target.scheme),
  });
  if (typeof connection === 'string')
    return { arm, connection: null, why: connection, keepalive: null, conversation: null };
  const { conversation, watch, keepalive: settings } = connection;
  const paced =
    arm === 'application' && conversation !== null
      ? keepTalking(conversation, keepalive.idleMs ?? settings.idleMs, watch, signal)
      : null;
  return { arm, connection, why: '', keepalive: settings, conversation: paced };
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

/** For how long an arm has been silent (see `silenceOf` of the connection); null when it is over or will not fall silent. */
export function silenceOf({ connection }: IdleArm, libc: Libc): number | null {
  return connection === null ? null : silenceOfConnection(connection, libc);
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
  connection: IdleConnection,
  libc: Libc,
  signal: AbortSignal,
): Promise<SurvivalArm> {
  const gone = async (provoked: Provoked | null): Promise<SurvivalArm> => {
    const ended = await awaitEnd(connection.watch, signal);
    if (ended === null) return unmeasuredArm(arm, 'the connection is gone, and how was not seen');
    return endedArm(arm, ended, provoked);
  };
  const probing = startProbing(connection, libc);
  if (probing === null) return gone(null);
  const { startedAtMs, idleAtLeastMs: idledForMs } = probing;
  const before = sampleOf(probing.before);
  let probeCount = 0;
  let verdictAtMs = Number.POSITIVE_INFINITY;
  for (;;) {
    await sleep(LOOK_MS, undefined, { signal });
    const look = probing.look();
    if (look.kind === 'gone')
      return gone({ idledForMs, probeCount: Math.max(1, probeCount), tcpInfo: { before, after: null } });
    const tcpInfo = { before, after: sampleOf(look.info) };
    const nowMs = performance.now();
    if (look.kind === 'answered') {
      const detail = `heard from again ${formatDuration(nowMs - startedAtMs)} after the first probe`;
      return result(arm, 'alive', { idledForMs, probeCount: Math.max(1, probeCount), tcpInfo, detail });
    }
    ({ probeCount } = look);
    if (probeCount >= VERDICT_PROBE_COUNT) verdictAtMs = Math.min(verdictAtMs, nowMs + 2 * VERDICT_PROBE_INTERVAL_MS);
    if (nowMs >= verdictAtMs) {
      const detail = `${plural(probeCount, 'probe')} in ${formatDuration(nowMs - startedAtMs)}, none answered`;
      return result(arm, 'stalled', { idledForMs, probeCount, tcpInfo, detail });
    }
  }
}

/** What had been learnt by probing when the connection ended. */
type Provoked = Pick<SurvivalArm, 'idledForMs' | 'probeCount' | 'tcpInfo'>;

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

const NOTHING_KNOWN = { idledForMs: null, atMs: null, unprovoked: false, error: null, probeCount: 0, tcpInfo: null };

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
