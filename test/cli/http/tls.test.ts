import { mkdtempSync, rmSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { makeCertificate, type TestCertificate } from '../certificate.ts';
import { listening, type TestServer } from '../servers.ts';
import { ask } from './ask.ts';

const QUICK = ['--no-idle', '--max-requests', '3'];

describe('over TLS', { concurrent: true }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'kaprobe-http-'));
  const running: TestServer[] = [];
  let certificate: TestCertificate;
  let url = '';
  beforeAll(async () => {
    certificate = makeCertificate(folder, { fromDay: -1, toDay: 89 });
    const server = createServer(certificate, (_, response) => response.end('ok'));
    server.keepAliveTimeout = 1000;
    running.push(await listening(server));
    url = `https://localhost:${running[0]?.port}/`;
  });
  afterAll(async () => {
    await Promise.all(running.map((server) => server.close()));
    rmSync(folder, { recursive: true, force: true });
  });

  it('a certificate that is not trusted is an error, and nothing is asked', async ({ expect }) => {
    const { exitCode, rules, report, data } = await ask(url, QUICK);
    expect({ exitCode, rules }).toEqual({ exitCode: 1, rules: ['certificate-not-trusted'] });
    expect(report.findings[0]?.severity).toBe('error');
    expect(data).toMatchObject({ status: null, exchanges: [], persistent: { value: null } });
    expect(report.gaps).toMatchObject([{ what: 'response', reason: expect.stringContaining('not trusted') }]);
  });

  it('--insecure goes on, and makes a warning of it', async ({ expect }) => {
    const { exitCode, report, data } = await ask(url, [...QUICK, '--insecure']);
    expect(report.findings).toMatchObject([{ rule: 'certificate-not-trusted', severity: 'warning' }]);
    expect(data).toMatchObject({
      status: 200,
      persistent: { value: true },
      requestsPerConnection: { count: 3 },
      http2Offered: false,
    });
    expect(exitCode).toBe(0);
  });

  it('the idle close of a trusted server is measured, from the last byte to the end of the session', async ({
    expect,
  }) => {
    const { data, rules } = await ask(url, ['--max-requests', '2'], { NODE_EXTRA_CA_CERTS: certificate.file });
    expect(data.certificate).toMatchObject({ kind: 'presented', trusted: true });
    expect(data.idleClose?.outcome).toBe('closed');
    expect(data.idleClose?.lowerMs).toBeGreaterThan(700);
    expect(rules).not.toContain('certificate-not-trusted');
  });

  it('a server that would rather speak HTTP/2 is measured in HTTP/1.1, and said to', async ({ expect }) => {
    const server = createSecureServer({ ...certificate, allowHTTP1: true }, (_, response) => {
      response.end('ok');
    });
    const both = await listening(server);
    running.push(both);
    const { data } = await ask(`https://localhost:${both.port}/`, [...QUICK, '--insecure']);
    expect(data).toMatchObject({
      protocol: 'HTTP/1.1',
      http2Offered: true,
      persistent: { value: true, why: 'http-1.1' },
    });
  });

  it('a server that speaks nothing but HTTP/2 is not measured, with that reason', async ({ expect }) => {
    const only = await listening(createSecureServer({ ...certificate }, (_, response) => void response.end('ok')));
    running.push(only);
    const { exitCode, data, report } = await ask(`https://localhost:${only.port}/`, [...QUICK, '--insecure']);
    expect(data).toMatchObject({ http2Offered: true, persistent: { value: true, why: 'http-2-only' }, status: null });
    expect(report.gaps).toMatchObject([{ what: 'response', reason: expect.stringContaining('HTTP/2') }]);
    expect(exitCode).toBe(2);
  });
});
