/** What a measurement that was cut leaves for the one that goes on with it. */
import { DAY_MS } from '../../base/units.ts';
import type { MeasureData } from './report.ts';

/** Ages between which a path forgot idle connections, as far as it was known. */
export interface ResumeNotes {
  target: string;
  direction: MeasureData['direction'];
  /** Every connection idle for this long was alive. */
  lowerMs: number;
  upperMs: number | null;
}

/** A text that reads as notes, or why it does not. */
export type ReadNotes = { kind: 'notes'; notes: ResumeNotes } | { kind: 'invalid'; reason: string };

/** Longer than any notes that were written here. */
export const LONGEST_NOTES_BYTES = 16_384;

const FORMAT = 'kaprobe-measure-1';
/** A year: no idle time is longer. */
const LONGEST_MS = 366 * DAY_MS;

/** Writes notes as one line of JSON. */
export function writeNotes({ target, direction, lowerMs, upperMs }: ResumeNotes): string {
  return `${JSON.stringify({ format: FORMAT, target, direction, lowerMs, upperMs })}\n`;
}

/** Reads what `writeNotes` wrote, and nothing else: the file may have been written by anybody. */
export function readNotes(text: string): ReadNotes {
  const invalid = (reason: string): ReadNotes => ({ kind: 'invalid', reason });
  if (text.length > LONGEST_NOTES_BYTES) return invalid(`is longer than ${LONGEST_NOTES_BYTES} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return invalid('is not JSON');
  }
  if (typeof value !== 'object' || value === null) return invalid('is no JSON object');
  const { format, target, direction, lowerMs, upperMs } = value as Partial<Record<string, unknown>>; // an object has only properties
  if (format !== FORMAT) return invalid(`does not say "format": "${FORMAT}"`);
  if (typeof target !== 'string' || target === '' || target.length > 2048) return invalid('names no target');
  if (!isDirection(direction)) return invalid('names no direction');
  if (!isAge(lowerMs)) return invalid('has no lowerMs between 0 and a year');
  if (upperMs !== null && !(isAge(upperMs) && upperMs >= lowerMs)) return invalid('has an upperMs that cannot be');
  return { kind: 'notes', notes: { target, direction, lowerMs, upperMs } };
}

function isAge(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= LONGEST_MS;
}

function isDirection(value: unknown): value is MeasureData['direction'] {
  return value === 'client' || value === 'server' || value === 'both';
}
