import type { Report } from '../../report/report.ts';
import type { Keepalive } from '../../report/values.ts';
import { ask, COMMON, flag, middleboxes, number, object, type Reader } from '../shared/library.ts';
import type { GivenMiddlebox, LibraryOptions } from '../shared/library-types.ts';
import { KERNEL_DEFAULTS, SIMULATE_BOUNDS, simulateSettings } from './command.ts';
import type { SimulateData } from './report.ts';

/** What may be given to `simulate`. Times are milliseconds; what is left out is the kernel's default. */
export interface SimulateOptions extends LibraryOptions {
  keepalive?: Partial<Keepalive>;
  /** net.ipv4.tcp_retries2, for data in flight. Default: 15. */
  retries2?: number;
  /** Round trip of the path. Default: 1. */
  rttMs?: number;
  /** Default: none. */
  middleboxes?: readonly GivenMiddlebox[];
}

const options = object({
  ...COMMON,
  keepalive: object({
    enabled: flag,
    idleMs: number(SIMULATE_BOUNDS.idleMs),
    intervalMs: number(SIMULATE_BOUNDS.intervalMs),
    count: number(SIMULATE_BOUNDS.count),
    userTimeoutMs: number({ ...SIMULATE_BOUNDS.userTimeoutMs, min: 0 }),
  } satisfies Record<keyof Keepalive, Reader<unknown>>),
  retries2: number(SIMULATE_BOUNDS.retries2),
  rttMs: number(SIMULATE_BOUNDS.rttMs),
  middleboxes,
} satisfies Record<keyof SimulateOptions, Reader<unknown>>);

/**
 * Works out, without any network, when probes go, when a middlebox forgets and when a dead peer is noticed under given settings. Rejects with a
 * UsageError for options that cannot be meant.
 */
export async function simulate(given: SimulateOptions = {}): Promise<Report<SimulateData, 'simulate'>> {
  const { failOn, signal, keepalive, middleboxes: boxes = [], ...read } = options(given, 'simulate');
  const settings = { ...KERNEL_DEFAULTS, ...read, keepalive: { ...KERNEL_DEFAULTS.keepalive, ...keepalive } };
  const inherited = { idle: false, interval: false, count: false };
  return ask('simulate', { failOn, signal }, () =>
    simulateSettings(settings, { defaults: 'kernel', inherited, middleboxes: boxes }),
  );
}
