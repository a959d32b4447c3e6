import { closeSync, openSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { Option } from '@commander-js/extra-typings';
import { KaprobeError, UsageError } from '../base/errors.ts';
import type { Document, Format } from './format.ts';
import { formats } from './formats/registry.generated.ts';
import { loadFormat } from './load-format.ts';

/** Columns where no terminal says otherwise. */
const WIDTH = 80;

/** `--output FORMAT=FILE` as given. */
export interface FileOutput {
  format: string;
  path: string;
}

/** A file that is being written beside its place, and takes it when it is whole. */
interface OpenedOutput {
  format: Format;
  /** Throws a KaprobeError where the file cannot be written; what stood there before is then still there. */
  write(document: Document): Promise<void>;
  discard(): void;
}

/** `--output`, repeatable. */
export function outputOption() {
  const names = Object.keys(formats);
  return new Option(
    '--output <format=file>',
    `write the report into a file besides, as ${names.join(', ')}; repeatable`,
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

/** Opens all files before the work begins: a path that cannot be written to shows at once. Throws a UsageError that names it. */
export async function openFileOutputs(outputs: readonly FileOutput[]): Promise<OpenedOutput[]> {
  const opened: OpenedOutput[] = [];
  for (const output of outputs) {
    try {
      opened.push(await openFileOutput(output));
    } catch (error) {
      for (const each of opened) each.discard();
      throw error;
    }
  }
  return opened;
}

async function openFileOutput({ format: name, path }: FileOutput): Promise<OpenedOutput> {
  const format = await loadFormat(name);
  const temporary = `${path}.${process.pid}.tmp`;
  let fd: number;
  try {
    fd = openSync(temporary, 'wx', 0o666);
  } catch (error) {
    throw new UsageError(`--output ${name}=${path} cannot be written: ${reasonOf(error)}`);
  }
  const discard = (): void => {
    closeSync(fd);
    unlinkSync(temporary);
  };
  return {
    format,
    discard,
    async write(document) {
      try {
        const rendered = format.render(document, { width: WIDTH, color: false, unicode: true });
        for (const part of typeof rendered === 'string' ? [Buffer.from(rendered)] : rendered) writeWhole(fd, part);
      } catch (error) {
        discard();
        throw new KaprobeError('output', `cannot write the report into '${path}': ${reasonOf(error)}`);
      }
      closeSync(fd);
      renameSync(temporary, path);
    },
  };
}

function writeWhole(fd: number, part: Uint8Array): void {
  for (let written = 0; written < part.length; ) written += writeSync(fd, part, written);
}

function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
