import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { KaprobeError, UsageError } from '../../src/base/errors.ts';
import { openReportFiles } from '../../src/output/file-output.ts';
import type { Document } from '../../src/output/format.ts';
import { sealReport } from '../../src/report/report.ts';

const report = sealReport(
  'sockets',
  { data: { list: [] }, findings: [], gaps: [] },
  { version: '0', startedAt: new Date(0), durationMs: 0, failOn: 'error' },
);

describe('a report file', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kaprobe-file-output-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** A report whose list is written in parts: what `jsonParts` does happens in the midst of writing. */
  const document = (jsonParts: () => Iterable<Uint8Array>): Document => ({
    report,
    view: { body: () => [] },
    longList: { key: 'list', jsonParts },
  });

  const open = async (...names: string[]) =>
    openReportFiles(names.map((name) => ({ format: 'json', path: join(folder, name) })));

  test('is not there until it is whole, and the old one is', async () => {
    writeFileSync(join(folder, 'old'), 'old');
    const [old, fresh] = await open('old', 'new');
    const seen: string[] = [];
    const half = function* () {
      yield Buffer.from('1');
      seen.push(...readdirSync(folder), readFileSync(join(folder, 'old'), 'utf8'));
      yield Buffer.from(',2');
    };
    expect(readdirSync(folder)).toEqual(['old']);
    fresh?.write(document(half));
    old?.write(document(half));
    expect(seen).toEqual([
      ...[expect.stringMatching(/^\.kaprobe-/), 'old', 'old'],
      ...[expect.stringMatching(/^\.kaprobe-/), 'new', 'old', 'old'],
    ]);
    expect(readdirSync(folder)).toEqual(['new', 'old']);
    expect(JSON.parse(readFileSync(join(folder, 'old'), 'utf8'))).toMatchObject({ data: { list: [1, 2] } });
  });

  test('stays as it was when it cannot be written to its end, and nothing stands beside it', async () => {
    writeFileSync(join(folder, 'old'), 'old');
    const [file] = await open('old');
    const broken = function* () {
      yield Buffer.from('1');
      throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    };
    expect(() => file?.write(document(broken))).toThrow(KaprobeError);
    expect(() => file?.write(document(broken))).toThrow(`cannot write the report into '${folder}/old': ENOSPC`);
    expect(readdirSync(folder)).toEqual(['old']);
    expect(readFileSync(join(folder, 'old'), 'utf8')).toBe('old');
  });

  test('is written to its end even if Ctrl-C comes again meanwhile', async () => {
    const [file] = await open('new');
    const counts: number[] = [];
    const count = (): number => process.listenerCount('SIGINT');
    const before = count();
    file?.write(
      document(function* () {
        counts.push(count() - before);
        yield Buffer.from('1');
      }),
    );
    expect(counts).toEqual([1]);
    expect(count()).toBe(before);
  });

  test('may have the longest name that there is', async () => {
    const name = 'n'.repeat(255);
    const [file] = await open(name);
    file?.write(document(() => []));
    expect(readdirSync(folder)).toEqual([name]);
  });

  test('named twice is a usage error, and nothing is left', async () => {
    await expect(open('one', './one')).rejects.toThrow(UsageError);
    expect(readdirSync(folder)).toEqual([]);
  });
});
