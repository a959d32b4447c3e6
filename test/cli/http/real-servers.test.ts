import { createServer, type RequestListener, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findServer, type RealServer, startGunicorn, startNginx } from '../../real-servers.ts';
import { closedPort, listening, type TestServer } from '../servers.ts';
import { type Asked, ask as askUrl } from './ask.ts';

/** How exactly an idle close is to be told, whatever the load of the machine. */
const EXACT_MS = 300;

/** They wait most of the time. */
const SIDE_BY_SIDE = { concurrent: true };

const ask = (port: number, ...args: string[]): Promise<Asked> => askUrl(`http://127.0.0.1:${port}/`, args);

function expectClose({ data }: Asked, ms: number, withinMs = EXACT_MS): void {
  const { lowerMs, upperMs, outcome } = data.idleClose ?? {};
  expect(outcome).toBe('closed');
  expect(lowerMs).toBeGreaterThan(ms - EXACT_MS);
  expect(lowerMs).toBeLessThan(ms + withinMs);
  expect(upperMs).toBeGreaterThanOrEqual(lowerMs ?? Number.NaN);
  expect(upperMs).toBeLessThan(ms + withinMs);
}

const withoutNginx = findServer('nginx') === null ? ' (skipped, needs nginx: install nginx-light)' : '';
const withoutGunicorn = findServer('gunicorn') === null ? ' (skipped, needs gunicorn: install gunicorn)' : '';

/** Answers without a length to `/`, which nginx passes on as it came when chunks are off. */
const WITHOUT_LENGTH =
  'location / { chunked_transfer_encoding off; add_header X-Connection ""; proxy_pass http://127.0.0.1:';

