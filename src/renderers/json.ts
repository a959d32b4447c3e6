import type { AnyReport } from '../report.ts';
import { escapeInJson } from './printable.ts';

/** The report itself, for programs. */
export function renderJson(report: AnyReport): string {
  return `${escapeInJson(JSON.stringify(report, null, 2))}\n`;
}
