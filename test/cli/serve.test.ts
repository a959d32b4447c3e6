import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { ReportOf } from '../../src/commands/index.ts';

import { kaprobe, NODE, PROGRAM } from './kaprobe.ts';

/** A running `kaprobe serve`. */
interface Running {
  child: ChildProcess;
  port: number;
  /** What stderr said so far. */
  said(): string;
  /** Ends it, and returns what it reports. */
  stop(signal?: 'SIGINT' | 'SIGTERM'): Promise<ReportOf<'serve'>>;
}

/** As a client makes one up. */
const NAME = '0123456789abcdef0123456789abcdef';

const running: ChildProcess[] = [];
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

async function serve(...args: string[]): Promise<Running> {
  const child = spawn(NODE, [PROGRAM, 'serve', '--format', 'json', '--for', '60s', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  const texts = { stdout: '', stderr: '' };
  child.stdout.on('data', (data) => {
    texts.stdout += data;
  });
  child.stderr.on('data', (data) => {
    texts.stderr += data;
  });
  const listening = /^kaprobe: listening on \S+:(\d+), /m;
  await until('it listens', () => listening.test(texts.stderr));
  return {
    child,
    port: Number(listening.exec(texts.stderr)?.[1]),
    said: () => texts.stderr,
    stop: async (signal = 'SIGINT') => {
      child.kill(signal);
      await once(child, 'close');
      return JSON.parse(texts.stdout);
    },
  };
}

async function until(what: string, holds: () => boolean, timeoutMs = 60_000): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!holds()) {
    if (performance.now() > endMs) throw new Error(`waited in vain until ${what}`);
    await sleep(10);
  }
}

/** A client that notes what it gets and when it was closed. */
interface Client {
  socket: Socket;
  got(): string;
  isClosed(): boolean;
}

function client(port: number, host = '127.0.0.1'): Promise<Client> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    sockets.push(socket);
    let got = '';
    let closed = false;
    socket.on('data', (data) => {
      got += data.toString('latin1');
    });
    socket.on('error', () => {});
    const self = { socket, got: () => got, isClosed: () => closed };
    socket.on('close', () => {
      closed = true;
      resolve(self);
    });
    socket.on('connect', () => resolve(self));
  });
}

