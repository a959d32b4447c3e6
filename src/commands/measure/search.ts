/** What changes while the timeout of a path is measured. */
import type { Application } from '../../connections/applications/application.ts';
import type { IdleConnection } from '../../connections/idle-connection.ts';
import { VERDICT_PROBE_COUNT } from '../../connections/survival.ts';
import type { Target } from '../../connections/target.ts';
import type { Libc } from '../../linux/libc.ts';
import type { Inquiry } from './far-end-speaks.ts';
import { type LadderPlan, type LadderView, probesForDeath, type RungEnd, type RungTest } from './ladder.ts';
import type { AgeTest } from './report.ts';
import { MOST_PUSHES } from './retransmit-schedule.ts';

/**
 * Connections that are no tests: one keeps keepalive on, one is left for telling a dead connection from a dead path, and one for having the
 * far end speak.
 */
export const CONNECTIONS_BESIDE = { client: 2, server: 3 } as const;

/** How many of so many connections are tested by the ladder. */
export function ladderSize(connections: number, direction: MeasurePlan['direction']): number {
  return connections - CONNECTIONS_BESIDE[direction];
}

const MOST_PROBES = { client: VERDICT_PROBE_COUNT, server: MOST_PUSHES } as const;

/** What measuring needs. */
export interface MeasurePlan {
  target: Target;
  address: string;
  /** How many connections in all, and what is looked for. */
  ladder: LadderPlan;
  /** Who speaks first after the silence; `server` needs `kaprobe serve` at the far end. */
  direction: 'client' | 'server';
  /** With which to make one request first; null: none. */
  application: Application | null;
  locate: boolean;
  /** Is told what is known so far, now and then. */
  onProgress(progress: MeasureProgress): void;
}

/** What is known on the way. */
export interface MeasureProgress {
  elapsedMs: number;
  lowerMs: number;
  upperMs: number | null;
  openCount: number;
  /** Tested since the last time. */
  news: readonly AgeTest[];
}

/** A connection that idles, with the name at which the far end speaks on it; null: nobody asked it to. */
export type NamedConnection = IdleConnection & { name: string | null };

/** A connection of the ladder. */
export interface Held {
  id: number;
  connection: NamedConnection;
  quietSinceMs: number;
  heardAtMs: number;
  /** What the two were before the peer last sent data, at `atMs`, for the `count`th time; null when it has sent none since it was quiet. */
  spoken: (Pick<Held, 'quietSinceMs' | 'heardAtMs'> & { atMs: number; count: number }) | null;
  /** When to look at it next. */
  lookAtMs: number;
}

/** One whose probes are under way, or were. */
export interface Tested extends Held {
  test: RungTest;
  inquiry: Inquiry;
}

/** Everything that changes while measuring. */
export interface Search {
  startedAtMs: number;
  idle: Map<number, Held>;
  pending: Map<number, Tested>;
  /** Shown to be dead, and kept open for who wants to look where. */
  dead: Tested | null;
  tests: RungTest[];
  ends: RungEnd[];
  witnessedAtMs: number[];
  handshakes: { madeCount: number; lostCount: number };
  rttMs: number;
  openingCount: number;
  madeCount: number;
  capacity: number;
  tellAtMs: number;
  /** Tests whose outcome has been told. */
  told: Set<RungTest>;
  refusal: string | null;
  backOffUntilMs: number;
  openedAtMost: number;
  witness: { underWay: boolean; failedSinceMs: number | null };
  arm: { connection: NamedConnection | null; periodMs: number; inquiry: Inquiry | null; lives: boolean | null };
  /** The last of the calls to the far end, of which one is made at a time, and why some came to nothing. */
  calls: { last: Promise<unknown>; underWay: boolean; failures: Set<string> };
}

/** What is measured, with what, and how far it has come. */
export interface Work {
  plan: MeasurePlan;
  libc: Libc;
  search: Search;
  signal: AbortSignal;
}

/** The beginning of a search. */
export function begin({ ladder: { connectionCount, minMs }, direction }: MeasurePlan): Search {
  const startedAtMs = performance.now();
  return {
    startedAtMs,
    idle: new Map(),
    pending: new Map(),
    dead: null,
    tests: [],
    ends: [],
    witnessedAtMs: [],
    handshakes: { madeCount: 0, lostCount: 0 },
    rttMs: 0,
    openingCount: 0,
    madeCount: 0,
    capacity: ladderSize(connectionCount, direction),
    tellAtMs: startedAtMs,
    told: new Set(),
    refusal: null,
    backOffUntilMs: startedAtMs,
    openedAtMost: 0,
    witness: { underWay: false, failedSinceMs: null },
    arm: { connection: null, periodMs: Math.max(1000, Math.floor(minMs / 3000) * 1000), inquiry: null, lives: null },
    calls: { last: Promise.resolve(), underWay: false, failures: new Set() },
  };
}

/** What the ladder is told of it. */
export function viewOf(
  { direction }: MeasurePlan,
  { idle, tests, ends, witnessedAtMs, handshakes, rttMs, arm }: Search,
): LadderView {
  const armEnded = arm.connection?.watch.ended() ?? null;
  return {
    nowMs: performance.now(),
    idle: [...idle.values()],
    tests,
    ends,
    witnessedAtMs,
    handshakes,
    rttMs,
    mostProbes: MOST_PROBES[direction],
    keepaliveArmLives: arm.connection === null ? null : armEnded === null,
  };
}

/** How many probes in a row must stay unanswered before a connection is dead, when the path loses so many. */
export function probesNeeded({ direction }: MeasurePlan, loss: number): number {
  return probesForDeath(loss, MOST_PROBES[direction]);
}

/** Connections that are open, or are being made. */
export function openCount({ idle, pending, dead, arm, openingCount, witness, calls }: Search): number {
  return (
    idle.size +
    pending.size +
    (dead === null ? 0 : 1) +
    (arm.connection === null ? 0 : 1) +
    openingCount +
    (witness.underWay ? 1 : 0) +
    (calls.underWay ? 1 : 0)
  );
}
