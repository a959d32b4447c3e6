/** kaprobe as a library: the same questions as on the command line, the same reports. */

import { UsageError } from './base/errors.ts';
import { checkTargets } from './commands/check/check-targets.ts';
import { CHECK_BOUNDS, CHECK_DEFAULTS } from './commands/check/question.ts';
import type { CheckData } from './commands/check/report.ts';
import { measureTarget } from './commands/measure/measure-target.ts';
import { MEASURE_BOUNDS, measureQuestion } from './commands/measure/question.ts';
import type { MeasureData } from './commands/measure/report.ts';
import { type Bounds, middleboxWithTimeout } from './commands/shared/options.ts';
import { KERNEL_DEFAULTS, SIMULATE_BOUNDS, simulateSettings } from './commands/simulate/command.ts';
import type { SimulateData } from './commands/simulate/report.ts';
import { parseTarget } from './connections/target.ts';
import { findPreset, toMiddlebox } from './knowledge/find-middlebox.ts';
import type { Severity } from './report/finding.ts';
import type { Report } from './report/report.ts';
import { timeReport } from './report/time-report.ts';
import type { Keepalive, Middlebox, RequestedKeepalive } from './report/values.ts';

export { CapabilityError, KaprobeError, KernelError, ParseError, UsageError } from './base/errors.ts';
export type * from './base/tcp-state.ts';
export type * from './commands/check/report.ts';
export type * from './commands/http/report.ts';
export type * from './commands/lab/report.ts';
export type * from './commands/measure/report.ts';
export type * from './commands/middleboxes/report.ts';
export type * from './commands/rescue/report.ts';
export type * from './commands/run/report.ts';
export type * from './commands/serve/report.ts';
export type * from './commands/simulate/report.ts';
export type * from './commands/sockets/report.ts';
export type * from './commands/sysctl/report.ts';
export type * from './commands/timewait/report.ts';
export type * from './commands/watch/report.ts';
export type * from './connections/http/observation.ts';
export type * from './connections/observation.ts';
export type * from './knowledge/hop.ts';
export type * from './knowledge/preset.ts';
export type * from './report/finding.ts';
export type * from './report/report.ts';
export type * from './report/values.ts';
export type * from './sockets/live-socket.ts';

/** What the report of each command holds. */
interface Data {
  check: CheckData;
  measure: MeasureData;
  simulate: SimulateData;
}

/** The report of a command. */
export type ReportOf<C extends keyof Data> = Report<Data[C], C>;

/** The id of a preset, or an idle timeout. */
export type GivenMiddlebox = string | { idleTimeoutMs: number };

/** What may be given to `check`. Times are milliseconds; what is left out is as on the command line. */
export interface CheckOptions {
  /** Only IPv4 or only IPv6 addresses. Default: both, raced as RFC 8305 says. */
  family?: 4 | 6;
  /** Targets at once. Default: 256. */
  concurrency?: number;
  /** For the name, the connection and the TLS handshake each. Default: 5000. */
  timeoutMs?: number;
  /** The keepalive to set. What is null or left out is the host's. Default: on, all timers the host's. */
  keepalive?: Partial<RequestedKeepalive>;
  /** Unanswered probes, one a second, that prove silence; null: do not probe. Default: 5. */
  probeCount?: number | null;
  /** Default: none. */
  middleboxes?: readonly GivenMiddlebox[];
  /** What a certificate must have left; at most a third of its life counts. Default: 14 days. */
  certificateMarginMs?: number;
  /** Whether to ping for context. Default: true. */
  ping?: boolean;
  /** How long to leave connections idle for real; null: not at all. Default: null. */
  surviveMs?: number | null;
  /** Whether to look for the hop that drops a connection that stalled. Default: true. */
  locate?: boolean;
  /** The least severity for exit code 1. Default: `error`. */
  failOn?: Severity;
  /** Ends the work early; the promise then rejects with the signal's reason. */
  signal?: AbortSignal;
}

