import { createServer, type RequestListener } from 'node:http';
import { afterAll, describe, it } from 'vitest';
import type { ChainHop } from '../../../src/commands/chain/report.ts';
import type { ReportOf } from '../../../src/commands/index.ts';

import { kaprobe } from '../kaprobe.ts';
import { listening, type TestServer } from '../servers.ts';

const running: TestServer[] = [];
afterAll(() => Promise.all(running.map((server) => server.close())));

/** A server of Node on loopback; 0: it never closes idle connections. */
async function serve(keepAliveTimeoutMs: number, answer: RequestListener = (_, response) => response.end('ok')) {
  const server = createServer(answer);
  server.keepAliveTimeout = keepAliveTimeoutMs;
  Object.assign(server, { keepAliveTimeoutBuffer: 0 }); // of Node from 24.6 on
  const started = await listening(server);
  running.push(started);
  return `http://127.0.0.1:${started.port}/`;
}

/** undici in front of a server that is configured as told and measured for at most that long. */
async function measure(
  url: string,
  configured: string,
  maxIdle: string,
): Promise<{ report: ReportOf<'chain'>; app: ChainHop }> {
  const { stdout, stderr } = await kaprobe([
    ...['chain', '--client', 'agentkeepalive', '--hop', `name=api,role=app,${configured}`],
    ...['--measure', url, '--max-idle', maxIdle, '--format', 'json'],
  ]);
  if (stdout === '') throw new Error(stderr);
  const report: ReportOf<'chain'> = JSON.parse(stdout);
  const app = report.data.chains[0]?.hops[1];
  if (app === undefined) throw new Error('the hop is gone');
  return { report, app };
}

const rulesOf = ({ findings }: ReportOf<'chain'>): string[] => findings.map(({ rule }) => rule);

// They wait most of the time.
describe('kaprobe chain --measure', { concurrent: true }, () => {
  it('puts what it saw in the place of what is configured, and says that they differ', async ({ expect }) => {
    const { report, app } = await measure(await serve(1500), 'idle-close=75s', '10s');
    expect(rulesOf(report)).toEqual(['upstream-closes-first', 'running-differs-from-configured']);
    expect(app.server?.idleCloseMs).toMatchObject({ source: { kind: 'measured' } });
    expect(app.replaced?.idleCloseMs).toMatchObject({
      value: 75_000,
      source: { kind: 'flag', text: 'idle-close=75s' },
    });
    expect(app.replaced?.observed.lowerMs).toBeGreaterThan(1400);
    expect(app.replaced?.observed.upperMs).toBeLessThan(3500);
  });

  it('is content with a server that does what is configured', async ({ expect }) => {
    const { report } = await measure(await serve(7000), 'idle-close=7s', '12s');
    expect(report).toMatchObject({ exitCode: 0, findings: [], gaps: [] });
  });

  it('fills in what nobody configured', async ({ expect }) => {
    const { report, app } = await measure(await serve(7000), 'keep-alive=yes', '12s');
    expect(report).toMatchObject({ exitCode: 0, findings: [], gaps: [] });
    expect(app.replaced?.idleCloseMs).toMatchObject({ kind: 'unmeasured' });
  });

  it('says that it did not wait long enough for what is configured', async ({ expect }) => {
    const { report } = await measure(await serve(0), 'idle-close=75s', '1s');
    expect(report).toMatchObject({
      exitCode: 2,
      findings: [],
      gaps: [
        {
          subject: 'api',
          reason: expect.stringMatching(/still open after .*, when it stopped waiting; configured is 1 m 15 s$/),
        },
      ],
    });
  });

  it('agrees with a server that is configured never to close, as far as it waited', async ({ expect }) => {
    const { report } = await measure(await serve(0), 'idle-close=never', '1s');
    expect(report).toMatchObject({ exitCode: 0, findings: [], gaps: [] });
  });

  it('calls nothing aligned by a value that the server outlived', async ({ expect }) => {
    const { report, app } = await measure(await serve(0), 'idle-close=500ms', '4s');
    expect(rulesOf(report)).toEqual(['running-differs-from-configured']);
    expect(app.server?.idleCloseMs).toMatchObject({
      kind: 'unmeasured',
      reason: expect.stringContaining('still open'),
    });
    expect(report.gaps).toMatchObject([{ what: 'after how long api closes idle connections' }]);
  });

  it('finds a server that closes after each response, though it is configured to keep connections', async ({
    expect,
  }) => {
    const url = await serve(5000, (_, response) => response.setHeader('Connection', 'close').end('ok'));
    const { report } = await measure(url, 'idle-close=75s', '5s');
    expect(rulesOf(report)).toEqual(['upstream-not-reused', 'running-differs-from-configured']);
    expect(report.findings[1]?.message).toContain('closes after each response');
  });

  it('does not take the end of one bad response for the way of the server', async ({ expect }) => {
    const url = await serve(5000, (request) => request.socket.end('HTTP/1.1 200 OK\r\n\r\nuntil the end'));
    const { report } = await measure(url, 'idle-close=75s', '5s');
    expect(report).toMatchObject({
      exitCode: 2,
      findings: [],
      gaps: [{ subject: 'api', reason: 'the response ended its connection (body-without-length)' }],
    });
  });
});
