import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LONGEST_NOTES_BYTES, readNotes, writeNotes } from '../../../src/commands/measure/measurement-file.ts';

const notes = { target: 'db.example:5432', direction: 'client', lowerMs: 61_000.5, upperMs: null } as const;

test('what was written reads as the same', () => {
  expect(readNotes(writeNotes(notes))).toEqual({ kind: 'notes', notes });
  const bounded = { ...notes, upperMs: 70_000 };
  expect(readNotes(writeNotes(bounded))).toEqual({ kind: 'notes', notes: bounded });
});

test.each<[text: string, reason: string]>([
  ['', 'is not JSON'],
  ['{', 'is not JSON'],
  ['null', 'is no JSON object'],
  ['7', 'is no JSON object'],
  ['[]', 'does not say "format"'],
  ['{"format":"kaprobe-measure-9"}', 'does not say "format"'],
  ['{"format":"kaprobe-measure-1"}', 'names no target'],
  ['{"format":"kaprobe-measure-1","target":"h:1","direction":"up"}', 'names no direction'],
  ['{"format":"kaprobe-measure-1","target":"h:1","direction":"client"}', 'has no lowerMs'],
  ['{"format":"kaprobe-measure-1","target":"h:1","direction":"client","lowerMs":-1,"upperMs":null}', 'has no lowerMs'],
  [
    '{"format":"kaprobe-measure-1","target":"h:1","direction":"client","lowerMs":1e300,"upperMs":null}',
    'has no lowerMs',
  ],
  [
    '{"format":"kaprobe-measure-1","target":"h:1","direction":"client","lowerMs":5,"upperMs":4}',
    'has an upperMs that cannot be',
  ],
  ['{"format":"kaprobe-measure-1","target":"h:1","direction":"client","lowerMs":5}', 'has an upperMs that cannot be'],
  [' '.repeat(LONGEST_NOTES_BYTES + 1), 'is longer than'],
])('%j is refused, because it %s', (text, reason) => {
  const read = readNotes(text);
  expect(read.kind === 'invalid' ? read.reason : '').toContain(reason);
});

test('any text is notes or a reason', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.json().map((json) => json.replace(/^\{/, '{"format":"kaprobe-measure-1",')),
      ),
      (text) => {
        const read = readNotes(text);
        if (read.kind === 'notes') expect(read.notes.lowerMs).toBeGreaterThanOrEqual(0);
        else expect(read.reason).not.toBe('');
      },
    ),
  );
});
