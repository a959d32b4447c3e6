import {
  type CommandName,
  type Outcome,
  type PassedThrough,
  type Report,
  type Severity,
  sealReport,
  type Watched,
} from './report.ts';
import { VERSION } from './version.ts';

/** The report about another program that was watched. */
export interface SealedWatch<C extends CommandName> {
  kind: 'watched';
  report: Report<C>;
  deliver: Watched<C>['deliver'];
}

/** Runs a command's work, times it, and makes the report of it. */
export async function sealed<C extends CommandName>(
  failOn: Severity,
  work: () => Promise<Outcome<C>>,
): Promise<Report<C>>;
/** The same, for work that may have let another program answer: where it only passed that on there is no report. */
export async function sealed<C extends CommandName>(
  failOn: Severity,
  work: () => Promise<Outcome<C> | PassedThrough | Watched<C>>,
): Promise<Report<C> | PassedThrough | SealedWatch<C>>;
export async function sealed<C extends CommandName>(
  failOn: Severity,
  work: () => Promise<Outcome<C> | PassedThrough | Watched<C>>,
): Promise<Report<C> | PassedThrough | SealedWatch<C>> {
  const startedAt = new Date();
  const startedAtMs = performance.now();
  const result = await work();
  const envelope = { version: VERSION, startedAt, durationMs: Math.round(performance.now() - startedAtMs), failOn };
  if (!('kind' in result)) return sealReport(result, envelope);
  switch (result.kind) {
    case 'passed-through':
      return result;
    case 'watched': {
      const { kind, outcome, exitCode, deliver } = result;
      return { kind, report: sealReport(outcome, { ...envelope, watchedExitCode: exitCode }), deliver };
    }
    default:
      return result satisfies never;
  }
}
