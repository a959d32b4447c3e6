import { rowsOf } from '../report/socket-table.ts';
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
  const list = rowsOf(report.data);
  if (list === null || list.rows.length === 0) {
    yield encoder.encode(whole(report));
    return;
  }
  // Named one by one: a copy by `...` would have all sockets made.
  const { source, pid, selection, ownerSearch, middleboxes, summary, limit, doubts } = report.data;
  const data = { source, pid, selection, ownerSearch, middleboxes, summary, sockets: [], limit, doubts };
  // Quotes within a text are escaped, so this can only be the key; and no other key of that name holds a list.
  const [before = '', after = ''] = whole({ ...report, data }).split(PLACE);
  yield encoder.encode(`${before}"sockets": [`);
  yield* liveSocketsJson(list, '      ');
  yield encoder.encode(`\n    ]${after}`);
}
