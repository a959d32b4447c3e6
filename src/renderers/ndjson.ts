import type { WatchEvent } from '../report/watch.ts';
import type { AnyReport } from '../report.ts';
import { escapeInJson } from './printable.ts';

/** An event, or the report behind all events, as one line: the former has `event`, the latter `command`. */
export function renderNdjson(data: AnyReport | WatchEvent): string {
  return `${escapeInJson(JSON.stringify(data))}\n`;
}
