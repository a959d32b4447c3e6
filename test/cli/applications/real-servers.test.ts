import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ApplicationReply, Conversation } from '../../../src/connections/applications/application.ts';
import { applicationFor } from '../../../src/connections/applications/for-scheme.ts';
import { connectAny } from '../../../src/connections/connect.ts';
import { parseTarget } from '../../../src/connections/target.ts';
import { loadLibc } from '../../../src/linux/libc.ts';
import { descriptorOf, readKeepalive, writeKeepalive } from '../../../src/linux/socket-options.ts';
import {
  findServer,
  obstacleToPostgres,
  type RealServer,
  startNginx,
  startPostgres,
  startRedis,
} from '../../real-servers.ts';
import { closedPort } from '../servers.ts';

/** Between requests; the servers' idle timeouts below are longer than one pause and shorter than all. */
const PAUSE_MS = 1200;
const patience = { timeoutMs: 10_000, signal: new AbortController().signal };

const opened: Socket[] = [];
afterEach(() => {
  for (const socket of opened.splice(0)) socket.destroy();
});

async function converse(url: string): Promise<{ socket: Socket; conversation: Conversation }> {
  const target = parseTarget(url);
  const { socket } = await connectAny(['127.0.0.1'], target.port, { ...patience });
  const application = applicationFor(target.scheme);
  if (socket === null || application === null) throw new Error(`cannot talk to ${url}`);
  opened.push(socket);
  return { socket, conversation: application.open(socket, target) };
}

const first = async (url: string): Promise<ApplicationReply> => (await converse(url)).conversation.request(patience);

async function requests(conversation: Conversation, count: number): Promise<ApplicationReply[]> {
  const replies: ApplicationReply[] = [];
  for (let round = 0; round < count; round += 1) {
    if (round > 0) await sleep(PAUSE_MS);
    replies.push(await conversation.request(patience));
  }
  return replies;
}

const ended = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once('end', resolve));

const withoutNginx = findServer('nginx') === null ? ' (skipped, needs nginx: install nginx-light)' : '';
const withoutRedis = findServer('redis-server') === null ? ' (skipped, needs redis-server: install redis-server)' : '';
const obstacle = obstacleToPostgres();
const withoutPostgres = obstacle === null ? '' : ` (skipped, ${obstacle})`;

