/** kaprobe as a library: the same questions as on the command line, the same reports. */
import { CHECK_BOUNDS, CHECK_DEFAULTS, checkTargets } from './commands/check.ts';
import { MEASURE_BOUNDS, measureQuestion, measureTarget } from './commands/measure.ts';
import { type Bounds, middleboxWithTimeout } from './commands/options.ts';
import { KERNEL_DEFAULTS, SIMULATE_BOUNDS, simulateSettings } from './commands/simulate.ts';
import { UsageError } from './errors.ts';
import { findPreset, toMiddlebox } from './middlebox/find-preset.ts';
import type { Keepalive, Middlebox, Report, RequestedKeepalive, Severity } from './report.ts';
import { sealed } from './sealed.ts';
import { parseTarget } from './target.ts';

export { CapabilityError, KaprobeError, KernelError, ParseError, UsageError } from './errors.ts';
export type * from './report/check.ts';
export type * from './report/http.ts';
export type * from './report/lab.ts';
export type * from './report/measure.ts';
export type * from './report/middleboxes.ts';
export type * from './report/rescue.ts';
export type * from './report/run.ts';
export type * from './report/serve.ts';
export type * from './report/simulate.ts';
export type * from './report/sockets.ts';
export type * from './report/sysctl.ts';
export type * from './report/tcp-state.ts';
export type * from './report/timewait.ts';
export type * from './report/watch.ts';
export type * from './report.ts';

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
export async function check(targets: string | readonly string[], options: CheckOptions = {}): Promise<Report<'check'>> {
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
  return sealed(failOn, () => checkTargets(question, { signal, failOn, progress: () => {} }));
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
  /** With which request each connection begins. Default: the scheme's. */
  warmup?: 'http' | 'redis' | 'postgres' | 'none';
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
export async function measure(target: string, options: MeasureOptions = {}): Promise<Report<'measure'>> {
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
  return sealed(failOn, () => measureTarget(question, { signal, failOn, progress: () => {} }));
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
export async function simulate(options: SimulateOptions = {}): Promise<Report<'simulate'>> {
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
  return sealed(failOn, async () => simulateSettings(settings, { defaults: 'kernel', inherited, middleboxes: known }));
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
