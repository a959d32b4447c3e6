import { DAY_MS } from '../../base/units.ts';
import { CERTIFICATE_MARGIN_MS } from '../../connections/facts.ts';
import type { Target } from '../../connections/target.ts';
import type { Middlebox } from '../../report/values.ts';
import { type Bounds, IDLE_TIMEOUT_BOUNDS, KEEPALIVE_BOUNDS, TIMEOUT_BOUNDS } from '../shared/options.ts';
import type { EndpointQuestion } from './endpoint.ts';

/** What `check` is asked, with every default filled in. Times are milliseconds. */
export interface CheckQuestion extends EndpointQuestion {
  targets: readonly Target[];
  embedded: boolean;
  concurrency: number;
  middleboxes: readonly Middlebox[];
  certificateMarginMs: number;
}

/** Defaults of a question. */
export const CHECK_DEFAULTS = {
  embedded: false,
  family: null,
  concurrency: 256,
  timeoutMs: 5000,
  keepalive: { enabled: true, idleMs: null, intervalMs: null, count: null, userTimeoutMs: null },
  probeCount: 5,
  middleboxes: [],
  certificateMarginMs: CERTIFICATE_MARGIN_MS,
  ping: true,
  surviveMs: null,
  locate: true,
} as const satisfies Omit<CheckQuestion, 'targets'>;

/**
 * What can be asked for. The kernel's own maxima for keepalive (32767 s, 127 probes) are left to the kernel: that it refuses a value is a
 * finding about the value.
 */
export const CHECK_BOUNDS = {
  concurrency: { min: 1, max: 4096, step: 1 },
  timeoutMs: TIMEOUT_BOUNDS,
  idleMs: { ...KEEPALIVE_BOUNDS.idleMs, max: 366 * DAY_MS },
  intervalMs: { ...KEEPALIVE_BOUNDS.intervalMs, max: 366 * DAY_MS },
  count: { ...KEEPALIVE_BOUNDS.count, max: 100_000 },
  userTimeoutMs: KEEPALIVE_BOUNDS.userTimeoutMs,
  probeCount: { min: 1, max: 100, step: 1 },
  idleTimeoutMs: IDLE_TIMEOUT_BOUNDS,
  surviveMs: { min: 1000, max: 14 * DAY_MS, step: 1 },
  certificateMarginMs: { min: 0, max: 3660 * DAY_MS, step: 1 },
} as const satisfies Record<string, Bounds>;
