import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Option } from '@commander-js/extra-typings';
import { errnoOf, KaprobeError, UsageError } from '../base/errors.ts';
import type { Document, Format } from './format.ts';
import { formats } from './formats/registry.generated.ts';
import { loadFormat } from './load-format.ts';
import type { RenderOptions } from './render-options.ts';

/** How text stands in a file, whatever the terminal is. */
const IN_A_FILE: RenderOptions = { width: 80, color: false, unicode: true };

/** `--output FORMAT=FILE` as given. */
export interface FileOutput {
  format: string;
  path: string;
}

/** A file that gets the report. */
export interface ReportFile {
  format: Format;
  /**
   * Writes the report beside the file, and puts it in the file's place when it is whole: the file has the old text or the new, never a part. Throws a
   * KaprobeError where that cannot be done; what stood there before is then still there.
   */
  write(document: Document): void;
}

/** Where a file lies, links followed; `mode` null: there is none yet. */
interface Place {
  path: string;
  mode: number | null;
}

/** `--output`, repeatable. */
export function outputOption() {
  const names = Object.keys(formats);
  return new Option(
    '--output <format=file>',
    'write the report into a file besides, in one of the formats below; repeatable',
  ).argParser((text: string, before: readonly FileOutput[] | undefined): FileOutput[] => [
    ...(before ?? []),
    readFileOutput(text, names),
  ]);
}

function readFileOutput(text: string, names: readonly string[]): FileOutput {
  const [, format = '', path = ''] = /^([^=]*)=(.+)$/s.exec(text) ?? [];
  if (path === '') throw new UsageError(`--output '${text}' names no file`, 'for example --output json=report.json');
  if (!names.includes(format))
    throw new UsageError(`--output '${text}': there is no format '${format}'`, `one of ${names.join(', ')}`);
  return { format, path };
}

/**
 * Looks at all files before the work begins: one that cannot be written shows at once. Throws a UsageError that names it. Nothing is left
 * open, and nothing stands beside the files until the report does.
 */
export async function openReportFiles(outputs: readonly FileOutput[]): Promise<ReportFile[]> {
  const seen = new Set<string>();
  const files: ReportFile[] = [];
  for (const output of outputs) {
    const named = `--output ${output.format}=${output.path}`;
    const place = placeOf(output.path, named);
    if (seen.has(place.path)) throw new UsageError(`${named}: two reports cannot be written into the same file`);
    seen.add(place.path);
    const format = await loadFormat(output.format);
    files.push({ format, write: (document) => writeReport(output.path, place, format.render(document, IN_A_FILE)) });
  }
  return files;
}

/** Throws a UsageError where no report can be put. */
function placeOf(path: string, named: string): Place {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (path.endsWith('/') || stats?.isDirectory()) throw new UsageError(`${named}: that is a directory`);
    if (stats === undefined && lstatSync(path, { throwIfNoEntry: false }) !== undefined)
      throw new UsageError(`${named}: that is a symbolic link to nothing`);
    if (stats !== undefined) assertReplaceable(stats, named);
    const place =
      stats === undefined
        ? { path: join(realpathSync(dirname(path)), basename(path)), mode: null }
        : { path: realpathSync(path), mode: stats.mode & 0o7777 };
    if (place.mode !== null) accessSync(place.path, constants.W_OK);
    const { fd, temporary } = openBeside(place);
    closeSync(fd);
    unlinkSync(temporary);
    return place;
  } catch (error) {
    if (error instanceof KaprobeError) throw error;
    throw new UsageError(`${named} cannot be written: ${errnoOf(error)}`);
  }
}

/** A pipe or a device cannot be replaced by a file that is whole, and what stdout writes to must not be taken away from it. */
function assertReplaceable(stats: Stats, named: string): void {
  if (!stats.isFile()) throw new UsageError(`${named}: that is no regular file`, '--format says how stdout looks');
  for (const fd of [1, 2]) {
    const stream = fstatSync(fd);
    if (stream.dev === stats.dev && stream.ino === stats.ino)
      throw new UsageError(`${named}: ${fd === 1 ? 'stdout' : 'stderr'} goes into that file`);
  }
}

function openBeside({ path }: Place): { fd: number; temporary: string } {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const temporary = join(dirname(path), `.kaprobe-${crypto.randomUUID()}.tmp`);
  return { fd: openSync(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o666), temporary };
}

function writeReport(given: string, place: Place, rendered: string | Iterable<Uint8Array>): void {
  const release = holdSignals();
  try {
    const { fd, temporary } = openBeside(place);
    try {
      for (const part of typeof rendered === 'string' ? [Buffer.from(rendered)] : rendered) writeWhole(fd, part);
      if (place.mode !== null) fchmodSync(fd, place.mode);
      fsyncSync(fd);
      renameSync(temporary, place.path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw new KaprobeError('output', `cannot write the report into '${given}': ${errnoOf(error)}`, null, error);
  } finally {
    release();
  }
}

/** A second Ctrl-C ends the program at once: not in the midst of this, which takes no time to speak of. */
function holdSignals(): () => void {
  const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const wait = (): void => {};
  for (const signal of SIGNALS) process.on(signal, wait);
  return () => {
    for (const signal of SIGNALS) process.off(signal, wait);
  };
}

function writeWhole(fd: number, part: Uint8Array): void {
  for (let written = 0; written < part.length; ) written += writeSync(fd, part, written);
}
