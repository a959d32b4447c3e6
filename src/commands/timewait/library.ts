import type { Report } from '../../report/report.ts';
import { ask, COMMON, listOf, number, object, type Reader, text } from '../shared/library.ts';
import type { LibraryOptions } from '../shared/library-types.ts';
import { HIGHEST_PID } from '../shared/options.ts';
import { readSelection } from '../shared/socket-selection.ts';
import { observeTimeWait, TIME_WAIT_BOUNDS } from './command.ts';
import type { TimeWaitData } from './report.ts';

/** What may be given to `timewait`. Times are milliseconds. Each list means any of its values, and all lists together. */
export interface TimeWaitOptions extends LibraryOptions {
  /** The far end: host, host:port, :port, [v6]:port or 10.0.0.0/8. */
  remote?: readonly string[];
  /** This end, written likewise. */
  local?: readonly string[];
  /** The port of either end. */
  ports?: readonly number[];
  /** The process whose network namespace is looked into. Default: this one's. */
  netns?: number;
  /** How long to look on, to tell connections that are reused from new ones. Default: one look. */
  watchMs?: number;
  /** Peers to list and judge, those with the most in TIME_WAIT first. Default: 20. */
  limit?: number;
}

const options = object({
  ...COMMON,
  remote: listOf(text),
  local: listOf(text),
  ports: listOf(number({ min: 1, max: 65_535, step: 1 })),
  netns: number({ min: 1, max: HIGHEST_PID, step: 1 }),
  watchMs: number(TIME_WAIT_BOUNDS.watchMs),
  limit: number(TIME_WAIT_BOUNDS.limit),
} satisfies Record<keyof TimeWaitOptions, Reader<unknown>>);

/**
 * Shows what is in TIME_WAIT by peer, which side closes and how fast, whether connections are reused, and how many ports are left. Rejects with a
 * UsageError for options that cannot be meant.
 */
export async function timewait(given: TimeWaitOptions = {}): Promise<Report<TimeWaitData, 'timewait'>> {
  const { remote = [], local = [], ports = [], ...read } = options(given, 'timewait');
  const { netns: pid = null, watchMs = null, limit = TIME_WAIT_BOUNDS.limit.default } = read;
  return ask('timewait', read, async (context) => {
    const { signal } = context;
    const selection = await readSelection({ remote, local, port: ports.map(String) }, { signal, defaultStates: [] });
    return observeTimeWait({ ...selection, pid, watchMs, limit }, context);
  });
}
