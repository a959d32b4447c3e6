/** The file of `measure --resume`: read with mistrust, written so that it is never half there. */
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { KernelError, ParseError, UsageError } from '../../base/errors.ts';
import { quoted } from '../../base/quoted.ts';
import { LONGEST_NOTES_BYTES, type ResumeNotes, readNotes } from './measurement-file.ts';

/**
 * What an earlier run about the same left; null when there is no such file yet.
 *
 * @throws KernelError when it cannot be read, ParseError for what no run has left, UsageError when that is about something else.
 */
export function readResume(
  path: string,
  { target, direction }: Pick<ResumeNotes, 'target' | 'direction'>,
): ResumeNotes | null {
  let text: string;
  try {
    const file = statSync(path);
    // A device or a pipe has no size to check, and may never end.
    if (!file.isFile()) throw new ParseError(`${quoted(path)} is not a regular file`);
    const { size } = file;
    if (size > LONGEST_NOTES_BYTES) throw new ParseError(`${quoted(path)} is longer than ${LONGEST_NOTES_BYTES} bytes`);
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT') return null;
    if (errno === null) throw error;
    throw new KernelError(errno, `cannot read ${quoted(path)}`);
  }
  const read = readNotes(text);
  if (read.kind === 'invalid') {
    throw new ParseError(
      `${quoted(path)} ${read.reason}`,
      'give a file that an earlier --resume has written, or a new name',
    );
  }
  if (read.notes.target !== target) {
    throw new UsageError(`${quoted(path)} is about another target: ${quoted(read.notes.target)}`, 'give a new name');
  }
  if (read.notes.direction !== direction) {
    throw new UsageError(
      `${quoted(path)} is about another direction: --direction ${read.notes.direction}`,
      'give that direction, or a new name',
    );
  }
  return read.notes;
}

/**
 * Writes beside and renames, so that a run that is cut leaves either the old or the new.
 *
 * @throws KernelError when that cannot be.
 */
export function saveResume(path: string, notes: string): void {
  try {
    writeFileSync(`${path}.new`, notes, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  } catch (error) {
    throw new KernelError(errnoOf(error) ?? 'EIO', `cannot write ${quoted(path)}`);
  }
}

function errnoOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('E')
    ? error.code
    : null;
}