describe.skipIf(withoutNginx !== '')(`of a real nginx it is told${withoutNginx}`, SIDE_BY_SIDE, () => {
  const running: (RealServer | TestServer)[] = [];
  const start = async (keepaliveTimeout: string, more: { http?: string; server?: string } = {}): Promise<number> => {
    const nginx = await startNginx({ port: await closedPort(), keepaliveTimeout, ...more });
    running.push(nginx);
    return nginx.port;
  };
  afterAll(async () => {
    await Promise.all(running.map((server) => ('stop' in server ? server.stop() : server.close())));
  });

  it('that it keeps connections and closes idle ones after its keepalive_timeout, by FIN', async ({ expect }) => {
    const asked = await ask(await start('7s'), '--max-requests', '20');
    expect(asked.data).toMatchObject({
      persistent: { value: true, why: 'http-1.1' },
      protocol: 'HTTP/1.1',
      status: 204,
      framing: 'none',
      hint: null,
      reused: true,
      requestsPerConnection: { count: 20, limited: false, announced: null },
      http2Offered: null,
    });
    expectClose(asked, 7000);
    expect(asked.data.idleSamples.map(({ outcome }) => outcome)).toEqual(['closed', 'closed', 'closed']);
    expect(asked).toMatchObject({ exitCode: 0, rules: ['http-idle-close'], report: { verdict: 'ok', gaps: [] } });
  });

  it('that keepalive_timeout 0 ends each connection', async ({ expect }) => {
    const asked = await ask(await start('0'));
    expect(asked.data).toMatchObject({
      persistent: { value: false, why: 'connection-close', also: [] },
      requestsPerConnection: { count: 1, limited: true, announced: true },
      idleClose: null,
    });
    expect(asked).toMatchObject({
      exitCode: 0,
      rules: ['http-not-persistent'],
      report: { verdict: 'findings', gaps: [] },
    });
  });

  it('that HTTP/1.0 has to ask for it, and what it gets then', async ({ expect }) => {
    const port = await start('7s');
    const [plain, asking] = await Promise.all([
      ask(port, '--http1.0', '--no-idle'),
      ask(port, '--http1.0', '--no-idle', '--max-requests', '3', '-H', 'connection: keep-alive'),
    ]);
    expect(plain.data.persistent).toMatchObject({
      value: false,
      why: 'request-without-keep-alive',
      also: ['connection-close'],
    });
    expect(plain.rules).toEqual(['http-not-persistent']);
    expect(asking.data.persistent).toMatchObject({ value: true, why: 'keep-alive-granted' });
    expect(asking.data.requestsPerConnection).toMatchObject({ count: 3, limited: false });
  });

  it('that a body without a length ends the connection', async ({ expect }) => {
    const origin = await serving((_, response) => {
      response.removeHeader('Transfer-Encoding');
      response.removeHeader('Connection');
      response.end('no length');
    });
    running.push(origin);
    const asked = await ask(await start('7s', { server: `${WITHOUT_LENGTH}${origin.port}; }` }));
    expect(asked.data).toMatchObject({
      framing: 'close',
      persistent: { value: false, why: 'body-without-length', also: ['connection-close'] },
    });
    expect(asked.data.exchanges[0]).toMatchObject({ bodyBytes: 9, framing: 'close' });
  });

  it('how many requests it allows, and that it announces the end', async ({ expect }) => {
    const asked = await ask(await start('7s', { http: 'keepalive_requests 5;' }), '--no-idle');
    expect(asked.data.requestsPerConnection).toMatchObject({ count: 5, limited: true, announced: true });
    expect(
      asked.data.exchanges.map(({ localPort, request, announcedClose }) => [localPort, request, announcedClose]),
    ).toEqual([1, 2, 3, 4, 5].map((request) => [asked.data.requestsPerConnection?.localPort, request, request === 5]));
    expect(asked).toMatchObject({ exitCode: 0, rules: [] });
  });

  it('that it promises more than it keeps', async ({ expect }) => {
    const asked = await ask(await start('2s 30s'), '--max-requests', '2');
    expect(asked.data.hint).toEqual({ timeoutMs: 30_000, max: null });
    expectClose(asked, 2000);
    expect(asked).toMatchObject({ exitCode: 1, rules: ['hint-longer-than-truth', 'http-idle-close'] });
  });

  it('that it is still open where nobody waits long enough, which leaves a longer proxy unjudged', async ({
    expect,
  }) => {
    const asked = await ask(
      await start('60s'),
      '--max-requests',
      '2',
      '--max-idle',
      '1s',
      '--client-idle',
      '1s',
      '--middlebox',
      'aws-alb',
    );
    expect(asked.data.idleClose).toMatchObject({ upperMs: null, outcome: 'alive' });
    expect(asked.report.gaps.map(({ what }) => what)).toContain('idle close against aws-alb (1 m)');
    expect(asked).toMatchObject({ exitCode: 2, rules: [], report: { verdict: 'unmeasured' } });
  });

  it('who keeps idle connections for longer than it', async ({ expect }) => {
    const asked = await ask(
      await start('2s'),
      '--max-requests',
      '2',
      '--client-idle',
      '1s',
      '--proxy-idle',
      'never',
      '--middlebox',
      'aws-alb',
    );
    const wrong = asked.report.findings.filter(({ rule }) => rule === 'server-closes-before-client');
    expect(wrong.map(({ severity, evidence }) => [severity, evidence['sender']])).toEqual([
      ...(wrong.length === 3 ? [['warning', 'client']] : []), // 2 s less what the timers took
      ['error', 'proxy'],
      ['error', 'aws-alb'],
    ]);
    expect(asked.exitCode).toBe(1);
  });
});

describe.skipIf(withoutGunicorn !== '')(`of a real gunicorn it is told${withoutGunicorn}`, SIDE_BY_SIDE, () => {
  let threads: RealServer;
  let sync: RealServer;
  beforeAll(async () => {
    const [first, second] = [await closedPort(), await closedPort()];
    [threads, sync] = await Promise.all([
      startGunicorn({ port: first, args: ['--worker-class', 'gthread', '--threads', '4', '--keep-alive', '2'] }),
      startGunicorn({ port: second }),
    ]);
  });
  afterAll(() => Promise.all([threads?.stop(), sync?.stop()]));

  it('that its threads keep idle connections for --keep-alive, and up to the second longer after which they look again', async ({
    expect,
  }) => {
    const asked = await ask(threads.port, '--max-requests', '20');
    expect(asked.data).toMatchObject({
      persistent: { value: true },
      server: 'gunicorn',
      requestsPerConnection: { count: 20, limited: false },
    });
    expectClose(asked, 2000, 1000 + EXACT_MS);
  });

  it('that its sync worker ends each connection, and is suspected', async ({ expect }) => {
    const asked = await ask(sync.port);
    expect(asked.data.persistent).toMatchObject({ value: false, why: 'connection-close' });
    expect(asked.rules).toEqual(['http-not-persistent', 'gunicorn-sync-worker']);
  });

  it('what becomes of requests around the close: answered before, lost after', async ({ expect }) => {
    const asked = await ask(threads.port, '--race', '60', '--max-requests', '2', '--gap', '10s');
    const { race } = asked.data;
    expect(race?.samples).toHaveLength(60);
    expect(race?.answeredCount).toBeGreaterThan(0);
    expect((race?.unforeseenCount ?? 0) + (race?.foreseeableCount ?? 0)).toBeGreaterThan(0);
    expect(
      race?.samples
        .filter(({ result }) => result === 'answered')
        .every(({ idleMs }) => (idleMs ?? 0) < 3000 + EXACT_MS),
    ).toBe(true);
    expect(
      race?.samples.filter(({ result }) => result === 'failed').every(({ idleMs }) => (idleMs ?? 0) > 2000 - EXACT_MS),
    ).toBe(true);
    expect(race?.perMillion).toMatchObject({ meanGapMs: 10_000 });
    expect(asked.rules).toContain('reuse-race');
  });
});