describe.skipIf(withoutNginx !== '')(`requests to a real nginx${withoutNginx}`, () => {
  let nginx: RealServer;
  beforeAll(async () => {
    nginx = await startNginx({ port: await closedPort(), keepaliveTimeout: '2s' });
  });
  afterAll(() => nginx?.stop());

  it('are answered on one connection for longer than its keepalive_timeout, whose end is then seen', async () => {
    const { socket, conversation } = await converse(`http://127.0.0.1:${nginx.port}`);
    let received = '';
    socket.on('data', (bytes) => {
      received += bytes;
    });
    const reply = { kind: 'replied', summary: 'HTTP/1.1 204 No Content' };
    expect(await requests(conversation, 4)).toMatchObject([reply, reply, reply, reply]);
    const seen = [...received.matchAll(/^X-Connection: (\d+) (\d+)\r$/gm)];
    expect(new Set(seen.map(([, connection]) => connection)).size).toBe(1);
    expect(seen.map(([, , request]) => request)).toEqual(['1', '2', '3', '4']);
    await ended(socket);
    expect(await conversation.request(patience)).toMatchObject({ kind: 'ended', how: 'closed', lastWords: null });
  });

  it('leave the keepalive of the connection as it was, and the connection open', async () => {
    const { socket, conversation } = await converse(`http://127.0.0.1:${nginx.port}`);
    const libc = await loadLibc();
    const fd = descriptorOf(socket);
    if (fd === null) throw new Error('connected a moment ago');
    const settings = [
      { enabled: false, idleMs: 333_000, intervalMs: 44_000, count: 5, userTimeoutMs: 66_000 },
      { enabled: true, idleMs: 222_000, intervalMs: 33_000, count: 4, userTimeoutMs: 55_000 },
    ];
    for (const keepalive of settings) {
      writeKeepalive(libc, fd, keepalive);
      expect(await conversation.request(patience)).toMatchObject({ kind: 'replied' });
      expect(readKeepalive(libc, fd)).toEqual(keepalive);
    }
    conversation.close();
    expect(socket.destroyed).toBe(false);
    expect(readKeepalive(libc, fd)).toEqual(settings[1]);
  });

  it('are refused where keepalive_timeout is 0, with the reason', async () => {
    const unkind = await startNginx({ port: await closedPort(), keepaliveTimeout: '0' });
    try {
      expect(await first(`http://127.0.0.1:${unkind.port}`)).toEqual({
        kind: 'refused',
        reason: 'the server ends the connection after its reply: Connection: close (HTTP/1.1 204 No Content)',
      });
    } finally {
      await unkind.stop();
    }
  });

  it('are refused when the server speaks another protocol than the target says', async () => {
    const wrong = [`redis://127.0.0.1:${nginx.port}`, `postgres://127.0.0.1:${nginx.port}`];
    expect(await Promise.all(wrong.map(first))).toEqual([
      { kind: 'refused', reason: expect.stringMatching(/^the peer does not speak Redis: "(HTTP|<html>)/) },
      { kind: 'refused', reason: expect.stringMatching(/^the peer does not speak PostgreSQL: .*"(HTTP|<html>)/) },
    ]);
  });
});

describe.skipIf(withoutRedis !== '')(`requests to a real Redis${withoutRedis}`, () => {
  const running: RealServer[] = [];
  const start = async (...settings: string[]): Promise<RealServer> => {
    const redis = await startRedis({ port: await closedPort(), settings });
    running.push(redis);
    return redis;
  };
  afterEach(async () => {
    await Promise.all(running.splice(0).map((redis) => redis.stop()));
  });

  it('are answered on one connection for longer than its idle timeout, whose end is then seen', async () => {
    const redis = await start('timeout 2');
    const { socket, conversation } = await converse(`redis://127.0.0.1:${redis.port}`);
    const reply = { kind: 'replied', summary: '+PONG' };
    expect(await requests(conversation, 4)).toMatchObject([reply, reply, reply, reply]);
    await ended(socket);
    expect(await conversation.request(patience)).toMatchObject({ kind: 'ended', how: 'closed' });
  });

  it('are answered even when a password is missing', async () => {
    const redis = await start('requirepass secret');
    const { conversation } = await converse(`redis://127.0.0.1:${redis.port}`);
    const reply = { kind: 'replied', summary: '-NOAUTH Authentication required.' };
    expect(await requests(conversation, 3)).toMatchObject([reply, reply, reply]);
  });

  it('are refused by a server that has enough clients', async () => {
    const redis = await start('maxclients 1');
    const url = `redis://127.0.0.1:${redis.port}`;
    expect(await first(url)).toMatchObject({ kind: 'replied' });
    expect(await first(url)).toEqual({
      kind: 'refused',
      reason: 'the server turns connections away: -ERR max number of clients reached',
    });
  });

  it('are refused when the server speaks another protocol than the target says', async () => {
    const redis = await start();
    // It takes HTTP's Host header for an attack and hangs up.
    expect(await first(`http://127.0.0.1:${redis.port}`)).toMatchObject({ kind: 'ended', how: 'closed' });
    // Of PostgreSQL's first message it waits for the end of the line.
    const { conversation } = await converse(`postgres://127.0.0.1:${redis.port}`);
    expect((await conversation.request({ ...patience, timeoutMs: 300 })).kind).toBe('silent');
  });
});

describe.skipIf(obstacle !== null)(`requests to a real PostgreSQL${withoutPostgres}`, () => {
  let postgres: RealServer;
  beforeAll(async () => {
    postgres = await startPostgres({ port: await closedPort(), authentication: 'trust' });
  });
  afterAll(() => postgres?.stop());

  it('are answered in one session', async () => {
    const { conversation } = await converse(`postgres://127.0.0.1:${postgres.port}`);
    expect(await requests(conversation, 3)).toMatchObject([
      { kind: 'replied', summary: 'session ready for queries' },
      { kind: 'replied', summary: 'empty query answered' },
      { kind: 'replied', summary: 'empty query answered' },
    ]);
  });

  it('are refused by a server that asks for a password, with the reason', async () => {
    const guarded = await startPostgres({ port: await closedPort(), authentication: 'scram-sha-256' });
    try {
      expect(await first(`postgres://127.0.0.1:${guarded.port}`)).toEqual({
        kind: 'refused',
        reason: 'the server asks for a password (SCRAM-SHA-256), which kaprobe does not send',
      });
    } finally {
      await guarded.stop();
    }
  });

  it('are refused when the server speaks another protocol than the target says', async () => {
    const wrong = [`http://127.0.0.1:${postgres.port}`, `redis://127.0.0.1:${postgres.port}`];
    for (const reply of await Promise.all(wrong.map(first)))
      expect(['refused', 'ended', 'silent']).toContain(reply.kind);
  });

  it('come to know the reason that the server gives when it hangs up', async () => {
    const { socket, conversation } = await converse(`postgresql://127.0.0.1:${postgres.port}`);
    await conversation.request(patience);
    const end = ended(socket);
    await postgres.stop();
    await end;
    expect(await conversation.request(patience)).toEqual({
      kind: 'ended',
      how: 'closed',
      error: null,
      afterMs: null,
      lastWords: 'FATAL 57P01: terminating connection due to administrator command',
    });
  });
});
