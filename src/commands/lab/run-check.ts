/** Has this very program check from the client of a lab, and reads its report. */
import { KaprobeError } from '../../base/errors.ts';
import type { Finding } from '../../report/finding.ts';
import type { Gap } from '../../report/report.ts';
import type { LabHost } from './lab.ts';
import type { DemonstratedTarget, Demonstration } from './report.ts';
import { firstLine, type RunOptions, type RunResult } from './run.ts';

/** The part of a check's report that the lab reads. */
export interface CheckRun {
  data: Demonstration;
  findings: Finding[];
  gaps: Gap[];
}

/** Runs `kaprobe` with these arguments on the client host. A text says why there is no report of a check. */
export async function runCheck(
  client: LabHost,
  args: readonly string[],
  options: Pick<RunOptions, 'timeoutMs' | 'signal'>,
): Promise<CheckRun | string> {
  const [node, program = ''] = [process.execPath, process.argv[1]];
  let end: RunResult;
  try {
    end = await client.run([node, program, ...args, '--format', 'json'], options);
  } catch (error) {
    if (error instanceof KaprobeError) return error.message;
    throw error;
  }
  if (end.signal !== null) return `kaprobe check was ended by ${end.signal}`;
  return readCheckRun(end.stdout) ?? (firstLine(end.stderr) || `kaprobe check ended with ${end.code}`);
}

/** null when the text is not the report of a check. */
export function readCheckRun(text: string): CheckRun | null {
  try {
    const value: unknown = JSON.parse(text);
    return isCheckRun(value) ? value : null;
  } catch {
    return null;
  }
}

/** Looks for every field that the lab reads; what lies within a field the same program wrote, from the same types. */
function isCheckRun(value: unknown): value is CheckRun {
  if (!isRecord(value)) return false;
  const { command, data, findings, gaps } = value;
  if (command !== 'check' || !Array.isArray(findings) || !Array.isArray(gaps) || !isRecord(data)) return false;
  const { targets } = data;
  return Array.isArray(targets) && targets.every(isDemonstratedTarget);
}

function isDemonstratedTarget(value: unknown): value is DemonstratedTarget {
  if (!isRecord(value)) return false;
  const { target, connect, survival, dropper } = value;
  return (
    typeof target === 'string' &&
    isRecord(connect) &&
    typeof connect['kind'] === 'string' &&
    (survival === null || (isRecord(survival) && Array.isArray(survival['arms']))) &&
    (dropper === null || isRecord(dropper))
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