/**
 * Connects to each target (`host:port`, `[v6]:port` or a URL), sets the keepalive asked for and reads it back, has the kernel send keepalive
 * probes without payload, and judges the settings against the middleboxes given. A refused connection is part of the report; rejects with
 * a UsageError when the question cannot be meant.
 */
export async function check(
  targets: string | readonly string[],
  options: CheckOptions = {},
): Promise<ReportOf<'check'>> {
  const { failOn = 'error', signal = new AbortController().signal, keepalive = {}, middleboxes = [] } = options;
  const texts = typeof targets === 'string' ? [targets] : targets;
  if (texts.length === 0) throw new UsageError('no target given');
  const requested = { ...CHECK_DEFAULTS.keepalive, ...keepalive };
  const question = {
    targets: texts.map(parseTarget),
    embedded: false,
    family: options.family ?? CHECK_DEFAULTS.family,
    concurrency: within(CHECK_BOUNDS, 'concurrency', options.concurrency ?? CHECK_DEFAULTS.concurrency),
    timeoutMs: within(CHECK_BOUNDS, 'timeoutMs', options.timeoutMs ?? CHECK_DEFAULTS.timeoutMs),
    keepalive: {
      enabled: requested.enabled,
      idleMs: within(CHECK_BOUNDS, 'idleMs', requested.idleMs),
      intervalMs: within(CHECK_BOUNDS, 'intervalMs', requested.intervalMs),
      count: within(CHECK_BOUNDS, 'count', requested.count),
      userTimeoutMs: within(CHECK_BOUNDS, 'userTimeoutMs', requested.userTimeoutMs),
    },
    probeCount: within(
      CHECK_BOUNDS,
      'probeCount',
      options.probeCount === undefined ? CHECK_DEFAULTS.probeCount : options.probeCount,
    ),
    middleboxes: middleboxes.map(toKnown),
    certificateMarginMs: within(
      CHECK_BOUNDS,
      'certificateMarginMs',
      options.certificateMarginMs ?? CHECK_DEFAULTS.certificateMarginMs,
    ),
    ping: options.ping ?? CHECK_DEFAULTS.ping,
    surviveMs: within(CHECK_BOUNDS, 'surviveMs', options.surviveMs ?? CHECK_DEFAULTS.surviveMs),
    locate: options.locate ?? CHECK_DEFAULTS.locate,
  };
  return timeReport('check', failOn, () => checkTargets(question, { signal, failOn, progress: () => {} }));
}

/** What may be given to `measure`. Times are milliseconds; what is left out is as on the command line. */
export interface MeasureOptions {
  /** The shortest and the longest idle time to try. Default: 5 s and an hour. */
  minMs?: number;
  maxMs?: number;
  /** How narrow the answer has to be: this share of the timeout, but no less than that. Default: 0.01 and 1000. */
  resolution?: { share: number; floorMs: number };
  /** Connections open at once, at most. Default: 64. */
  connections?: number;
  /** Who speaks first after the silence: this side, the far end (which needs `kaprobe serve`), or both. Default: `client`. */
  direction?: 'client' | 'server' | 'both';
  /** The protocol of the request that each connection begins with, or `none`. Default: the scheme's. */
  warmup?: string;
  /** Whether to look for the hop that drops idle connections. Default: false. */
  locate?: boolean;
  /** The least severity for exit code 1. Default: `error`. */
  failOn?: Severity;
  /** Ends the work early; the report then has what was known by then, and exit code 130. */
  signal?: AbortSignal;
}

/**
 * Measures after how long the path to a target (`host:port`, `[v6]:port` or a URL) forgets an idle connection, in about 1.1 times that long.
 * A target that cannot be reached is part of the report; rejects with a UsageError when the question cannot be meant.
 */
