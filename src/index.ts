/** kaprobe as a library: the same questions as on the command line, the same reports. */
import { CHECK_BOUNDS, CHECK_DEFAULTS, checkTargets } from './commands/check.ts';
import { middleboxWithTimeout } from './commands/options.ts';
import { UsageError } from './errors.ts';
import { findPreset, toMiddlebox } from './middlebox/find-preset.ts';
import type { Report, RequestedKeepalive, Severity } from './report.ts';
import { sealed } from './sealed.ts';
import { parseTarget } from './target.ts';

export { CapabilityError, KaprobeError, KernelError, ParseError, UsageError } from './errors.ts';
export type * from './report/check.ts';
export type * from './report/http.ts';
export type * from './report/lab.ts';
export type * from './report/measure.ts';
export type * from './report/middleboxes.ts';
export type * from './report/serve.ts';
export type * from './report/simulate.ts';
export type * from './report/sysctl.ts';
export type * from './report/timewait.ts';
export type * from './report.ts';

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
  /** Ids of presets, or idle timeouts. Default: none. */
  middleboxes?: readonly (string | { idleTimeoutMs: number })[];
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
    concurrency: within('concurrency', options.concurrency ?? CHECK_DEFAULTS.concurrency),
    timeoutMs: within('timeoutMs', options.timeoutMs ?? CHECK_DEFAULTS.timeoutMs),
    keepalive: {
      enabled: requested.enabled,
      idleMs: within('idleMs', requested.idleMs),
      intervalMs: within('intervalMs', requested.intervalMs),
      count: within('count', requested.count),
      userTimeoutMs: within('userTimeoutMs', requested.userTimeoutMs),
    },
    probeCount: within('probeCount', options.probeCount === undefined ? CHECK_DEFAULTS.probeCount : options.probeCount),
    middleboxes: middleboxes.map((middlebox) =>
      typeof middlebox === 'string'
        ? toMiddlebox(findPreset(middlebox))
        : middleboxWithTimeout(within('idleTimeoutMs', middlebox.idleTimeoutMs)),
    ),
    certificateMarginMs: within(
      'certificateMarginMs',
      options.certificateMarginMs ?? CHECK_DEFAULTS.certificateMarginMs,
    ),
    ping: options.ping ?? CHECK_DEFAULTS.ping,
    surviveMs: within('surviveMs', options.surviveMs ?? CHECK_DEFAULTS.surviveMs),
    locate: options.locate ?? CHECK_DEFAULTS.locate,
  };
  return sealed(failOn, () => checkTargets(question, { signal, failOn, progress: () => {} }));
}

function within<T extends number | null>(name: keyof typeof CHECK_BOUNDS, value: T): T {
  if (value === null) return value;
  const { min, max, step } = CHECK_BOUNDS[name];
  if (value >= min && value <= max && value % step === 0) return value;
  throw new UsageError(
    `${name} ${value} is out of range`,
    `from ${min} to ${max}${step === 1 ? '' : ` in steps of ${step}`}`,
  );
}
