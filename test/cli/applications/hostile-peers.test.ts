import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Conversation } from '../../../src/connections/applications/application.ts';
import { applicationFor } from '../../../src/connections/applications/for-scheme.ts';
import { applications } from '../../../src/connections/applications/registry.generated.ts';
import { connectAny } from '../../../src/connections/connect.ts';
import { handshakeTls } from '../../../src/connections/tls.ts';
import { makeCertificate } from '../certificate.ts';
import { listening, serve, type TestServer } from '../servers.ts';

const patience = { timeoutMs: 10_000, signal: new AbortController().signal };
const schemes = Object.values(applications).flatMap((application) => Object.keys(application.schemes).slice(0, 1));

let peer: TestServer;
const opened: Socket[] = [];
afterEach(async () => {
  for (const socket of opened.splice(0)) socket.destroy();
  await peer.close();
});

async function connect(): Promise<Socket> {
  const { socket } = await connectAny(['127.0.0.1'], peer.port, patience);
  if (socket === null) throw new Error('no connection');
  opened.push(socket);
  return socket;
}

async function converse(scheme: string): Promise<Conversation> {
  const application = applicationFor(scheme);
  if (application === null) throw new Error(`no application for ${scheme}`);
  return application.open(await connect(), { host: '127.0.0.1', port: peer.port, tls: false });
}

describe.each(schemes)('a conversation in %s with a peer', (scheme) => {
  it('that says nothing is silent, and the connection stays open', async () => {
    peer = await serve();
    const conversation = await converse(scheme);
    expect(await conversation.request({ ...patience, timeoutMs: 200 })).toMatchObject({ kind: 'silent' });
    expect(await conversation.request({ ...patience, timeoutMs: 200 })).toMatchObject({ kind: 'silent' });
    expect(opened[0]?.destroyed).toBe(false);
  });

  it('that closes on the first request is ended by a FIN', async () => {
    peer = await serve((socket) => socket.once('data', () => socket.end()));
    const conversation = await converse(scheme);
    expect(await conversation.request(patience)).toMatchObject({ kind: 'ended', how: 'closed', error: null });
  });

  it('that resets on the first request is ended by a reset', async () => {
    peer = await serve((socket) => socket.once('data', () => socket.resetAndDestroy()));
    const conversation = await converse(scheme);
    expect(await conversation.request(patience)).toMatchObject({ kind: 'ended', how: 'reset', error: 'ECONNRESET' });
  });

  it('that resets when nobody listens any more does not end the program', async () => {
    let reset = (): void => {};
    peer = await serve((socket) => {
      reset = () => socket.resetAndDestroy();
    });
    const conversation = await converse(scheme);
    expect((await conversation.request({ ...patience, timeoutMs: 100 })).kind).toBe('silent');
    conversation.close();
    const closed = new Promise((resolve) => opened[0]?.once('close', resolve));
    reset();
    await closed;
  });

  it.each(['\r\n', '\0', '+', 'HTTP/1.1 100 Continue\r\n\r\n', 'S\0\0\0\x08a\0b\0'])(
    'that sends %j without end comes to an answer, in little memory',
    async (text) => {
      const bytes = Buffer.from(text.repeat(Math.ceil(65_536 / text.length)), 'latin1');
      peer = await serve((socket) => {
        const flood = (): void => {
          while (!socket.destroyed && socket.write(bytes));
        };
        socket.on('drain', flood);
        flood();
      });
      const conversation = await converse(scheme);
      const before = process.memoryUsage.rss();
      const reply = await conversation.request({ ...patience, timeoutMs: 2000 });
      expect(['refused', 'replied']).toContain(reply.kind);
      // Flooding and flooded are one process here: what is in flight between them counts too.
      expect(process.memoryUsage.rss() - before).toBeLessThan(128 * 1024 * 1024);
    },
  );
});

it('a conversation in HTTP over TLS leaves the session open', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kaprobe-tls-'));
  const { key, cert } = makeCertificate(folder, { fromDay: -1, toDay: 30 });
  rmSync(folder, { recursive: true });
  const seen: string[] = [];
  peer = await listening(
    createHttpsServer({ key, cert }, ({ method, url, httpVersion, headers, socket }, response) => {
      seen.push(`${socket.remotePort} ${method} ${url} HTTP/${httpVersion} ${headers.host}`);
      response.end();
    }),
  );
  const socket = await connect();
  const { session } = await handshakeTls(socket, '127.0.0.1', { ...patience, now: new Date() });
  if (session === null) throw new Error('no session');
  const conversation = applicationFor('https')?.open(session, { host: '127.0.0.1', port: peer.port, tls: true });
  for (let round = 0; round < 3; round += 1) {
    expect(await conversation?.request(patience)).toMatchObject({ kind: 'replied', summary: 'HTTP/1.1 200 OK' });
  }
  const { localPort } = socket;
  expect(seen).toEqual(Array.from({ length: 3 }, () => `${localPort} HEAD / HTTP/1.1 127.0.0.1:${peer.port}`));
  expect(session.destroyed).toBe(false);
});