export async function measure(target: string, options: MeasureOptions = {}): Promise<ReportOf<'measure'>> {
  const { failOn = 'error', signal = new AbortController().signal, resolution } = options;
  const question = measureQuestion({
    target: parseTarget(target),
    direction: options.direction ?? 'client',
    minMs: within(MEASURE_BOUNDS, 'minMs', options.minMs ?? null),
    maxMs: within(MEASURE_BOUNDS, 'maxMs', options.maxMs ?? null),
    resolution:
      resolution === undefined
        ? null
        : {
            share: shareWithin(resolution.share),
            floorMs: within(MEASURE_BOUNDS, 'floorMs', resolution.floorMs),
          },
    connections: within(MEASURE_BOUNDS, 'connections', options.connections ?? null),
    warmup: options.warmup ?? null,
    locate: options.locate ?? false,
    resume: null,
  });
  return timeReport('measure', failOn, () => measureTarget(question, { signal, failOn, progress: () => {} }));
}

/** What may be given to `simulate`. Times are milliseconds; what is left out is the kernel's default. */
export interface SimulateOptions {
  keepalive?: Partial<Keepalive>;
  /** net.ipv4.tcp_retries2, for data in flight. Default: 15. */
  retries2?: number;
  /** Round trip of the path. Default: 1. */
  rttMs?: number;
  /** Default: none. */
  middleboxes?: readonly GivenMiddlebox[];
  /** The least severity for exit code 1. Default: `error`. */
  failOn?: Severity;
}

/**
 * Works out, without any network, when probes go, when a middlebox forgets and when a dead peer is noticed under given settings. Rejects with a
 * UsageError when the question cannot be meant.
 */
export async function simulate(options: SimulateOptions = {}): Promise<ReportOf<'simulate'>> {
  const { failOn = 'error', middleboxes = [] } = options;
  const keepalive = { ...KERNEL_DEFAULTS.keepalive, ...options.keepalive };
  const settings = {
    ...KERNEL_DEFAULTS,
    keepalive: {
      enabled: keepalive.enabled,
      idleMs: within(SIMULATE_BOUNDS, 'idleMs', keepalive.idleMs),
      intervalMs: within(SIMULATE_BOUNDS, 'intervalMs', keepalive.intervalMs),
      count: within(SIMULATE_BOUNDS, 'count', keepalive.count),
      userTimeoutMs:
        keepalive.userTimeoutMs === 0 ? 0 : within(SIMULATE_BOUNDS, 'userTimeoutMs', keepalive.userTimeoutMs),
    },
    retries2: within(SIMULATE_BOUNDS, 'retries2', options.retries2 ?? KERNEL_DEFAULTS.retries2),
    rttMs: within(SIMULATE_BOUNDS, 'rttMs', options.rttMs ?? KERNEL_DEFAULTS.rttMs),
  };
  const inherited = { idle: false, interval: false, count: false };
  const known = middleboxes.map(toKnown);
  return timeReport('simulate', failOn, async () =>
    simulateSettings(settings, { defaults: 'kernel', inherited, middleboxes: known }),
  );
}

function toKnown(middlebox: GivenMiddlebox): Middlebox {
  return typeof middlebox === 'string'
    ? toMiddlebox(findPreset(middlebox))
    : middleboxWithTimeout(within(CHECK_BOUNDS, 'idleTimeoutMs', middlebox.idleTimeoutMs));
}

function shareWithin(share: number): number {
  if (share >= 0 && share < 1) return share;
  throw new UsageError(`share ${share} is out of range`, 'from 0 to less than 1');
}

function within<N extends string, T extends number | null>(bounds: Record<N, Bounds>, name: N, value: T): T {
  if (value === null) return value;
  const { min, max, step } = bounds[name];
  if (value >= min && value <= max && value % step === 0) return value;
  throw new UsageError(
    `${name} ${value} is out of range`,
    `from ${min} to ${max}${step === 1 ? '' : ` in steps of ${step}`}`,
  );
}
