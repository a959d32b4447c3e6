import type { JudgedFlow } from '../../../src/commands/timewait/facts.ts';
import { REUSE_THRESHOLDS } from '../../../src/commands/timewait/flows.ts';
import type { CloseRate, PortsLeft, TimeWaitFlow } from '../../../src/commands/timewait/report.ts';

/** A thousand connections closed within a minute. */
export function closes(different: Partial<CloseRate> = {}): CloseRate {
  return {
    windowMs: 60_000,
    closed: 1000,
    sixths: [170, 166, 166, 166, 166, 166],
    perSecond: 16.67,
    recentPerSecond: 17,
    trend: 'steady',
    isLowerBound: false,
    ...different,
  };
}

/** Ports enough. */
export function ports(different: Partial<PortsLeft> = {}): PortsLeft {
  return {
    usable: 28_232,
    busy: 20,
    waiting: 1000,
    left: 27_212,
    blockedForMs: 60_000,
    runsOutInMs: null,
    ...different,
  };
}

/** What nginx and gunicorn do by default: a server with 20 connections established and a thousand in TIME_WAIT. */
export function timeWaitFlow(different: Partial<TimeWaitFlow> = {}): TimeWaitFlow {
  return {
    side: 'server',
    sideKnownBy: 'listener',
    client: '10.10.18.126',
    service: '10.10.93.110:8000',
    established: 20,
    timeWait: 1000,
    others: 0,
    closes: closes(),
    meanLifeAtMostMs: 1200,
    ports: null,
    owners: [{ pid: 4711, command: 'gunicorn' }],
    ownersKnownBy: 'listener',
    watch: null,
    ...different,
  };
}

/** The same as rules see it: tcp_tw_reuse for loopback alone, and no flow of the other end was judged before. */
export function judgedFlow(different: Partial<JudgedFlow> = {}): JudgedFlow {
  return { ...timeWaitFlow(), thresholds: REUSE_THRESHOLDS, twReuse: 2, isOtherEnd: false, ...different };
}
