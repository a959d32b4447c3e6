import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kaprobe, NODE, PROGRAM } from './kaprobe.ts';

/** Whether a file system may be mounted here, in a namespace of one's own. */
const CAN_MOUNT = spawnSync('unshare', ['--mount', '--map-root-user', 'true']).status === 0;

describe('--output', () => {
  let root: string;
  let count = 0;
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'kaprobe-output-'));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  /** A folder of its own for each test. */
  const folder = (): string => {
    const path = join(root, String(count++));
    mkdirSync(path);
    return path;
  };

  it('writes the report that stdout gets into files besides, as JSON, as lines and as text', async () => {
    const at = folder();
    const files = ['json', 'ndjson', 'text'].flatMap((format) => ['--output', `${format}=${join(at, format)}`]);
    const { exitCode, stdout, stderr } = await kaprobe(['simulate', '--format', 'json', ...files]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(readFileSync(join(at, 'json'), 'utf8')).toBe(stdout);
    expect(JSON.parse(readFileSync(join(at, 'ndjson'), 'utf8'))).toEqual(JSON.parse(stdout));
    expect(readFileSync(join(at, 'text'), 'utf8')).toContain('kaprobe simulate');
    expect(readdirSync(at).sort()).toEqual(['json', 'ndjson', 'text']);
  });

  it('writes text without colour and 80 columns wide, whatever stdout is', async () => {
    const at = folder();
    await kaprobe(['middleboxes', 'aws', '--color', '--output', `text=${join(at, 'report')}`], {
      env: { FORCE_COLOR: '1', LC_ALL: 'C' },
    });
    const plain = await kaprobe(['middleboxes', 'aws']);
    expect(readFileSync(join(at, 'report'), 'utf8')).toBe(plain.stdout);
  });

  it('puts the new report in the place of the old one, with the mode of the old one, where a link leads', async () => {
    const at = folder();
    const file = join(at, 'report.json');
    writeFileSync(file, 'old');
    chmodSync(file, 0o640);
    symlinkSync('report.json', join(at, 'link'));
    await kaprobe(['simulate', '--output', `json=${join(at, 'link')}`]);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ command: 'simulate' });
    expect((statSync(file).mode & 0o777).toString(8)).toBe('640');
    expect(readdirSync(at).sort()).toEqual(['link', 'report.json']);
  });

  it('writes nothing when the question cannot be asked', async () => {
    const at = folder();
    writeFileSync(join(at, 'report.json'), 'old');
    const output = ['--output', `json=${join(at, 'report.json')}`, '--output', `text=${join(at, 'new')}`];
    const { exitCode } = await kaprobe(['check', 'no-port', ...output]);
    expect(exitCode).toBe(2);
    expect(readFileSync(join(at, 'report.json'), 'utf8')).toBe('old');
    expect(readdirSync(at)).toEqual(['report.json']);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('leaves the old file, and no other, after %s', async (signal) => {
    const at = folder();
    writeFileSync(join(at, 'report.json'), 'old');
    // A server that never answers the TLS handshake: a check of it that is interrupted has nothing to report.
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = silent.address();
    const port = typeof address === 'object' ? address?.port : null;
    const { exitCode } = await kaprobe(
      ['check', `tls://127.0.0.1:${port}`, '--timeout', '1m', '--output', `json=${join(at, 'report.json')}`],
      { started: (pid) => setTimeout(() => process.kill(pid, signal), 1500) },
    );
    silent.close();
    expect(exitCode).toBe(130);
    expect(readFileSync(join(at, 'report.json'), 'utf8')).toBe('old');
    expect(readdirSync(at)).toEqual(['report.json']);
  });

  it('leaves no file when it is killed while it works', async () => {
    const at = folder();
    const { exitCode } = await kaprobe(
      ['check', '--embedded', '--survive', '1m', '--output', `json=${join(at, 'report.json')}`],
      { started: (pid) => setTimeout(() => process.kill(pid, 'SIGKILL'), 1500) },
    );
    expect(exitCode).toBeNull();
    expect(readdirSync(at)).toEqual([]);
  });

  it('has the report of a run that Ctrl-C ended, where that has one', async () => {
    const at = folder();
    const { exitCode } = await kaprobe(['serve', '--output', `json=${join(at, 'report.json')}`], {
      started: (pid) => setTimeout(() => process.kill(pid, 'SIGINT'), 1500),
    });
    expect(exitCode).toBe(130);
    expect(JSON.parse(readFileSync(join(at, 'report.json'), 'utf8'))).toMatchObject({
      command: 'serve',
      exitCode: 130,
    });
  });

  it.skipIf(!CAN_MOUNT)(
    'keeps the old file, and still answers on stdout, when the disk is full (asks for mounts in a namespace of its own)',
    async () => {
      const at = folder();
      const mounted = join(at, 'small');
      mkdirSync(mounted);
      const file = join(mounted, 'report.json');
      // A file system of one page in a mount namespace of its own: the report does not fit.
      const script = `mount -t tmpfs -o size=4k,nr_inodes=20 none ${mounted} && echo old > ${file} &&
      ${NODE} ${PROGRAM} middleboxes --output json=${file}; echo "exit $?"; cat ${file}; ls -A ${mounted}`;
      const text = execFileSync('unshare', ['--mount', '--map-root-user', 'sh', '-c', script], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      expect(text).toMatch(/kaprobe middleboxes.*\nexit 2\nold\nreport\.json\n$/s);
    },
  );

  it.each(['stdout', 'stderr'] as const)('refuses the file that %s goes into', async (stream) => {
    const at = folder();
    const file = join(at, 'out');
    const redirect = stream === 'stdout' ? '>' : '2>';
    const child = spawn(
      'sh',
      ['-c', `exec "$@" ${redirect} ${file}`, 'sh', NODE, PROGRAM, 'simulate', '--output', `json=${file}`],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    const [exitCode] = await once(child, 'exit');
    expect(exitCode).toBe(2);
    expect(readFileSync(file, 'utf8')).toBe(
      stream === 'stdout' ? '' : `kaprobe: --output json=${file}: stderr goes into that file\n`,
    );
  });

  it('refuses a pipe without waiting for a reader, and a link to nothing', async () => {
    const at = folder();
    const pipe = join(at, 'pipe');
    execFileSync('mkfifo', [pipe]);
    symlinkSync('nothing', join(at, 'link'));
    const [piped, linked] = await Promise.all([
      kaprobe(['simulate', '--output', `json=${pipe}`]),
      kaprobe(['simulate', '--output', `json=${join(at, 'link')}`]),
    ]);
    expect(piped).toMatchObject({ exitCode: 2, stdout: '' });
    expect(piped.stderr).toContain(`kaprobe: --output json=${pipe}: that is no regular file\n`);
    expect(linked).toMatchObject({ exitCode: 2, stdout: '' });
    expect(linked.stderr).toBe(`kaprobe: --output json=${join(at, 'link')}: that is a symbolic link to nothing\n`);
    expect(existsSync(join(at, 'nothing'))).toBe(false);
  });

  it('writes the report of run into the file, and nothing on stderr', async () => {
    const at = folder();
    const { exitCode, stdout, stderr } = await kaprobe([
      ...['run', '--output', `json=${join(at, 'report.json')}`],
      ...['--', 'echo', 'hello'],
    ]);
    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: 'hello\n', stderr: '' });
    expect(JSON.parse(readFileSync(join(at, 'report.json'), 'utf8'))).toMatchObject({ command: 'run' });
  });
});
