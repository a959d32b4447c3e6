import type { Report } from '../../report/report.ts';
import { ask, COMMON, flag, middleboxes, number, object, type Reader } from '../shared/library.ts';
import type { GivenMiddlebox, LibraryOptions } from '../shared/library-types.ts';
import { HIGHEST_PID } from '../shared/options.ts';
import { judgeSysctls } from './command.ts';
import type { SysctlData } from './report.ts';

/** What may be given to `sysctl`. */
export interface SysctlOptions extends LibraryOptions {
  /** The process whose network namespace is read. Default: this one's. */
  pid?: number;
  /** Default: none. */
  middleboxes?: readonly GivenMiddlebox[];
  /** Whether to add the lines of a sysctl.d file that suits the strictest middlebox. Default: false. */
  recommend?: boolean;
}

const options = object({
  ...COMMON,
  pid: number({ min: 1, max: HIGHEST_PID, step: 1 }),
  middleboxes,
  recommend: flag,
} satisfies Record<keyof SysctlOptions, Reader<unknown>>);

/**
 * Reads the keepalive, retransmission, TIME_WAIT, port and conntrack settings of a network namespace, and judges them against the
 * middleboxes given. Rejects with a UsageError for options that cannot be meant.
 */
export async function sysctl(given: SysctlOptions = {}): Promise<Report<SysctlData, 'sysctl'>> {
  const { pid = null, middleboxes: boxes = [], recommend = false, ...common } = options(given, 'sysctl');
  return ask('sysctl', common, () => judgeSysctls({ pid, middleboxes: boxes, recommend }));
}
