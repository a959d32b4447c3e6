import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReportOf } from '../../src/commands/index.ts';

import { makeCertificate } from './certificate.ts';
import { kaprobe, NODE, PROGRAM, WITHOUT_KOFFI } from './kaprobe.ts';
import { closedPort, listening, serve, type TestServer } from './servers.ts';

async function check(
  ...args: string[]
): Promise<{ report: ReportOf<'check'>; exitCode: number | null; stderr: string }> {
  const { stdout, exitCode, stderr } = await kaprobe(['check', '--format', 'json', ...args]);
  return { report: JSON.parse(stdout), exitCode, stderr };
}

const rulesOf = ({ findings }: ReportOf<'check'>): string[] =>
  findings.map(({ rule }) => rule).filter((rule) => rule !== 'dead-peer-noticed-after');

describe('check', () => {
  let open: TestServer;
  beforeAll(async () => {
    open = await serve();
  });
  afterAll(() => open.close());

  it('checks its own server when asked to, and says so', async () => {
    const { report, exitCode } = await check('--embedded');
    expect(exitCode).toBe(0);
    expect(report).toMatchObject({ command: 'check', verdict: 'ok', exitCode: 0, data: { embedded: true } });
    expect(report.data.targets).toHaveLength(1);
    expect(report.data.targets[0]).toMatchObject({
      address: '127.0.0.1',
      connect: { kind: 'connected', error: null },
      keepalive: { answer: { kind: 'answered', probeCount: 1 } },
    });
    expect((await kaprobe(['check', '--embedded', '--no-probe'])).stdout).toContain("kaprobe's own server on loopback");
  });

  it('reads back from the socket exactly what was asked for', async () => {
    const asked = ['--idle', '61s', '--interval', '7s', '--count', '5', '--user-timeout', '95500ms'];
    const { report } = await check(`127.0.0.1:${open.port}`, ...asked, '--no-probe');
    const settings = { enabled: true, idleMs: 61_000, intervalMs: 7000, count: 5, userTimeoutMs: 95_500 };
    expect(report.data.targets[0]?.keepalive).toMatchObject({ requested: settings, effective: settings, refused: [] });
  });

  it('gives the host’s timers to a socket that asks for nothing but SO_KEEPALIVE', async () => {
    const read = (name: string): number => Number(readFileSync(`/proc/sys/net/ipv4/${name}`, 'utf8'));
    const { report } = await check(`127.0.0.1:${open.port}`, '--no-probe');
    expect(report.data.targets[0]?.keepalive.effective).toEqual({
      enabled: true,
      idleMs: read('tcp_keepalive_time') * 1000,
      intervalMs: read('tcp_keepalive_intvl') * 1000,
      count: read('tcp_keepalive_probes'),
      userTimeoutMs: 0,
    });
  });

  it('reads back that keepalive is off', async () => {
    const { report } = await check(`127.0.0.1:${open.port}`, '--no-keepalive');
    expect(report.data.targets[0]?.keepalive).toMatchObject({
      effective: { enabled: false },
      answer: { kind: 'answered' },
    });
    expect(report.findings).toMatchObject([{ rule: 'keepalive-off', severity: 'warning' }]);
  });

  it('says on IPv6 what it says on IPv4', async () => {
    const v6 = await serve(undefined, '::1');
    const { report, exitCode } = await check(
      `[::1]:${v6.port}`,
      '--idle',
      '60s',
      '--interval',
      '10s',
      '--count',
      '6',
      '--middlebox-timeout',
      '30m',
    );
    await v6.close();
    expect(exitCode).toBe(0);
    expect(report.data.targets[0]).toMatchObject({
      address: '::1',
      connect: { kind: 'connected' },
      keepalive: { answer: { kind: 'answered' } },
    });
  });

  it('tries the other family when one refuses, and reports both', async () => {
    const hosts = readFileSync('/etc/hosts', 'utf8');
    const { report } = await check(`localhost:${open.port}`, '--no-probe');
    expect(report.data.targets[0]).toMatchObject({ address: '127.0.0.1', connect: { kind: 'connected' } });
    if (/^::1\s.*\blocalhost\b/m.test(hosts)) {
      expect(report.data.targets[0]?.addresses).toEqual(expect.arrayContaining(['::1', '127.0.0.1']));
    }
    const only = await check(`localhost:${open.port}`, '--no-probe', '--family', '4');
    expect(only.report.data.targets[0]?.addresses).toEqual(['127.0.0.1']);
  });

  it('gives every target its own verdict, in the order given', async () => {
    const closed = await closedPort();
    const { report, exitCode } = await check(`127.0.0.1:${open.port}`, `127.0.0.1:${closed}`, `127.0.0.2:${closed}`);
    expect(exitCode).toBe(1);
    expect(report.data.targets.map(({ target, verdict, connect }) => [target, verdict, connect.kind])).toEqual([
      [`127.0.0.1:${open.port}`, 'ok', 'connected'],
      [`127.0.0.1:${closed}`, 'findings', 'refused'],
      [`127.0.0.2:${closed}`, 'findings', 'refused'],
    ]);
    expect(report.findings.filter(({ rule }) => rule === 'connection-refused')).toHaveLength(2);
  });

  it('checks 200 targets in little more than the time of one', async () => {
    const targets = Array.from({ length: 200 }, (_, index) => `127.0.${index % 4}.${1 + (index % 50)}:${open.port}`);
    const everywhere = await serve(undefined, '0.0.0.0');
    const { report, stderr } = await check(...targets.map((target) => target.replace(/:\d+$/, `:${everywhere.port}`)));
    await everywhere.close();
    expect(stderr).toBe('');
    expect(report.data.targets).toHaveLength(200);
    expect(report.data.targets.filter(({ keepalive }) => keepalive.answer.kind === 'answered')).toHaveLength(200);
    // One after the other they would take 200 s: the bound tells that apart and leaves a slow machine room.
    expect(report.durationMs).toBeLessThan(20_000);
  });

  it('does not take a greeting for the answer to a probe', async () => {
    const greeter = await serve((socket) => setTimeout(() => socket.write('220 ready\r\n'), 150));
    const { report } = await check(`127.0.0.1:${greeter.port}`);
    await greeter.close();
    expect(report.data.targets[0]?.keepalive.answer).toMatchObject({ kind: 'answered', probeCount: 1 });
    expect(report.durationMs).toBeGreaterThan(1100); // the greeting put the first probe off by 150 ms
  });

  it('could not tell when the peer never falls silent, and does not hang', async () => {
    const talker = await serve((socket) => {
      const timer = setInterval(() => socket.write('x'), 300);
      socket.on('close', () => clearInterval(timer));
    });
    const flooder = await serve((socket) => {
      const more = (): void => {
        while (!socket.destroyed && socket.write(Buffer.alloc(65_536)));
      };
      socket.on('drain', more);
      more();
    });
    const { report, exitCode } = await check(`127.0.0.1:${talker.port}`, `127.0.0.1:${flooder.port}`, '--probes', '1');
    await Promise.all([talker.close(), flooder.close()]);
    expect(exitCode).toBe(2);
    expect(report.verdict).toBe('unmeasured');
    for (const { keepalive } of report.data.targets) {
      expect(keepalive.answer).toMatchObject({ kind: 'unmeasured', reason: expect.stringContaining('kept sending') });
    }
  });

  it('reports a peer that hangs up or resets at once', async () => {
    const closer = await serve((socket) => socket.end());
    const resetter = await serve((socket) => setTimeout(() => socket.resetAndDestroy(), 100));
    const { report, exitCode } = await check(`127.0.0.1:${closer.port}`, `127.0.0.1:${resetter.port}`);
    await Promise.all([closer.close(), resetter.close()]);
    expect(exitCode).toBe(1);
    expect(report.data.targets.map(({ keepalive }) => keepalive.answer.kind)).toEqual(['unmeasured', 'unmeasured']);
    expect(report.data.targets[0]?.ended?.kind).toBe('closed');
    // A RST that comes before the connection is seen to be made ends the attempt.
    const wrong = report.findings.filter(({ severity }) => severity !== 'info');
    expect(wrong.map(({ severity, message }) => [severity, message])).toEqual([
      ['warning', expect.stringMatching(/^the peer closed the connection \(FIN\)/)],
      ['error', expect.stringMatching(/^the connection was reset \(RST\)/)],
    ]);
  });

  it('still connects and judges where koffi has no binary, and says what it could not measure', async () => {
    const run = await kaprobe(['check', `127.0.0.1:${open.port}`, '--format', 'json', '--idle', '60s'], {
      nodeArguments: WITHOUT_KOFFI,
    });
    const report: ReportOf<'check'> = JSON.parse(run.stdout);
    expect(run.exitCode).toBe(2);
    expect(report.verdict).toBe('unmeasured');
    expect(report.data.targets[0]).toMatchObject({
      connect: { kind: 'connected', rttMs: null },
      keepalive: {
        effective: { kind: 'unmeasured', reason: expect.stringContaining('koffi has no binary') },
        answer: { kind: 'unmeasured' },
      },
    });
    const late = await kaprobe(['check', `127.0.0.1:${open.port}`, '--format', 'json', '--middlebox-timeout', '30m'], {
      nodeArguments: WITHOUT_KOFFI,
    });
    expect(late.exitCode).toBe(1); // the host’s sysctls are too slow whatever koffi can read
    const sysctl = await kaprobe(['sysctl', '--format', 'json'], { nodeArguments: WITHOUT_KOFFI });
    expect(sysctl.exitCode).toBe(0);
  });

  it('raises the exit code for what --fail-on names', async () => {
    const target = `127.0.0.1:${open.port}`;
    expect((await check(target, '--no-probe')).exitCode).toBe(0);
    expect((await check(target, '--no-probe', '--fail-on', 'info')).exitCode).toBe(1);
    expect((await check(target, '--no-probe', '--no-keepalive', '--fail-on', 'warning')).exitCode).toBe(1);
  });
});

