/**
 * The report: what every command returns and every renderer reads. It is plain data that survives JSON unchanged.
 *
 * Times are milliseconds and say so in their name. What was not measured is `null` or an `Unmeasured` with the reason; it is never
 * 0, false or an empty text. Lists are always present.
 */

import type { ChainData } from './report/chain.ts';
import type { CheckData } from './report/check.ts';
import type { HttpData } from './report/http.ts';
import type { LabData } from './report/lab.ts';
import type { MeasureData } from './report/measure.ts';
import type { MiddleboxesData } from './report/middleboxes.ts';
import type { RescueData } from './report/rescue.ts';
import type { RunData } from './report/run.ts';
import type { ServeData } from './report/serve.ts';
import type { SimulateData } from './report/simulate.ts';
import type { SocketsData } from './report/sockets.ts';
import type { SysctlData } from './report/sysctl.ts';
import type { TimeWaitData } from './report/timewait.ts';
import type { WatchData } from './report/watch.ts';

/** Version of the JSON form: the second number rises when something is added, the first when something breaks. */
export const SCHEMA_VERSION = '1.0';

export const SEVERITIES = ['info', 'warning', 'error'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Stands in the place of a value that could not be measured. */
export interface Unmeasured {
  kind: 'unmeasured';
  reason: string;
}

export function unmeasured(reason: string): Unmeasured {
  return { kind: 'unmeasured', reason };
}

/** What can stand in a finding's evidence. */
export type EvidenceValue = string | number | boolean | null | readonly string[];

/** One judgement: made by the rule named, about the subject named, resting on the evidence beside it. */
export interface Finding {
  rule: string;
  severity: Severity;
  subject: string;
  message: string;
  /** Measured and given values; the unit is in the name. */
  evidence: Record<string, EvidenceValue>;
  /** Lines to paste, each complete; a line that starts with `#` explains those after it. */
  remedy: string[];
}

/** `ok`: measured, and nothing wrong. `findings`: a warning or an error, or anything at the level of `--fail-on`. `unmeasured`: could not tell. */
export type Verdict = 'ok' | 'findings' | 'unmeasured';

/** 0: measured and nothing wrong. 1: findings at or above `--fail-on`. 2: could not tell. 130: interrupted, with what was known by then. */
export type ReportExitCode = 0 | 1 | 2 | 130;

/** What a command hands to the program: the report without its envelope. */
export interface Outcome<C extends CommandName> {
  command: C;
  data: ReportData[C];
  findings: Finding[];
  /** Decides between `ok` and `unmeasured`. */
  gaps: Gap[];
  /** The work was ended before its time, and this is what was known by then. */
  interrupted?: boolean;
}

/** What a command hands to the program instead, when it let another program answer: stdout was that program's, and so is the exit code. */
export interface PassedThrough {
  kind: 'passed-through';
  /** 128 + n when signal n ended the program, as shells have it. */
  exitCode: number;
  /** For stderr: what went wrong besides, in sentences without a full stop. */
  remarks: string[];
}

/** What a command hands to the program instead, when it watched another program: that one had stdout, and the report goes elsewhere. */
export interface Watched<C extends CommandName> {
  kind: 'watched';
  outcome: Outcome<C>;
  /** The other program's: 128 + n when signal n ended it. */
  exitCode: number;
  /** Takes the rendered report; null: it goes to stderr, now that the other program is done with it. */
  deliver: ((text: string) => void) | null;
}

/** Something that was asked for and could not be measured. */
export interface Gap {
  subject: string;
  what: string;
  reason: string;
}

export interface Report<C extends CommandName = CommandName> {
  schemaVersion: typeof SCHEMA_VERSION;
  tool: { name: 'kaprobe'; version: string };
  command: C;
  /** ISO 8601, UTC. */
  startedAt: string;
  durationMs: number;
  data: ReportData[C];
  findings: Finding[];
  /** What was asked for but could not be measured. */
  gaps: Gap[];
  verdict: Verdict;
  /** A ReportExitCode; or that of the program that was watched, if that failed and nothing was found. */
  exitCode: number;
}

/** Which command returns which data. */
export interface ReportData {
  check: CheckData;
  measure: MeasureData;
  watch: WatchData;
  sysctl: SysctlData;
  sockets: SocketsData;
  rescue: RescueData;
  run: RunData;
  timewait: TimeWaitData;
  http: HttpData;
  chain: ChainData;
  middleboxes: MiddleboxesData;
  simulate: SimulateData;
  lab: LabData;
  serve: ServeData;
}

export type CommandName = keyof ReportData;

/** A report of some command, told apart by `command`. */
export type AnyReport = { [C in CommandName]: Report<C> }[CommandName];

/** TCP keepalive as one socket has it (tcp(7): SO_KEEPALIVE, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT, TCP_USER_TIMEOUT). */
export interface Keepalive {
  enabled: boolean;
  /** Silence before the first probe. */
  idleMs: number;
  /** Between one unanswered probe and the next. */
  intervalMs: number;
  /** Unanswered probes before the kernel gives the connection up. */
  count: number;
  /** 0 is the kernel's own word for "not set". */
  userTimeoutMs: number;
}

/** TCP keepalive as asked for; null leaves the value to the host. */
export interface RequestedKeepalive {
  enabled: boolean;
  idleMs: number | null;
  intervalMs: number | null;
  count: number | null;
  userTimeoutMs: number | null;
}

/** Something on the path that holds per-connection state, as given by the user. */
export interface Middlebox {
  /** The preset's id, or `given` for a bare timeout. */
  id: string;
  name: string;
  idleTimeoutMs: number;
  /** Does an empty keepalive segment restart its idle timer? null: not known. */
  keepaliveRefreshes: boolean | null;
  /** How sure the facts are; null for a timeout given by the user. */
  confidence: string | null;
  source: string | null;
  /** What changes its timeout; null for a timeout given by the user. */
  configurableWith: string | null;
}

/** Puts the envelope around a command's outcome and decides verdict and exit code. `watchedExitCode`: of the program that it is about. */
export function sealReport<C extends CommandName>(
  outcome: Outcome<C>,
  envelope: { version: string; startedAt: Date; durationMs: number; failOn: Severity; watchedExitCode?: number },
): Report<C> {
  const { command, data, findings, gaps } = outcome;
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
    exitCode: decideExitCode(outcome, envelope.failOn, envelope.watchedExitCode ?? 0),
  };
}

function decideExitCode(
  { findings, gaps, interrupted = false }: Outcome<CommandName>,
  failOn: Severity,
  watchedExitCode: number,
): number {
  if (interrupted) return 130;
  if (findings.some((finding) => atLeast(finding.severity, failOn))) return 1;
  if (watchedExitCode !== 0) return watchedExitCode;
  return gaps.length > 0 ? 2 : 0;
}

/** Findings come before gaps: what is known to be wrong is not excused by what could not be seen. */
export function decideVerdict(findings: readonly Finding[], gaps: readonly Gap[], failOn: Severity): Verdict {
  const threshold = failOn === 'info' ? 'info' : 'warning';
  if (findings.some((finding) => atLeast(finding.severity, threshold))) return 'findings';
  return gaps.length > 0 ? 'unmeasured' : 'ok';
}

/** Reports whether `severity` is as grave as `threshold` or graver. */
export function atLeast(severity: Severity, threshold: Severity): boolean {
  return SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(threshold);
}
