import { mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReportOf } from '../../src/commands/index.ts';
import type { MeasureData } from '../../src/commands/measure/report.ts';

import {
  findServer,
  obstacleToPostgres,
  type RealServer,
  startNginx,
  startPostgres,
  startRedis,
} from '../real-servers.ts';
import { makeCertificate } from './certificate.ts';
import { kaprobe } from './kaprobe.ts';
import { closedPort, listening, serve, type TestServer } from './servers.ts';

async function measure(...args: string[]): Promise<ReportOf<'measure'>> {
  const { stdout, stderr } = await kaprobe(['measure', ...args, '--format', 'json']);
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}

/** The peer's own closing, seen within 0.3 s. */
function expectClosing({ idleTimeout, endedBy }: MeasureData, afterMs: number, withinMs = 300): void {
  const seen = JSON.stringify(idleTimeout);
  expect(endedBy, seen).toBe('peer');
  expect(idleTimeout.outcome).toBe('closed');
  for (const ms of [idleTimeout.lowerMs, idleTimeout.upperMs])
    expect(Math.abs((ms ?? 0) - afterMs), seen).toBeLessThan(withinMs);
}

const withoutNginx = findServer('nginx') === null ? ' (skipped, needs nginx: install nginx-light)' : '';
const withoutRedis = findServer('redis-server') === null ? ' (skipped, needs redis-server: install redis-server)' : '';
const obstacle = obstacleToPostgres();
const withoutPostgres = obstacle === null ? '' : ` (skipped, ${obstacle})`;

describe.skipIf(withoutNginx !== '').concurrent(`measure of a real nginx${withoutNginx}`, () => {
  let folder: string;
  let nginx: RealServer;
  let tlsPort: number;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'kaprobe-tls-'));
    const { file } = makeCertificate(folder, { fromDay: -1, toDay: 30 });
    tlsPort = await closedPort();
    nginx = await startNginx({
      port: await closedPort(),
      keepaliveTimeout: '7s',
      server: `
        listen 127.0.0.1:${tlsPort} ssl;
        ssl_certificate ${file};
        ssl_certificate_key ${join(folder, 'key.pem')};
        client_header_timeout 3s;
        location / { return 204; }`,
    });
  });
  afterAll(async () => {
    await nginx?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it.for([
    ['its scheme', () => [`http://127.0.0.1:${nginx.port}`]],
    ['--warmup', () => [`127.0.0.1:${nginx.port}`, '--warmup', 'http']],
    ['its scheme, within TLS', () => [`https://127.0.0.1:${tlsPort}`]],
  ] as const)(
    'after a first request by %s is its keepalive_timeout, as the peer’s own',
    async ([, target], { expect }) => {
      const { data, findings, exitCode } = await measure(...target(), '--connections', '16', '--max', '20s');
      expectClosing(data, 7000);
      expect(data.warmup).toBe('http');
      expect(exitCode).toBe(0);
      expect(findings.map(({ rule }) => rule)).toEqual(['peer-closes-first']);
      expect(findings[0]?.message).toContain('the path can only be said to hold at least that long');
      expect(findings[0]?.remedy.join('\n')).not.toContain('--warmup');
    },
  );

  it('without a request is the time that it waits for one, with the hint to make one', async ({ expect }) => {
    const { data, findings } = await measure(`127.0.0.1:${nginx.port}`, '--connections', '16', '--max', '20s');
    expectClosing(data, 3000);
    expect(findings[0]?.remedy.join('\n')).toContain('--warmup http');
  });
});

describe('measure of a peer that says why it closes, and closes later', () => {
  it('takes the time until it said so for its idle timeout', async () => {
    const server = await serve((socket) => {
      // Later than measure looks at its connections again, which it does once a second.
      setTimeout(() => socket.write('too long idle'), 4000);
      setTimeout(() => socket.end(), 5300);
    });
    try {
      const { data } = await measure(`127.0.0.1:${server.port}`, '--connections', '16', '--max', '20s');
      expectClosing(data, 4000);
    } finally {
      await server.close();
    }
  });
});

