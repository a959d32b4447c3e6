import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HttpData } from '../../../src/commands/http/report.ts';
import type { ReportOf } from '../../../src/commands/index.ts';

import { findServer, type RealServer, startGunicorn, startNginx } from '../../real-servers.ts';
import { kaprobe } from '../kaprobe.ts';
import { closedPort } from '../servers.ts';

const missing = ['nginx', 'gunicorn'].filter((name) => findServer(name) === null);
const obstacle = missing.length === 0 ? '' : ` (skipped, needs ${missing.join(' and ')})`;
const REQUESTS = 20;
/** What timewait calls many. */
const MANY = 200;
/** They wait most of the time. */
const SIDE_BY_SIDE = { concurrent: true };
/** `TCP_TIME_WAIT` of include/net/tcp_states.h. */
const TIME_WAIT = '06';

const running: RealServer[] = [];
afterAll(() => Promise.all(running.map((server) => server.stop())));

/** As `nginx -v` says it. */
let nginxVersion = '';
beforeAll(() => {
  const path = findServer('nginx');
  if (path !== null)
    nginxVersion = /nginx\/([\d.]+)/.exec(spawnSync(path, ['-v'], { encoding: 'utf8' }).stderr)?.[1] ?? '';
});

/** Both servers, and the words for kaprobe: the very file that nginx runs, and the words that gunicorn was started with. */
async function start({
  gunicorn,
  http,
  location,
}: {
  gunicorn: string[];
  http(port: number): string;
  location: string;
}) {
  const appPort = await closedPort();
  const app = await startGunicorn({ port: appPort, args: gunicorn });
  running.push(app);
  const nginx = await startNginx({
    port: await closedPort(),
    keepaliveTimeout: '75s',
    http: http(appPort),
    server: location.replaceAll('PORT', String(appPort)),
  });
  running.push(nginx);
  const file = nginx.child.spawnargs.at(-1) ?? '';
  return {
    stop: () => Promise.all([app.stop(), nginx.stop()]),
    appPort,
    nginxPort: nginx.port,
    file,
    line: (text: string) => lineOf(file, text.replace('PORT', String(appPort))),
  };
}

/** Where that stands, counted from 1. */
function lineOf(file: string, text: string): number {
  return (
    readFileSync(file, 'utf8')
      .split('\n')
      .findIndex((line) => line.includes(text)) + 1
  );
}

async function chain(argv: string[]): Promise<ReportOf<'chain'>> {
  const { exitCode, stdout, stderr } = await kaprobe([
    ...['chain', '--format', 'json', '--nginx-version', nginxVersion],
    ...argv,
  ]);
  if (stdout === '') throw new Error(`no report: ${stderr}`);
  const report: ReportOf<'chain'> = JSON.parse(stdout);
  expect(report.exitCode).toBe(exitCode);
  return report;
}

/** The rules that `kaprobe timewait` finds for that port. */
async function timewait(port: number): Promise<string[]> {
  const { stdout, stderr } = await kaprobe(['timewait', '--port', String(port), '--format', 'json']);
  if (stdout === '') throw new Error(`no report: ${stderr}`);
  const report: ReportOf<'timewait'> = JSON.parse(stdout);
  expect(report.gaps).toEqual([]);
  return report.findings.map(({ rule }) => rule);
}

/** Sends requests through nginx one after the other, over one connection to it. */
async function ask(port: number, count: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const statuses: number[] = [];
  for (let n = 0; n < count; n++) {
    statuses.push(
      await new Promise((resolve, reject) => {
        request({ host: '127.0.0.1', port, agent }, (response) => {
          response.resume().once('end', () => resolve(response.statusCode ?? 0));
        })
          .once('error', reject)
          .end();
      }),
    );
  }
  agent.destroy();
  return statuses;
}

/**
 * Connections to or from that port that are in TIME_WAIT here, whichever end closed first (proc_pid_net(5)). One that a RST ended leaves none.
 */
function timeWaitCount(port: number): number {
  const end = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .slice(1)
    .map((row) => row.trim().split(/\s+/))
    .filter(([, local, remote, state]) => state === TIME_WAIT && (local?.endsWith(end) || remote?.endsWith(end)))
    .length;
}

