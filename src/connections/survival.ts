/** What idle connections came to, and who ended them: decided from outcomes alone. */

import { formatDuration } from '../base/units.ts';
import type { IdleEvidence } from '../keepalive/recommended-settings.ts';
import type { Keepalive } from '../report/values.ts';
import type { ConnectKind, Ping, Survival, SurvivalArm, SurvivalCause } from './observation.ts';

/**
 * Probes without an answer after which a connection counts as stalled. Each goes its way and its answer comes back: at a loss of 20 % each
 * way, independent from packet to packet, a probe stays unanswered with a chance of 1 − 0.8², and all of them with that to the power of
 * their number.
 */
export const VERDICT_PROBE_COUNT = 14;

/** Apart by more than the 500 ms for which a Linux peer answers only one of them (net.ipv4.tcp_invalid_ratelimit). */
export const VERDICT_PROBE_INTERVAL_MS = 600;

/** The chance that a living connection is called stalled if each packet is lost with a chance of `loss`. */
export function falseStallProbability(loss: number, probeCount: number): number {
  return (1 - (1 - loss) ** 2) ** probeCount;
}

/** What is known when the cause is asked for. */
export interface SurvivalEvidence {
  /** How long the connections were to be left alone. */
  askedForMs: number;
  arms: readonly SurvivalArm[];
  /** What a new connection came to afterwards; null when none was needed. */
  freshConnect: ConnectKind | null;
  /** What ping came to afterwards; null when it was not needed. */
  ping: Ping | null;
  /** What the keepalive arm had; null when there was none. */
  keepalive: Keepalive | null;
}

/** Puts cause and conclusion to what the arms came to. */
export function concludeSurvival(evidence: SurvivalEvidence): Survival {
  const { askedForMs, arms, freshConnect } = evidence;
  const cause = causeOf(evidence);
  return {
    askedForMs,
    arms: [...arms],
    cause,
    freshConnect,
    conclusion: conclusionOf(cause, evidence),
    falseStallProbability: falseStallProbability(0.2, VERDICT_PROBE_COUNT),
  };
}

/** The arm of that name; null when there was none, or it was not measured. */
export function armOf(survival: { arms: readonly SurvivalArm[] } | null, name: SurvivalArm['arm']): SurvivalArm | null {
  return survival?.arms.find(({ arm, outcome }) => arm === name && outcome !== 'unmeasured') ?? null;
}

/** What the idle test has shown about a middlebox on the path; null: no middlebox ended a connection. */
export function idleEvidenceOf(survival: Survival | null): IdleEvidence | null {
  if (survival?.cause !== 'middlebox') return null;
  return {
    tooLongMs: armOf(survival, 'silent')?.idledForMs ?? survival.askedForMs,
    settingsKeptIt: armOf(survival, 'keepalive')?.outcome === 'alive',
  };
}

const isDead = (arm: SurvivalArm | null): arm is SurvivalArm => arm !== null && arm.outcome !== 'alive';
const isSilenced = (arm: SurvivalArm | null): arm is SurvivalArm =>
  arm?.outcome === 'stalled' || arm?.outcome === 'unreachable';

/**
 * Who ended them. An end that comes by itself is the peer's, unless the arm with keepalive was spared: then it is the silence that
 * was punished, and no server sees keepalive probes. Silence is a middlebox's when a new connection to the same address works, and the
 * host's when that fails and ping does too. A RST in answer to a probe is a middlebox's only when a busier connection was spared: else the
 * peer may just have been started again. Anything else is not known.
 */
function causeOf({ arms, freshConnect, ping }: SurvivalEvidence): SurvivalCause {
  const measured = arms.filter(({ outcome }) => outcome !== 'unmeasured');
  const silent = armOf({ arms }, 'silent');
  const keepalive = armOf({ arms }, 'keepalive');
  if (measured.length === 0) return 'unknown';
  if (!measured.some(isDead)) return measured.length === arms.length ? 'none' : 'unknown';
  if (measured.some(isSilenced)) {
    if (freshConnect === 'connected') return 'middlebox';
    const unreached = freshConnect === 'timed-out' || freshConnect === 'unreachable';
    return unreached && ping?.kind === 'unanswered' ? 'host-down' : 'unknown';
  }
  // Whatever was kept busy lives: then it is the silence that was punished.
  const spared = measured.some((arm) => arm.outcome === 'alive');
  if (!isDead(silent)) return 'unknown';
  if (silent.unprovoked) return keepalive?.outcome === 'alive' ? 'middlebox' : 'peer';
  return spared && freshConnect === 'connected' ? 'middlebox' : 'unknown';
}

function conclusionOf(
  cause: SurvivalCause,
  { askedForMs, arms, freshConnect, keepalive: settings }: SurvivalEvidence,
): string {
  const waited = formatDuration(askedForMs);
  const silent = armOf({ arms }, 'silent');
  const keepalive = armOf({ arms }, 'keepalive');
  const application = armOf({ arms }, 'application');
  switch (cause) {
    case 'none':
      return `nothing dropped it within ${waited}`;
    case 'peer': {
      const first = Math.min(
        ...arms.flatMap(({ outcome, atMs }) => (outcome !== 'alive' && atMs !== null ? [atMs] : [])),
      );
      const saved = application?.outcome === 'alive' ? '; requests keep the connection open' : '';
      return `the peer itself ended the connection, ${formatDuration(first)} after it was made: the path is only known to hold that long${saved}`;
    }
    case 'host-down':
      return 'the host went away meanwhile: neither a new connection nor ping gets an answer';
    case 'middlebox': {
      if (keepalive?.outcome === 'alive' && settings !== null) {
        return isDead(silent)
          ? `keepalive at ${formatDuration(settings.idleMs)} saves this connection: without it a middlebox ends it within ${waited}`
          : `a middlebox ended one connection within ${waited}, but not the silent one`;
      }
      const why = settings !== null && isDead(keepalive) ? whyKeepaliveFailed(settings, askedForMs) : '';
      const saved = application?.outcome === 'alive' ? '; requests of the application save it' : '';
      return `a middlebox ended the idle connection within ${waited}, while a new one works${why}${saved}`;
    }
    case 'unknown': {
      if (!arms.some((arm) => arm.outcome !== 'unmeasured' && isDead(arm))) {
        return `whether it survives ${waited} could not be told: not all connections were measured`;
      }
      if (silent?.outcome === 'reset' && freshConnect === 'connected') {
        return 'the connection was reset in answer to a probe while a new one works: a middlebox has forgotten it, or the peer was started again; no connection was spared, which would tell';
      }
      const fresh = freshConnect === null ? '' : ` (a new connection: ${freshConnect})`;
      return `who ended the connection could not be told${fresh}`;
    }
    default:
      return cause satisfies never;
  }
}

function whyKeepaliveFailed({ idleMs }: Keepalive, waitedMs: number): string {
  return idleMs >= waitedMs
    ? `; keepalive at ${formatDuration(idleMs)} sent no probe in that time`
    : `; keepalive at ${formatDuration(idleMs)} does not help: it comes too late, or the middlebox is not refreshed by it`;
}
