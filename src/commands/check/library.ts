import { UsageError } from '../../base/errors.ts';
import { parseTarget } from '../../connections/target.ts';
import type { Report } from '../../report/report.ts';
import type { RequestedKeepalive } from '../../report/values.ts';
import {
  ask,
  COMMON,
  flag,
  listOf,
  middleboxes,
  number,
  object,
  oneOf,
  orNull,
  type Reader,
  text,
} from '../shared/library.ts';
import type { GivenMiddlebox, LibraryOptions } from '../shared/library-types.ts';
import { checkTargets } from './check-targets.ts';
import { CHECK_BOUNDS, CHECK_DEFAULTS } from './question.ts';
import type { CheckData } from './report.ts';

/** What may be given to `check`. Times are milliseconds; what is left out is as on the command line. */
export interface CheckOptions extends LibraryOptions {
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
}

const options = object({
  ...COMMON,
  family: oneOf([4, 6]),
  concurrency: number(CHECK_BOUNDS.concurrency),
  timeoutMs: number(CHECK_BOUNDS.timeoutMs),
  keepalive: object({
    enabled: flag,
    idleMs: orNull(number(CHECK_BOUNDS.idleMs)),
    intervalMs: orNull(number(CHECK_BOUNDS.intervalMs)),
    count: orNull(number(CHECK_BOUNDS.count)),
    userTimeoutMs: orNull(number(CHECK_BOUNDS.userTimeoutMs)),
  } satisfies Record<keyof RequestedKeepalive, Reader<unknown>>),
  probeCount: orNull(number(CHECK_BOUNDS.probeCount)),
  middleboxes,
  certificateMarginMs: number(CHECK_BOUNDS.certificateMarginMs),
  ping: flag,
  surviveMs: orNull(number(CHECK_BOUNDS.surviveMs)),
  locate: flag,
} satisfies Record<keyof CheckOptions, Reader<unknown>>);

/**
 * Connects to each target (`host:port`, `[v6]:port` or a URL), sets the keepalive asked for and reads it back, has the kernel send keepalive
 * probes without payload, and judges the settings against the middleboxes given. A refused connection is part of the report; rejects with
 * a UsageError for targets or options that cannot be meant.
 */
export async function check(
  targets: string | readonly string[],
  given: CheckOptions = {},
): Promise<Report<CheckData, 'check'>> {
  const { failOn, signal, keepalive, ...rest } = options(given, 'check');
  const texts = listOf(text)(typeof targets === 'string' ? [targets] : targets, 'targets');
  if (texts.length === 0) throw new UsageError('no target given');
  const question = {
    ...CHECK_DEFAULTS,
    ...rest,
    targets: texts.map(parseTarget),
    keepalive: { ...CHECK_DEFAULTS.keepalive, ...keepalive },
  };
  return ask('check', { failOn, signal }, (context) => checkTargets(question, context));
}
