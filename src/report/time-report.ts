import { VERSION } from '../base/version.ts';
import type { Severity } from './finding.ts';
import { type Outcome, type Report, sealReport } from './report.ts';

/** Runs a command's work, times it, and makes the report of it. */
export async function timeReport<Data, Command extends string>(
  command: Command,
  failOn: Severity,
  work: () => Promise<Outcome<Data>>,
): Promise<Report<Data, Command>> {
  const seal = startReport(command, failOn);
  return seal(await work());
}

/** Starts the clock of a report; the function returned stops it and makes the report. */
export function startReport<Command extends string>(
  command: Command,
  failOn: Severity,
): <Data>(outcome: Outcome<Data>) => Report<Data, Command> {
  const startedAt = new Date();
  const startedAtMs = performance.now();
  return (outcome) =>
    sealReport(command, outcome, {
      version: VERSION,
      startedAt,
      durationMs: Math.round(performance.now() - startedAtMs),
      failOn,
    });
}
