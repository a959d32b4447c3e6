import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { diskFiles } from '../../../../src/commands/chain/config/disk-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'kaprobe-files-'));
const at = (name: string): string => join(folder, name);
const MIB = 1024 * 1024;

beforeAll(() => {
  mkdirSync(at('folder'));
  writeFileSync(at('file'), 'text\n');
  writeFileSync(at('empty'), '');
  symlinkSync('file', at('link'));
  symlinkSync('loop', at('loop'));
  execFileSync('sh', ['-c', 'mkfifo "$0"', at('pipe')]);
  writeFileSync(at('large'), '');
  truncateSync(at('large'), 8 * MIB + 1);
  writeFileSync(at('just'), '');
  truncateSync(at('just'), 8 * MIB);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('diskFiles', () => {
  test.each([
    ['file', 'text\n'],
    ['link', 'text\n'],
    ['empty', ''],
  ])('reads %s', (name, text) => {
    const file = diskFiles().read(at(name));
    expect(file.kind === 'file' && Buffer.from(file.bytes).toString()).toBe(text);
  });

  test.each([
    ['missing', 'no such file'],
    ['file/below', 'ENOTDIR'],
    ['folder', 'is a folder'],
    ['pipe', 'is not a regular file'],
    ['large', 'is larger than 8 MiB'],
    ['loop', 'ELOOP'],
    [`${'x'.repeat(300)}`, 'ENAMETOOLONG'],
    ['nul\0byte', 'ERR_INVALID_ARG_VALUE'],
  ])('says of %j: %s', (name, reason) => {
    expect(diskFiles().read(`${folder}/${name}`)).toEqual({ kind: 'unreadable', reason });
  });

  test('says of a device that it is no regular file', () => {
    expect(diskFiles().read('/dev/zero')).toEqual({ kind: 'unreadable', reason: 'is not a regular file' });
  });

  test('stops at 64 MiB in all', () => {
    const files = diskFiles();
    const kinds = Array.from({ length: 9 }, () => files.read(at('just')).kind);
    expect(kinds).toEqual([...Array.from({ length: 8 }, () => 'file'), 'unreadable']);
  });

  test('lists the names in a folder, and none where there is no folder', () => {
    expect(diskFiles().list(`${folder}/`)).toContain('link');
    expect(diskFiles().list('')).toContain('package.json');
    expect(diskFiles().list(at('missing'))).toEqual([]);
    expect(diskFiles().list(at('file'))).toEqual([]);
  });
});