describe('measure of a peer that speaks now and then, and closes soon after a word', () => {
  it('does not take the time between its words for its idle timeout', async () => {
    const server = await serve((socket) => {
      const timer = setInterval(() => socket.write('still here'), 2500);
      setTimeout(() => socket.end(), 8200);
      socket.once('close', () => clearInterval(timer));
    });
    try {
      const { data, gaps, exitCode } = await measure(`127.0.0.1:${server.port}`, '--connections', '8', '--max', '20s');
      expect(exitCode).toBe(2);
      expect(data.idleTimeout).toEqual({ lowerMs: null, upperMs: null, outcome: 'unmeasured' });
      expect(gaps[0]?.reason).toBe('the peer keeps sending: its connections are not idle when it ends them');
    } finally {
      await server.close();
    }
  });
});

describe.concurrent('measure of a target that has room for few connections', () => {
  const opened: TestServer[] = [];
  afterAll(() => Promise.all(opened.map((server) => server.close())));
  const ROOM = 12;

  /** Holds so many at once; what becomes of the others is the test's. */
  async function holding(turnAway: (socket: Socket) => void): Promise<string> {
    let held = 0;
    const server = await serve((socket) => {
      if (held >= ROOM) return turnAway(socket);
      held += 1;
      socket.once('close', () => {
        held -= 1;
      });
      socket.on('end', () => socket.end());
    });
    opened.push(server);
    return `127.0.0.1:${server.port}`;
  }

  it.for([
    [
      'closes',
      (socket: Socket) => socket.end(),
      /^fewer connections than asked for: the peer closes further connections at once$/,
    ],
    [
      'resets',
      (socket: Socket) => socket.resetAndDestroy(),
      / (peer resets further connections at once|could not connect \(ECONNRESET\))$/,
    ],
  ] as const)('and %s the others goes on with fewer, and says so', async ([, turnAway, why], { expect }) => {
    const { data, exitCode } = await measure(await holding(turnAway), '--max', '9s', '--connections', '32');
    expect(exitCode).toBe(0);
    expect(data.idleTimeout).toEqual({ lowerMs: expect.any(Number), upperMs: null, outcome: 'alive' });
    expect(data.idleTimeout.lowerMs).toBeGreaterThan(8900);
    expect(data.doubts).toEqual([expect.stringMatching(why)]);
  });

  it('and then refuses them goes on with fewer, and says so', async ({ expect }) => {
    let held = 0;
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.resume();
      held += 1;
      if (held === ROOM) server.close(); // what is open stays open
    });
    const { port } = await listening(server);
    const { data, exitCode } = await measure(`127.0.0.1:${port}`, '--max', '9s', '--connections', '32');
    expect(exitCode).toBe(0);
    expect(data.idleTimeout.lowerMs).toBeGreaterThan(8900);
    expect(data.connections).toBeLessThanOrEqual(ROOM);
    expect(data.doubts).toEqual(['fewer connections than asked for: could not connect (ECONNREFUSED)']);
  });

  it('and turns all away says why nothing could be measured', async ({ expect }) => {
    const server = await serve((socket) => socket.end());
    opened.push(server);
    const { data, gaps, exitCode } = await measure(`127.0.0.1:${server.port}`, '--max', '9s');
    expect(exitCode).toBe(2);
    expect(data.idleTimeout).toEqual({ lowerMs: null, upperMs: null, outcome: 'unmeasured' });
    expect(gaps).toHaveLength(1);
    expect(gaps[0]?.reason).toBe('the peer closes further connections at once');
  });
});

describe.skipIf(withoutRedis !== '')(`measure of a real Redis${withoutRedis}`, () => {
  it('is its timeout, as the peer’s own', async () => {
    const redis = await startRedis({ port: await closedPort(), settings: ['timeout 4'] });
    try {
      const { data } = await measure(`redis://127.0.0.1:${redis.port}`, '--connections', '16', '--max', '20s');
      expect(data.warmup).toBe('redis');
      // It counts whole seconds, and looks at its clients now and then.
      expectClosing(data, 4750, 1050);
    } finally {
      await redis.stop();
    }
  });
});

describe.skipIf(obstacle !== null)(`measure of a real PostgreSQL${withoutPostgres}`, () => {
  it('is its idle_session_timeout, as the peer’s own', async () => {
    const postgres = await startPostgres({
      port: await closedPort(),
      authentication: 'trust',
      settings: ['idle_session_timeout=6s'],
    });
    try {
      const { data } = await measure(`postgres://127.0.0.1:${postgres.port}`, '--connections', '16', '--max', '20s');
      expect(data.warmup).toBe('postgres');
      expectClosing(data, 6000);
    } finally {
      await postgres.stop();
    }
  });
});
