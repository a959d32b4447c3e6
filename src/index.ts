/** kaprobe as a library: the same questions as on the command line, the same reports. */
import { chain } from './commands/chain/library.ts';
import { check } from './commands/check/library.ts';
import { http } from './commands/http/library.ts';
import { measure } from './commands/measure/library.ts';
import { middleboxes } from './commands/middleboxes/library.ts';
import { simulate } from './commands/simulate/library.ts';
import { sockets } from './commands/sockets/library.ts';
import { sysctl } from './commands/sysctl/library.ts';
import { timewait } from './commands/timewait/library.ts';

export { CapabilityError, KaprobeError, KernelError, ParseError, UsageError } from './base/errors.ts';
export type * from './base/tcp-state.ts';
export type { ChainOptions, GivenHop } from './commands/chain/library.ts';
export type * from './commands/chain/report.ts';
export type { CheckOptions } from './commands/check/library.ts';
export type * from './commands/check/report.ts';
export type { HttpOptions } from './commands/http/library.ts';
export type * from './commands/http/report.ts';
export type * from './commands/lab/report.ts';
export type { MeasureOptions } from './commands/measure/library.ts';
export type * from './commands/measure/report.ts';
export type * from './commands/middleboxes/report.ts';
export type * from './commands/rescue/report.ts';
export type * from './commands/run/report.ts';
export type * from './commands/serve/report.ts';
export type { GivenMiddlebox, LibraryOptions } from './commands/shared/library-types.ts';
export type { SimulateOptions } from './commands/simulate/library.ts';
export type * from './commands/simulate/report.ts';
export type { SocketsOptions } from './commands/sockets/library.ts';
export type * from './commands/sockets/report.ts';
export type { SysctlOptions } from './commands/sysctl/library.ts';
export type * from './commands/sysctl/report.ts';
export type { TimeWaitOptions } from './commands/timewait/library.ts';
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
export { chain, check, http, measure, middleboxes, simulate, sockets, sysctl, timewait };

/** The questions by the names of the commands. */
interface Questions {
  chain: typeof chain;
  check: typeof check;
  http: typeof http;
  measure: typeof measure;
  middleboxes: typeof middleboxes;
  simulate: typeof simulate;
  sockets: typeof sockets;
  sysctl: typeof sysctl;
  timewait: typeof timewait;
}

/** The report of a command: `ReportOf<'check'>`. */
export type ReportOf<C extends keyof Questions> = Awaited<ReturnType<Questions[C]>>;
