import type { HttpData } from '../../../src/commands/http/report.ts';
import type { ReportOf } from '../../../src/commands/index.ts';

import { kaprobe } from '../kaprobe.ts';

/** One run of `kaprobe http`. */
export interface Asked {
  exitCode: number | null;
  data: HttpData;
  /** The rules of the findings. */
  rules: string[];
  report: ReportOf<'http'>;
  stderr: string;
}

/** Runs `kaprobe http` on an URL and reads its report; throws when there is none. */
export async function ask(url: string, args: readonly string[], env: Record<string, string> = {}): Promise<Asked> {
  const { exitCode, stdout, stderr } = await kaprobe(['http', url, '--format', 'json', ...args], { env });
  if (stdout === '') throw new Error(stderr);
  const report: ReportOf<'http'> = JSON.parse(stdout);
  return { exitCode, data: report.data, rules: report.findings.map(({ rule }) => rule), report, stderr };
}
