import {
  type CommandName,
  type Outcome,
  type PassedThrough,
  type Report,
  type Severity,
  sealReport,
} from './report.ts';
import { VERSION } from './version.ts';

/** Runs a command's work, times it, and makes the report of it. */
export async function sealed<C extends CommandName>(
  failOn: Severity,
  work: () => Promise<Outcome<C>>,
): Promise<Report<C>>;
/** The same, for work that may have let another program answer: of that there is no report. */
export async function sealed<C extends CommandName>(
  failOn: Severity,
  work: () => Promise<Outcome<C> | PassedThrough>,
): Promise<Report<C> | PassedThrough>;
export async function sealed<C extends CommandName>(
  failOn: Severity,
  work: () => Promise<Outcome<C> | PassedThrough>,
): Promise<Report<C> | PassedThrough> {
  const startedAt = new Date();
  const startedAtMs = performance.now();
  const outcome = await work();
  if ('kind' in outcome) return outcome;
  return sealReport(outcome, {
    version: VERSION,
    startedAt,
    durationMs: Math.round(performance.now() - startedAtMs),
    failOn,
  });
}
