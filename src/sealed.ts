import { type CommandName, type Outcome, type Report, type Severity, sealReport } from './report.ts';
import { VERSION } from './version.ts';

/** Runs a command's work, times it, and makes the report of it. */
export async function sealed<C extends CommandName>(
  failOn: Severity,
  work: () => Promise<Outcome<C>>,
): Promise<Report<C>> {
  const startedAt = new Date();
  const startedAtMs = performance.now();
  const outcome = await work();
  return sealReport(outcome, {
    version: VERSION,
    startedAt,
    durationMs: Math.round(performance.now() - startedAtMs),
    failOn,
  });
}