describe('the output', () => {
  it('ends with one sentence when stdout is closed early', async () => {
    // More than a pipe holds, so that the reader is gone before all is written.
    const child = spawn(NODE, [PROGRAM, 'middleboxes', '--format', 'json'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.destroy();
    const stderr: string[] = [];
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk.toString()));
    const [exitCode] = await once(child, 'close');
    expect(exitCode).toBe(2);
    expect(stderr.join('')).toBe(
      'kaprobe: stdout was closed before the whole report was written\nhint: let the reader take all of it, as head does not\n',
    );
  });

  it.skipIf(!existsSync('/dev/full'))('ends with one sentence when the disk is full (asks for /dev/full)', async () => {
    const child = spawn(NODE, [PROGRAM, 'middleboxes'], {
      stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
    });
    const stderr: string[] = [];
    child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk.toString()));
    const [exitCode] = await once(child, 'close');
    expect({ exitCode, stderr: stderr.join('') }).toEqual({
      exitCode: 2,
      stderr: 'kaprobe: cannot write the report: ENOSPC\n',
    });
  });

  it('ends cleanly on Ctrl-C, with nothing half-printed', async () => {
    let child = 0;
    const talker = await serve((socket) => {
      socket.write('x');
      process.kill(child, 'SIGINT'); // it has connected, and is far from an end
    });
    const run = await kaprobe(['check', `127.0.0.1:${talker.port}`, '--format', 'json'], {
      started: (pid) => {
        child = pid;
      },
    });
    await talker.close();
    expect(run).toEqual({ exitCode: 130, stdout: '', stderr: 'kaprobe: interrupted\n' });
  });

  it('has no colour in a pipe, colour when forced, none with NO_COLOR, and signs in ASCII without a UTF-8 locale', async () => {
    const args = ['check', '--embedded', '--no-probe', '--no-ping'];
    const colour = '\u001b[';
    expect((await kaprobe(args)).stdout).not.toContain(colour);
    expect((await kaprobe(args, { env: { FORCE_COLOR: '1' } })).stdout).toContain(colour);
    expect((await kaprobe([...args, '--color'])).stdout).toContain(colour);
    expect((await kaprobe(args, { env: { FORCE_COLOR: '1', NO_COLOR: '1' } })).stdout).not.toContain(colour);
    expect((await kaprobe([...args, '--no-color'], { env: { FORCE_COLOR: '1' } })).stdout).not.toContain(colour);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is the claim
    expect((await kaprobe(args, { env: { LC_ALL: 'C' } })).stdout).toMatch(/^[\u0000-\u007f]*$/);
  });
});

