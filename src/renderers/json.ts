import type { AnyReport } from '../report.ts';
import { liveSocketsJson } from './json/live-sockets.ts';
import { escapeInJson } from './printable.ts';

/** The report itself, for programs. A long list of sockets is written while it is read. */
export function renderJson(report: AnyReport): string | Iterable<Uint8Array> {
  return report.command === 'sockets' ? inParts(report) : whole(report);
}

function whole(report: AnyReport): string {
  return `${escapeInJson(JSON.stringify(report, null, 2))}\n`;
}

function* inParts(report: Extract<AnyReport, { command: 'sockets' }>): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  const PLACE = '"sockets": []';
  // Quotes within a text are escaped, so this can only be the key; and no other key of that name holds a list.
  const [before = '', after = ''] = whole({ ...report, data: { ...report.data, sockets: [] } }).split(PLACE);
  yield encoder.encode(`${before}"sockets": [`);
  if (report.data.sockets.length > 0) {
    yield* liveSocketsJson(report.data.sockets, '      ');
    yield encoder.encode('\n    ');
  }
  yield encoder.encode(`]${after}`);
}