describe('of a server in Node it is told', SIDE_BY_SIDE, () => {
  const running: TestServer[] = [];
  const start = async (answer: RequestListener, set: (server: Server) => void = () => {}): Promise<number> => {
    const server = await serving(answer, set);
    running.push(server);
    return server.port;
  };
  afterAll(() => Promise.all(running.map((server) => server.close())));

  // Node 20.20 adds a second to its keepAliveTimeout, older versions do not.
  it('that it keeps its promise of 5 s', async ({ expect }) => {
    const port = await start((_, response) => response.end('ok'));
    const asked = await ask(port, '--max-requests', '3');
    expect(asked.data.hint).toEqual({ timeoutMs: 5000, max: null });
    expectClose(asked, 5000, 1000 + EXACT_MS);
    expect(asked).toMatchObject({ exitCode: 0, rules: ['http-idle-close'] });
  });

  it('that its application promises more than it keeps', async ({ expect }) => {
    const port = await start(
      (_, response) => response.setHeader('Connection', 'keep-alive').setHeader('Keep-Alive', 'timeout=30').end('ok'),
      (server) => {
        server.keepAliveTimeout = 1000;
      },
    );
    const asked = await ask(port, '--max-requests', '2');
    expect(asked).toMatchObject({ exitCode: 1, rules: ['hint-longer-than-truth', 'http-idle-close'] });
  });

  it('that it ends connections in use and does not say so', async ({ expect }) => {
    const port = await start((request, response) => {
      const { socket } = request;
      response.end('ok', () => socket.end()); // with the last byte: no second request is answered
    });
    const asked = await ask(port, '--max-idle', '1s');
    expect(asked.data).toMatchObject({ persistent: { value: false, why: 'closed-unannounced' }, reused: false });
    expect(asked).toMatchObject({ exitCode: 1, rules: ['http-close-unannounced'] });
  });

  it('in how wide a window around its closing requests are lost that nobody could have held back', async ({
    expect,
  }) => {
    const WINDOW_MS = 60;
    /** How long it really was: on a busy machine the timer is late. */
    const windowsMs: number[] = [];
    const port = await start((request, response) => {
      const { socket } = request;
      response.end('ok', () =>
        // It has made up its mind, reads no more, and closes a little later: as if its FIN were that long on its way.
        setTimeout(() => {
          socket.pause();
          const pausedAtMs = performance.now();
          setTimeout(() => {
            socket.destroy();
            windowsMs.push(performance.now() - pausedAtMs);
          }, WINDOW_MS);
        }, 700),
      );
    });
    const asked = await ask(port, '--max-requests', '1', '--race', '90', '--gap', '1s');
    const { race } = asked.data;
    expect(race?.unforeseenCount).toBeGreaterThan(0);
    expect(race?.windowMs?.estimate).toBeGreaterThan(Math.min(...windowsMs) / 3);
    expect(race?.windowMs?.estimate).toBeLessThan(3 * Math.max(...windowsMs));
    expect(race?.perMillion?.whoLooks.estimate).toBeGreaterThan(1000);
    expect(asked.report.findings).toContainEqual(expect.objectContaining({ rule: 'reuse-race', severity: 'warning' }));
  });

  it('that it resets idle connections', async ({ expect }) => {
    const port = await start((request, response) => {
      const { socket } = request;
      response.end('ok', () => setTimeout(() => socket.resetAndDestroy(), 700));
    });
    const asked = await ask(port, '--max-requests', '1', '--max-idle', '10s');
    expect(asked.data.idleClose?.outcome).toBe('reset');
  });
});

function serving(answer: RequestListener, set: (server: Server) => void = () => {}): Promise<TestServer> {
  const server = createServer(answer);
  set(server);
  return listening(server);
}