const openssl = spawnSync('openssl', ['version']).status === 0;

describe.skipIf(!openssl)('TLS targets (asks for openssl)', () => {
  let folder: string;
  const servers: TestServer[] = [];
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'kaprobe-tls-'));
  });
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.close()));
    rmSync(folder, { recursive: true, force: true });
  });

  /** A TLS server with such a certificate, checked by a host that trusts it unless told otherwise. */
  async function checkTls(wish: Parameters<typeof makeCertificate>[1], ...args: string[]): Promise<ReportOf<'check'>> {
    const { key, cert, file } = makeCertificate(mkdtempSync(join(folder, 'certificate-')), wish);
    const server = await listening(createTlsServer({ key, cert }, (socket) => socket.on('error', () => {})));
    servers.push(server);
    const trusting = args.includes('--untrusting') ? {} : { NODE_EXTRA_CA_CERTS: file };
    const words = [
      'check',
      `https://localhost:${server.port}`,
      '--family',
      '4',
      '--format',
      'json',
      '--no-ping',
      ...args.filter((word) => word !== '--untrusting'),
    ];
    return JSON.parse((await kaprobe(words, { env: trusting })).stdout);
  }
  const YEAR = { fromDay: -1, toDay: 364 };

  it('a trusted certificate is fine, and probes are answered beneath TLS', async () => {
    const report = await checkTls(YEAR);
    expect(rulesOf(report)).toEqual([]);
    expect(report.data.targets[0]).toMatchObject({
      certificate: { kind: 'presented', trusted: true, error: null, subject: 'CN=localhost', protocol: 'TLSv1.3' },
      keepalive: { answer: { kind: 'answered' } },
    });
  });

  it('an unknown issuer is an error', async () => {
    expect(rulesOf(await checkTls(YEAR, '--no-probe', '--untrusting'))).toEqual(['certificate-not-trusted']);
  });

  it('a certificate for another name is an error, whatever its common name says', async () => {
    const report = await checkTls({ ...YEAR, names: 'DNS:elsewhere' }, '--no-probe');
    expect(rulesOf(report)).toEqual(['certificate-not-trusted']);
    expect(report.data.targets[0]?.certificate).toMatchObject({ error: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  });

  it('near expiry is a warning by the margin asked for, but at most by a third of the lifetime', async () => {
    const ninetyDays = { fromDay: -80, toDay: 10 };
    expect(rulesOf(await checkTls(ninetyDays, '--no-probe'))).toEqual(['certificate-near-expiry']);
    expect(rulesOf(await checkTls(ninetyDays, '--no-probe', '--certificate-margin', '9d'))).toEqual([]);
    const sixDays = { fromDay: -3, toDay: 3 };
    expect(rulesOf(await checkTls(sixDays, '--no-probe'))).toEqual([]);
  });

  it('an expired certificate is an error about its expiry', async () => {
    const report = await checkTls({ fromDay: -60, toDay: -10 }, '--no-probe');
    expect(report.findings).toMatchObject([
      { rule: 'certificate-near-expiry', severity: 'error' },
      { rule: 'dead-peer-noticed-after' },
    ]);
    expect(report.exitCode).toBe(1);
  });

  it('escape codes in a certificate are never printed raw', async () => {
    const { key, cert } = makeCertificate(mkdtempSync(join(folder, 'hostile-')), {
      ...YEAR,
      commonName: '\u001b[31mred\u0007\u202eevil',
    });
    const server = await listening(createTlsServer({ key, cert }, (socket) => socket.on('error', () => {})));
    servers.push(server);
    for (const format of ['text', 'json']) {
      const { stdout } = await kaprobe(['check', `tls://127.0.0.1:${server.port}`, '--no-probe', '--format', format]);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: their absence is the claim
      expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
      expect(stdout).toContain('red');
    }
  });

  it('a port that does not speak TLS is an error, and is not waited for', async () => {
    const plain = await serve();
    const talker = await serve((socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'));
    servers.push(plain, talker);
    const { report } = await check(
      `tls://127.0.0.1:${plain.port}`,
      `tls://127.0.0.1:${talker.port}`,
      '--timeout',
      '500ms',
    );
    expect(report.data.targets.map(({ certificate }) => certificate?.kind)).toEqual([
      'handshake-failed',
      'handshake-failed',
    ]);
    expect(report.data.targets[0]?.certificate).toMatchObject({ error: 'ETIMEDOUT' });
    expect(rulesOf(report)).toEqual(['tls-handshake-failed', 'tls-handshake-failed']);
  });
});
