/** The fixtures of gunicorn: files of settings, and what the reader says of each. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ParseError } from '../../../../src/base/errors.ts';
import { diskFiles } from '../../../../src/commands/chain/config/disk-files.ts';
import { type GunicornReading, readGunicorn } from '../../../../src/commands/chain/gunicorn/read-gunicorn.ts';
import type { ChainSource, MaybeChainValue } from '../../../../src/knowledge/hop.ts';

const folder = fileURLToPath(new URL('../../../fixtures/gunicorn/', import.meta.url));

export const fixtures = readdirSync(folder)
  .filter((file) => file.endsWith('.conf.py'))
  .sort()
  .map((file) => ({ name: file.replace('.conf.py', ''), path: folder + file }));

export function readFixture(path: string): GunicornReading {
  return readGunicorn({ configPath: path, words: [], environmentWords: null }, diskFiles());
}

/** What the reader makes of a file, a line for each value that is not the default. */
export function describeFixture(path: string): string {
  const local = (text: string): string => text.replaceAll(folder, '');
  try {
    const { product, server, settings, doubts } = readFixture(path);
    const { reuse, idleCloseMs, maxRequests, announcesClose, capacity, requestTimeoutMs } = server;
    const values = { reuse, idleCloseMs, maxRequests, capacity, requestTimeoutMs };
    const lines = [
      ...Object.entries(settings).flatMap(([name, value]) => (isDefault(value) ? [] : [`${name}: ${describe(value)}`])),
      `${product}, announcesClose: ${announcesClose}`,
      ...Object.entries(values).map(([name, value]) => `  ${name}: ${value === null ? null : describe(value)}`),
      ...doubts.map((doubt) => `doubt: ${doubt}`),
    ];
    return local(lines.map((line) => `${line}\n`).join(''));
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    return local(`error ${error.message}\n`);
  }
}

function isDefault(value: MaybeChainValue<unknown>): boolean {
  return 'value' in value && value.source.kind === 'default';
}

function describe(value: MaybeChainValue<unknown>): string {
  return 'value' in value ? `${JSON.stringify(value.value)} @ ${describeSource(value.source)}` : `? ${value.reason}`;
}

function describeSource(source: ChainSource): string {
  return source.kind === 'file' ? `${source.file}:${source.line}` : source.kind;
}
