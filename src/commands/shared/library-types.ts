/** Types that every question of the library has in its signature. They lead to none of the command line's. */
import type { Severity } from '../../report/finding.ts';

/** What every question takes. */
export interface LibraryOptions {
  /** The least severity for exit code 1. Default: `error`. */
  failOn?: Severity;
  /** Ends the work early. The promise then rejects with the signal's reason, or the report has what was known by then and exit code 130. */
  signal?: AbortSignal;
}

/** The id of a preset, or an idle timeout. */
export type GivenMiddlebox = string | { idleTimeoutMs: number };
