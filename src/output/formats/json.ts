import type { Document, Format } from '../format.ts';
import { escapeInJson } from '../printable.ts';

/** The report itself, for programs. A long list is written while it is read. */
export const format: Format = {
  summary: 'the report, for programs',
  takesLongLists: true,
  render: ({ report, longList }) => (longList === null ? whole(report) : inParts(report, longList)),
};

function whole(report: unknown): string {
  return `${escapeInJson(JSON.stringify(report, null, 2))}\n`;
}

const dataOf = ({ data }: Document['report']): object => (typeof data === 'object' && data !== null ? data : {});

function* inParts(
  report: Document['report'],
  { key, jsonParts }: NonNullable<Document['longList']>,
): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  // Quotes within a text are escaped, so this can only be the key; and no other key of that name holds a list.
  const [before = '', after = ''] = whole({ ...report, data: { ...dataOf(report), [key]: [] } }).split(`"${key}": []`);
  yield encoder.encode(`${before}"${key}": [`);
  yield* jsonParts('      ');
  yield encoder.encode(`\n    ]${after}`);
}