describe('kaprobe serve', () => {
  it('holds connections and says nothing, and tells who came', async () => {
    const server = await serve();
    const { socket, got, isClosed } = await client(server.port);
    socket.write('anything');
    await until('it was read', () => server.said().includes('connected, 1 open'));
    await sleep(200);
    expect([got(), isClosed()]).toEqual(['', false]);
    const { data, exitCode, verdict } = await server.stop();
    expect({ exitCode, verdict }).toEqual({ exitCode: 130, verdict: 'ok' });
    expect(data).toMatchObject({
      host: '127.0.0.1',
      mode: 'hold',
      accepted: 1,
      open: 1,
      receivedBytes: 8,
      sentBytes: 0,
    });
    expect(data.endedBy).toBe('interrupt');
    expect(data.clients).toEqual([{ address: '127.0.0.1', connections: 1, receivedBytes: 8, sentBytes: 0 }]);
    expect(server.child.exitCode).toBe(130);
  });

  it('ends by itself with exit code 0', async () => {
    const { exitCode, stdout, stderr } = await kaprobe(['serve', '--for', '1s', '--host', '::1']);
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/^kaprobe: listening on \[::1\]:\d+, hold, at most 1024 connections, for 1 s\n$/);
    expect(stdout).toMatch(
      // A second, and what a busy machine adds to it.
      /^✓ ok {2}kaprobe serve: no findings\n\n {2}listened on +\[::1\]:\d+, hold, for [\d.]+ s, ended by --for\n/,
    );
    expect(stdout).toContain('Nobody connected.');
  });

  it('echoes every byte, and no more', async () => {
    const server = await serve('--mode', 'echo');
    const { socket, got } = await client(server.port);
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 31) % 256));
    socket.write(bytes);
    await until('all came back', () => got().length >= bytes.length);
    expect(got()).toBe(bytes.toString('latin1'));
    socket.end();
    await until('it closed', () => server.said().includes('closed after'));
    const { data } = await server.stop('SIGTERM');
    expect(data).toMatchObject({ receivedBytes: bytes.length, sentBytes: bytes.length, open: 0 });
  });

  it('speaks first after the time that it was asked for, as often as it is asked', async () => {
    const server = await serve();
    const { socket, got } = await client(server.port);
    for (const afterMs of [600, 300]) {
      const askedAtMs = performance.now();
      const before = got().length;
      socket.write(`kaprobe speak-after ${afterMs}ms\n`);
      await until('it speaks', () => got().length > before);
      expect(performance.now() - askedAtMs).toBeGreaterThan(afterMs - 2);
      expect(performance.now() - askedAtMs).toBeLessThan(afterMs + 10_000); // not at the end of its time, which is a minute
    }
    expect(got()).toBe('kaprobe speaks\nkaprobe speaks\n');
    const { data } = await server.stop();
    expect(data.spoken).toBe(2);
    expect(data.sentBytes).toBeLessThanOrEqual(data.receivedBytes);
  });

  it('speaks on one connection when another calls its name, once for each time that it was asked to', async () => {
    const server = await serve();
    const [waiting, calling, late] = await Promise.all([client(server.port), client(server.port), client(server.port)]);
    for (const times of [1, 2]) {
      waiting.socket.write(`kaprobe speak-when ${NAME}\n`);
      await until('it waits', () => server.said().split('when it is called').length > times);
      expect(waiting.got()).toBe('kaprobe speaks\n'.repeat(times - 1));
      calling.socket.write(`kaprobe speak-now ${NAME}\n`);
      await until('it speaks', () => waiting.got() === 'kaprobe speaks\n'.repeat(times));
      await until('it says so', () => calling.got() === 'kaprobe has spoken\n'.repeat(times));
    }
    waiting.socket.write(`kaprobe speak-when ${NAME}\n`);
    await until('it waits', () => server.said().split('when it is called').length > 3);
    late.socket.write(`kaprobe speak-when ${NAME}\n`);
    await until('the second of that name is refused', () => late.got() === 'kaprobe refuses: that name is taken\n');
    waiting.socket.destroy();
    await until('both are gone', () => server.said().split(/closed after|ended with/).length > 2);
    calling.socket.write(`kaprobe speak-now ${NAME}\n`);
    await until('the name is forgotten', () =>
      calling.got().endsWith('kaprobe refuses: no connection of that name waits\n'),
    );
    const { data } = await server.stop();
    expect(data.spoken).toBe(2);
    expect(data.sentBytes).toBeLessThanOrEqual(data.receivedBytes);
  });

  it('takes a request that comes byte by byte', async () => {
    const server = await serve('--mode', 'echo');
    const { socket, got } = await client(server.port);
    socket.setNoDelay(true);
    for (const letter of 'kaprobe speak-after 10ms\r\n') {
      socket.write(letter);
      await sleep(5);
    }
    await until('it speaks', () => got() !== '');
    expect(got()).toBe('kaprobe speaks\n');
    await server.stop();
  });

  it.each([
    ['kaprobe speak-after 61s\n', 'the time must be at least 1 ms and within what is left of mine'],
    ['kaprobe speak-after 0s\n', 'the time must be at least 1 ms and within what is left of mine'],
    ['kaprobe speak-after 90\n', 'the duration has no unit: write 90s, 90m or 90h'],
    ['kaprobe speak-after \u001b[31m\n', 'not a request; one reads kaprobe speak-after DURATION'],
    ['kaprobe dance\n', 'not a request; one reads kaprobe speak-after DURATION'],
    ['kaprobe speak-after 9s\nkaprobe speak-after 9s\n', 'one request at a time'],
    ['kaprobe speak-when someone\n', 'not a request; one reads kaprobe speak-after DURATION'],
    [`kaprobe speak-when ${NAME}\nkaprobe speak-now ${NAME}\n`, 'one request at a time'],
    [`kaprobe speak-now ${NAME}\n`, 'no connection of that name waits'],
    [`kaprobe ${'x'.repeat(248)}`, 'a line is longer than 256 bytes'],
    [`kaprobe ${'x'.repeat(1_000_000)}`, 'a line is longer than 256 bytes'],
  ])('refuses %j with one line, and closes', async (text, why) => {
    const server = await serve('--mode', 'echo');
    const { socket, got, isClosed } = await client(server.port);
    socket.write(text);
    await until('it is closed', isClosed);
    expect(got()).toBe(`kaprobe refuses: ${why}\n`);
    expect(server.said()).toContain(`refused: ${why}`);
    expect(server.said()).not.toContain('\u001b');
    await server.stop();
  });

  it('gives a request that never ends ten seconds, whatever trickles in', async () => {
    const server = await serve();
    const { socket, got, isClosed } = await client(server.port);
    const startedAtMs = performance.now();
    socket.write('kaprobe ');
    const trickle = setInterval(() => socket.write('x'), 1000);
    await until('it is closed', isClosed);
    clearInterval(trickle);
    expect(got()).toBe('kaprobe refuses: no end of the line within 10 s\n');
    expect(performance.now() - startedAtMs).toBeGreaterThan(9500);
    await server.stop();
  });

  it('takes what only begins like a request for data when no more comes', async () => {
    const server = await serve('--mode', 'echo');
    const { socket, got } = await client(server.port);
    socket.write('kapro');
    await sleep(300);
    expect(got()).toBe('');
    socket.write('\u0000ximate\n');
    await until('it comes back', () => got().length >= 13);
    expect(got()).toBe('kapro\u0000ximate\n');
    await server.stop();
  });

  it('does not read from a client that does not read', async () => {
    const server = await serve('--mode', 'echo');
    const { socket } = await client(server.port);
    socket.pause();
    const chunk = Buffer.alloc(1_000_000);
    for (let sent = 0; sent < 64; sent++) socket.write(chunk);
    await sleep(1000);
    const { data } = await server.stop();
    expect(data.receivedBytes).toBeLessThan(40_000_000);
  });

  it('turns away what is beyond the maximum, ten thousand times, and serves those that it has', async () => {
    const server = await serve('--mode', 'echo', '--max-connections', '5');
    const held = await Promise.all(Array.from({ length: 5 }, () => client(server.port)));
    const LANES = 50;
    const TIMES = 10_000 / LANES;
    await Promise.all(
      Array.from({ length: LANES }, async () => {
        for (let time = 0; time < TIMES; time++) {
          const { socket } = await client(server.port);
          if (!socket.closed) await once(socket, 'close').catch(() => {});
          sockets.splice(sockets.indexOf(socket), 1);
        }
      }),
    );
    held[0]?.socket.write('still there?');
    await until('it answers', () => held[0]?.got() === 'still there?');
    const { data } = await server.stop();
    expect(data).toMatchObject({ accepted: 5, refused: 10_000, peak: 5, open: 5 });
    expect(server.said().split('\n').length).toBeLessThan(2000);
    expect(server.said()).toMatch(/\d+ more lines left out/);
  });

  it('cannot listen where another does', async () => {
    const server = await serve();
    const { exitCode, stdout, stderr } = await kaprobe(['serve', '--port', String(server.port)]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toBe(
      `kaprobe: cannot listen on 127.0.0.1:${server.port}: EADDRINUSE\nhint: another program listens there: give another --port, or 0 for a free one\n`,
    );
    await server.stop();
  });
});
