/**
 * The report: what every command returns and every renderer reads. It is plain data that survives JSON unchanged: no function, no getter.
 *
 * Times are milliseconds and say so in their name. What was not measured is `null` or an `Unmeasured` with the reason; it is never
 * 0, false or an empty text. Lists are always present.
 */
import { atLeast, type Finding, type Severity } from './finding.ts';

/** Version of the JSON form: the second number rises when something is added, the first when something breaks. */
export const SCHEMA_VERSION = '1.0';

/** `ok`: measured, and nothing wrong. `findings`: a warning or an error, or anything at the level of `--fail-on`. `unmeasured`: could not tell. */
export type Verdict = 'ok' | 'findings' | 'unmeasured';

/** Something that was asked for and could not be measured. */
export interface Gap {
  subject: string;
  what: string;
  reason: string;
}

/** What a command hands to the program: the report without its envelope. */
export interface Outcome<Data = unknown> {
  data: Data;
  findings: Finding[];
  /** Decides between `ok` and `unmeasured`. */
  gaps: Gap[];
  /** The work was ended before its time, and this is what was known by then. */
  interrupted?: boolean;
  /** The exit code of another program that was run and had stdout: 128 + n when signal n ended it. The report goes elsewhere. */
  childExitCode?: number;
}

/** What a command hands to the program instead, when it only let another program answer: stdout was that program's, and so is the exit code. */
export interface PassedThrough {
  kind: 'passed-through';
  /** 128 + n when signal n ended the program, as shells have it. */
  exitCode: number;
  /** For stderr: what went wrong besides, in sentences without a full stop. */
  remarks: string[];
}

export interface Report<Data = unknown, Command extends string = string> {
  schemaVersion: typeof SCHEMA_VERSION;
  tool: { name: 'kaprobe'; version: string };
  command: Command;
  /** ISO 8601, UTC. */
  startedAt: string;
  durationMs: number;
  data: Data;
  findings: Finding[];
  /** What was asked for but could not be measured. */
  gaps: Gap[];
  verdict: Verdict;
  /**
   * 0: measured and nothing wrong. 1: findings at or above `--fail-on`. 2: could not tell. 130: interrupted, with what was known by then.
   * Or that of the program that was run, if that failed and nothing was found.
   */
  exitCode: number;
}

/** Puts the envelope around a command's outcome and decides verdict and exit code. */
export function sealReport<Data, Command extends string>(
  command: Command,
  outcome: Outcome<Data>,
  envelope: { version: string; startedAt: Date; durationMs: number; failOn: Severity },
): Report<Data, Command> {
  const { data, findings, gaps } = outcome;
  return {
    schemaVersion: SCHEMA_VERSION,
    tool: { name: 'kaprobe', version: envelope.version },
    command,
    startedAt: envelope.startedAt.toISOString(),
    durationMs: envelope.durationMs,
    data,
    findings,
    gaps,
    verdict: decideVerdict(findings, gaps, envelope.failOn),
    exitCode: decideExitCode(outcome, envelope.failOn),
  };
}

function decideExitCode({ findings, gaps, interrupted = false, childExitCode = 0 }: Outcome, failOn: Severity): number {
  if (interrupted) return 130;
  if (findings.some((finding) => atLeast(finding.severity, failOn))) return 1;
  if (childExitCode !== 0) return childExitCode;
  return gaps.length > 0 ? 2 : 0;
}

/** Findings come before gaps: what is known to be wrong is not excused by what could not be seen. */
export function decideVerdict(findings: readonly Finding[], gaps: readonly Gap[], failOn: Severity): Verdict {
  const threshold = failOn === 'info' ? 'info' : 'warning';
  if (findings.some((finding) => atLeast(finding.severity, threshold))) return 'findings';
  return gaps.length > 0 ? 'unmeasured' : 'ok';
}