const POOL = (keepalive: string) => (port: number) =>
  `upstream app {
        server 127.0.0.1:${port};
        ${keepalive}
      }`;
const THROUGH_POOL = `location / {
          proxy_pass http://app;
          proxy_http_version 1.1;
          proxy_set_header Connection "";
        }`;

describe.skipIf(obstacle !== '')(`nginx in front of gunicorn, both real${obstacle}`, SIDE_BY_SIDE, () => {
  it('opens a connection for each request unless it is told otherwise: chain says so, and timewait agrees', async ({
    expect,
  }) => {
    const { appPort, nginxPort, file, line } = await start({
      gunicorn: ['-k', 'gthread', '--keep-alive', '75'],
      http: () => '',
      location: 'location / { proxy_pass http://127.0.0.1:PORT; }',
    });
    const report = await chain([
      '--proxy',
      file,
      '--app',
      'gunicorn -k gthread --keep-alive 75 app:app',
      '--rate',
      '200/s',
    ]);
    expect(report.findings).toMatchObject([
      {
        rule: 'upstream-not-reused',
        severity: 'warning',
        evidence: { closesFirst: 'either', timeWaitCount: 12_000 },
      },
    ]);
    expect(report.findings[0]?.remedy.join('\n')).toContain(`${file}:${line('proxy_pass http://127.0.0.1:PORT')}`);
    expect(await ask(nginxPort, MANY)).toEqual(Array.from({ length: MANY }, () => 200));
    // One that was closed last may not be in TIME_WAIT yet.
    await expect.poll(() => timeWaitCount(appPort), { timeout: 5000 }).toBeGreaterThan(0.9 * MANY);
    expect(await timewait(appPort)).toContain('connections-not-reused');
  });

  it('with a pool of 60 s before a keep-alive of 2 s loses requests: chain names both lines, and a race finds failures', async ({
    expect,
  }) => {
    const { appPort, file, line } = await start({
      gunicorn: ['-k', 'gthread', '--keep-alive', '2'],
      http: POOL('keepalive 16;\n        keepalive_timeout 60s;'),
      location: THROUGH_POOL,
    });
    const report = await chain(['--proxy', file, '--app', 'gunicorn -k gthread --keep-alive 2 app:app']);
    expect(report.exitCode).toBe(1);
    expect(report.findings).toMatchObject([
      {
        rule: 'upstream-closes-first',
        severity: 'error',
        evidence: {
          poolIdle: '1 m',
          poolIdleSetBy: `${file}:${line('keepalive_timeout 60s')} keepalive_timeout`,
          idleCloseMs: 2000,
          idleCloseSetBy: '--keep-alive 2',
        },
        remedy: [
          '# on the command line of gunicorn, in place of --keep-alive 2: let it outlast nginx',
          '--keep-alive 65',
        ],
      },
    ]);
    const race = await kaprobe([
      'http',
      `http://127.0.0.1:${appPort}/`,
      '--race',
      '60',
      '--max-idle',
      '8s',
      '--format',
      'json',
    ]);
    const { data }: { data: HttpData } = JSON.parse(race.stdout);
    expect((data.race?.unforeseenCount ?? 0) + (data.race?.foreseeableCount ?? 0)).toBeGreaterThan(0);
  });

  it('with the same pool before a keep-alive of 75 s is clean, and leaves nothing in TIME_WAIT, as timewait says too', async ({
    expect,
  }) => {
    const { appPort, nginxPort, file } = await start({
      gunicorn: ['-k', 'gthread', '--keep-alive', '75'],
      http: POOL('keepalive 16;\n        keepalive_timeout 60s;'),
      location: THROUGH_POOL,
    });
    const report = await chain([
      '--proxy',
      file,
      '--app',
      'gunicorn -k gthread --keep-alive 75 app:app',
      '--rate',
      '200/s',
    ]);
    expect(report).toMatchObject({ exitCode: 0, verdict: 'ok', findings: [], gaps: [] });
    expect(report.data.chains).toMatchObject([{ verdicts: [{ kind: 'aligned' }] }]);
    expect(await ask(nginxPort, MANY)).toEqual(Array.from({ length: MANY }, () => 200));
    expect(timeWaitCount(appPort)).toBe(0);
    expect(await timewait(appPort)).toEqual([]);
  });

  it('is clean and reuses connections once the lines that chain gives are written', async ({ expect }) => {
    const before = await start({
      gunicorn: ['-k', 'gthread', '--keep-alive', '2'],
      http: () => '',
      location: 'location / { proxy_pass http://127.0.0.1:PORT; }',
    });
    const found = await chain(['--proxy', before.file, '--app', 'gunicorn -k gthread --keep-alive 2 app:app']);
    const lines = (found.findings[0]?.remedy ?? []).filter((line) => !line.startsWith('#'));
    const end = lines.indexOf('}') + 1;
    const [keepAlive = ''] = lines.slice(-1);
    expect(keepAlive).toMatch(/^--keep-alive \d+$/);
    await before.stop();

    const after = await start({
      gunicorn: ['-k', 'gthread', ...keepAlive.split(' ')],
      http: (port) => lines.slice(0, end).join('\n').replace(String(before.appPort), String(port)),
      location: `location / { ${lines.slice(end, -1).join(' ')} }`,
    });
    const report = await chain(['--proxy', after.file, '--app', `gunicorn -k gthread ${keepAlive} app:app`]);
    expect(report).toMatchObject({ exitCode: 0, findings: [], gaps: [] });
    await ask(after.nginxPort, REQUESTS);
    expect(timeWaitCount(after.appPort)).toBe(0);
  });

  it('with sync workers reuses nothing, whatever the pool: gunicorn closes', async ({ expect }) => {
    const { appPort, nginxPort, file } = await start({
      gunicorn: ['--keep-alive', '75'],
      http: POOL('keepalive 16;'),
      location: THROUGH_POOL,
    });
    const report = await chain(['--proxy', file, '--app', 'gunicorn --keep-alive 75 app:app']);
    expect(report.findings.map(({ rule }) => rule)).toEqual(['upstream-not-reused']);
    expect(report.data.chains).toMatchObject([{ verdicts: [{ why: 'gunicorn closes after each response' }] }]);
    await ask(nginxPort, REQUESTS);
    await expect.poll(() => timeWaitCount(appPort), { timeout: 5000 }).toBeGreaterThan(REQUESTS / 2);
  });

  it('that runs with another keep-alive than its file says is found out by measuring', async ({ expect }) => {
    const { appPort, file } = await start({
      gunicorn: ['-k', 'gthread', '--keep-alive', '2'],
      http: POOL('keepalive 16;'),
      location: THROUGH_POOL,
    });
    const url = `http://127.0.0.1:${appPort}/`;
    const report = await chain([
      '--proxy',
      file,
      '--app',
      'test/fixtures/chain/gunicorn-late.conf.py',
      '--measure',
      url,
      '--max-idle',
      '10s',
    ]);
    expect(report.findings.map(({ rule }) => rule)).toEqual([
      'upstream-closes-first',
      'running-differs-from-configured',
    ]);
    expect(report.findings[0]?.remedy[0]).toBe(
      '# test/fixtures/chain/gunicorn-late.conf.py:3 keepalive says 1 m 15 s already: reload or restart gunicorn',
    );
    const measured = report.data.chains[0]?.hops[1]?.server?.idleCloseMs;
    if (measured === undefined || 'kind' in measured || measured.source.kind !== 'measured')
      throw new Error('not measured');
    expect(measured.source.lowerMs).toBeGreaterThan(1700);
    expect(measured.source.upperMs).toBeLessThan(4500);
  });

  it('of which nothing answers is not called aligned', async ({ expect }) => {
    const { file } = await start({ gunicorn: [], http: POOL('keepalive 16;'), location: THROUGH_POOL });
    const url = `http://127.0.0.1:${await closedPort()}/`;
    const report = await chain([
      '--proxy',
      file,
      '--app',
      'test/fixtures/chain/gunicorn-late.conf.py',
      '--measure',
      url,
    ]);
    expect(report).toMatchObject({
      exitCode: 2,
      gaps: [{ subject: 'gunicorn', what: `the idle close at ${url}`, reason: expect.stringContaining('refused') }],
    });
  });
});
