import type { Format } from '../format.ts';
import { escapeInJson } from '../printable.ts';

/** Each event, and the report behind them, as one line: the former has `event`, the latter `command`. */
export const format: Format = {
  summary: 'one JSON object a line: each event as it happens, then the report',
  render: ({ report }) => line(report),
  event: line,
};

function line(data: unknown): string {
  return `${escapeInJson(JSON.stringify(data))}\n`;
}
