import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { diskFiles } from '../../../../src/commands/chain/config/disk-files.ts';
import { readDump } from '../../../../src/commands/chain/nginx/dump.ts';
import { readNginx } from '../../../../src/commands/chain/nginx/read-nginx.ts';
import { parseTime } from '../../../../src/commands/chain/nginx/values.ts';
import { findServer } from '../../../real-servers.ts';
import { describeFixture, fixtures } from './fixtures.ts';

// The fixtures say what Debian's nginx 1.22 says of them; it opens logs and pid files as root.
const nginx = findServer('nginx') ?? '';
const version = spawnSync(nginx || 'false', ['-v'], { encoding: 'utf8' }).stderr;
const hasNginx = version.includes('nginx/1.22.') && process.getuid?.() === 0;
const folder = mkdtempSync(join(tmpdir(), 'kaprobe-nginx-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** With `-T` it tests, and writes what it read. */
function nginxSays(root: string): { accepts: boolean; message: string; dump: string } {
  const argv = ['-T', '-p', root, '-c', join(root, 'nginx.conf'), '-e', 'stderr', '-g', `pid ${join(folder, 'pid')};`];
  const { status, stdout, stderr } = spawnSync(nginx, argv, { encoding: 'latin1', timeout: 20_000 });
  return { accepts: status === 0, message: stderr, dump: stdout };
}

describe.skipIf(!hasNginx)('nginx 1.22 itself (asks for nginx)', () => {
  test.each(fixtures)('says of $name: $nginx', (fixture) => {
    const root = join(folder, fixture.name);
    cpSync(fixture.folder, root, { recursive: true });
    const [, verdict, reason = ''] = /^(accepts|refuses alone|refuses)(?:: (.*))?$/.exec(fixture.nginx) ?? [];
    const { accepts, message, dump } = nginxSays(root);
    if (verdict === 'accepts') expect(message).toContain('test is successful');
    else expect(message).toContain(reason);
    expect(accepts).toBe(verdict === 'accepts');
    expect(describeFixture(fixture).includes('\nerror ')).toBe(verdict === 'refuses');
    if (verdict !== 'accepts') return;
    const read = readDump('dump', Buffer.from(dump, 'latin1'));
    if (read === null) throw new Error('nginx -T wrote something else');
    const main = join(root, 'nginx.conf');
    expect(readNginx(read.mainPath, { version: fixture.version, files: read.files })).toEqual(
      readNginx(main, { version: fixture.version, files: diskFiles() }),
    );
  });

  const parts = ['', '0', '5', '75', 's', 'm', 'h', 'd', 'w', 'M', 'y', 'ms', ' ', '-', '.'];
  const times = parts.flatMap((a) => parts.flatMap((b) => ['', '3', '3s', 'ms', ' '].map((c) => `1${a}${b}${c}`)));
  test.each<[resolution: 'seconds' | 'milliseconds', directive: (time: string) => string]>([
    ['milliseconds', (time) => `keepalive_timeout "${time}";`],
    ['seconds', (time) => `keepalive_timeout 1 "${time}";`],
  ])('takes the same times in %s', (resolution, directive) => {
    const takes = (some: readonly string[]): boolean => {
      const locations = some.map((time, index) => `location /${index} { ${directive(time)} }`);
      writeFileSync(join(folder, 'nginx.conf'), `events { }\nhttp {\nserver {\n${locations.join('\n')}\n}\n}\n`);
      return nginxSays(folder).accepts;
    };
    const good = times.filter((time) => parseTime(time, resolution) !== null);
    const bad = times.filter((time) => parseTime(time, resolution) === null);
    expect(good.length).toBeGreaterThan(30);
    expect(takes(good)).toBe(true);
    expect(bad.filter((time, index) => index % 5 === 0 && takes([time]))).toEqual([]);
  });
});
