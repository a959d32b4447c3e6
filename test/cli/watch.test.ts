import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { ReportOf } from '../../src/commands/index.ts';
import type { WatchEvent, WatchEventKind } from '../../src/commands/watch/report.ts';

import { kaprobe, NODE, PROGRAM, WITHOUT_KOFFI } from './kaprobe.ts';
import { closedPort } from './servers.ts';

const children: ChildProcess[] = [];
const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** A running watch. */
interface Running {
  child: ChildProcess;
  events: WatchEvent[];
  /** What it told of one kind, as soon as it has. */
  next(kind: WatchEventKind, count?: number): Promise<WatchEvent>;
  /** The report, and the exit code of the process. */
  end(): Promise<{ report: ReportOf<'watch'>; exitCode: number | null }>;
}

function watch(...args: string[]): Running {
  return watchBy([NODE], ...args);
}

/** The same with another command than node alone in front of the program. */
function watchBy([file, ...before]: readonly [string, ...string[]], ...args: string[]): Running {
  const child = spawn(file, [...before, PROGRAM, 'watch', '--format', 'ndjson', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const events: WatchEvent[] = [];
  let report: ReportOf<'watch'> | null = null;
  createInterface({ input: child.stdout }).on('line', (line) => {
    const told = JSON.parse(line);
    if ('event' in told) events.push(told);
    else report = told;
  });
  const exit = once(child, 'close');
  return {
    ...{ child, events },
    next: async (kind, count = 1) => {
      const found = (): WatchEvent | undefined => events.filter(({ event }) => event === kind)[count - 1];
      await until(`it tells of ${kind}`, () => found() !== undefined);
      return found() ?? fail();
    },
    end: async () => {
      const [exitCode] = await exit;
      return { report: report ?? fail(), exitCode };
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

function fail(): never {
  throw new Error('it did not tell');
}

/** A server on loopback, and the connections that it took. */
async function listen(port = 0, host = '127.0.0.1'): Promise<{ port: number; taken: Socket[]; close(): void }> {
  const taken: Socket[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    socket.resume();
    taken.push(socket);
  });
  const close = (): void => {
    for (const socket of taken) socket.destroy();
    server.close();
  };
  open.push({ close });
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: address.port, taken, close };
}

/** A client of this very process. */
async function client(port: number, host = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ port, host, allowHalfOpen: true });
  socket.on('error', () => {});
  socket.resume();
  open.push({ close: () => socket.destroy() });
  await once(socket, 'connect');
  return socket;
}

describe('kaprobe watch TARGET', () => {
  it('holds as many connections as asked for, and ends after --for with nothing wrong', async () => {
    const { port, taken } = await listen();
    const running = watch(`127.0.0.1:${port}`, '--connections', '3', '--for', '2s', '--idle', '1s', '--interval', '1s');
    await running.next('established', 3);
    expect(taken).toHaveLength(3);
    const { report, exitCode } = await running.end();
    expect({ exitCode, verdict: report.verdict }).toEqual({ exitCode: 0, verdict: 'ok' });
    expect(report.data).toMatchObject({
      ...{ mode: 'own', endedBy: 'time', seen: 3, open: 3, troubled: [] },
      keepalive: { enabled: true, idleMs: 1000, intervalMs: 1000, count: 9 },
    });
    expect(running.events.map(({ event }) => event)).toEqual(['established', 'established', 'established']);
  });

  it('tells that the peer closed, at once, and then has nothing left', async () => {
    const { port, taken } = await listen();
    const running = watch(`127.0.0.1:${port}`);
    await running.next('established');
    const closedAt = Date.now();
    taken[0]?.end();
    const event = await running.next('closed-by-peer');
    expect(Date.parse(event.at) - closedAt).toBeLessThan(4000);
    const { report, exitCode } = await running.end();
    expect(report.data.endedBy).toBe('nothing-left');
    expect(report.findings).toMatchObject([{ rule: 'watched-connection-closed', severity: 'warning' }]);
    expect(exitCode).toBe(0); // --fail-on error
  });

  it('tells a reset, which is an error', async () => {
    const { port, taken } = await listen();
    const running = watch(`127.0.0.1:${port}`);
    await running.next('established');
    taken[0]?.resetAndDestroy();
    const { report, exitCode } = await running.end();
    expect(running.events.map(({ event }) => event)).toEqual(['established', 'reset']);
    expect({ exitCode, rules: report.findings.map(({ rule }) => rule) }).toEqual({
      ...{ exitCode: 1, rules: ['watched-connection-reset'] },
    });
  });

  it('ends with 1 where nothing listens', async () => {
    const { report, exitCode } = await watch(`127.0.0.1:${await closedPort()}`).end();
    expect(exitCode).toBe(1);
    expect(report.findings).toMatchObject([
      { rule: 'watched-connection-not-made', evidence: { error: expect.stringContaining('ECONNREFUSED') } },
    ]);
    expect(report.data).toMatchObject({ seen: 0, endedBy: 'nothing-left' });
  });

  it('connects again when asked to, also where nothing listened at first, and tells each error once', async () => {
    const port = await closedPort();
    const running = watch(`127.0.0.1:${port}`, '--reconnect', '--until', 'established');
    await running.next('not-connected');
    await sleep(1500); // the second attempt fails as well
    await listen(port);
    const { report } = await running.end();
    expect(report.data.counts).toMatchObject({ 'not-connected': 1, established: 1 });
    expect(report.data.endedBy).toBe('until');
  });

  it('ends on Ctrl-C with 0 where nothing was to end it, and with 130 before --for', async () => {
    const { port } = await listen();
    const ended = await Promise.all(
      [[], ['--for', '60s'], ['--until', 'reset']].map(async (args) => {
        const running = watch(`127.0.0.1:${port}`, ...args);
        await running.next('established');
        running.child.kill('SIGINT');
        const { report, exitCode } = await running.end();
        return [exitCode, report.exitCode, report.data.endedBy];
      }),
    );
    expect(ended).toEqual([
      [0, 0, 'interrupt'],
      [130, 130, 'interrupt'],
      [130, 130, 'interrupt'],
    ]);
  });

  it('ends on Ctrl-C with 1 when something was wrong', async () => {
    const { port, taken } = await listen();
    const running = watch(`127.0.0.1:${port}`, '--connections', '2', '--for', '60s');
    await running.next('established', 2);
    taken[0]?.resetAndDestroy();
    await running.next('reset');
    running.child.kill('SIGINT');
    expect(await running.end()).toMatchObject({ exitCode: 1, report: { data: { endedBy: 'interrupt', open: 1 } } });
  });

  it('ends quietly when nobody reads any more', async () => {
    const { port } = await listen();
    const child = spawn(NODE, [PROGRAM, 'watch', `127.0.0.1:${port}`, '--quiet', '1s'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(child);
    const [first] = await once(child.stdout, 'data');
    child.stdout.destroy();
    let stderr = '';
    child.stderr.on('data', (data) => {
      stderr += data;
    });
    const [exitCode] = await once(child, 'close');
    expect(`${first}`).toMatch(/ established {7}127\.0\.0\.1:\d+ to /);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  });

  it('prints only the report as json, with the events in it', async () => {
    const { port } = await listen();
    const { stdout } = await kaprobe(['watch', `127.0.0.1:${port}`, '--for', '1s', '--format', 'json']);
    expect(JSON.parse(stdout).data.events).toMatchObject([{ event: 'established', owner: null }]);
  });

  it('prints events as lines and then the summary, without colour in a pipe', async () => {
    const { port } = await listen();
    const { stdout, stderr } = await kaprobe(['watch', `127.0.0.1:${port}`, '--for', '1s']);
    expect(stdout).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3}Z {2}established {7}127\.0\.0\.1:\d+ to 127\.0\.0\.1:\d+\n✓ ok {2}kaprobe watch: no findings\n/,
    );
    expect(stderr).toBe('');
  });
});

const isRoot = process.getuid?.() === 0;

describe.skipIf(!isRoot)(`kaprobe watch NAME${isRoot ? '' : ' (skipped, needs root)'}`, () => {
  it('tells that the name has other addresses now than the one it is connected to', async () => {
    const { port } = await listen(0, '0.0.0.0');
    const folder = mkdtempSync(join(tmpdir(), 'kaprobe-hosts-'));
    open.push({ close: () => rmSync(folder, { recursive: true }) });
    const hosts = join(folder, 'hosts');
    writeFileSync(hosts, '127.0.0.1 rotating.test\n');
    const mount = 'mount --bind "$1" /etc/hosts && shift && exec "$@"';
    const withHosts = ['unshare', '--mount', 'sh', '-c', mount, 'sh', hosts, NODE] as const;
    const running = watchBy(withHosts, `rotating.test:${port}`, '--until', 'rotated');
    expect(await running.next('established')).toMatchObject({ connection: { remote: `127.0.0.1:${port}` } });
    writeFileSync(hosts, '127.0.0.2 rotating.test\n127.0.0.3 rotating.test\n');
    const { report } = await running.end(); // as soon as the name is looked up again
    expect(running.events.map(({ event }) => event)).toEqual(['established', 'rotated']);
    expect(running.events[1]?.evidence).toEqual({
      name: 'rotating.test',
      connectedTo: ['127.0.0.1'],
      resolvesTo: ['127.0.0.2', '127.0.0.3'],
    });
    expect(report.findings).toMatchObject([{ rule: 'watched-address-rotated' }]);
  });
});

describe('kaprobe watch --pid', () => {
  const own = ['--pid', `${process.pid}`];

  it('tells what becomes of the connections of a process', async () => {
    const { port, taken } = await listen();
    const first = await client(port);
    const running = watch(...own, '--remote', `127.0.0.1:${port}`);
    expect((await running.next('found')).evidence).toEqual({ connections: 1 });

    const second = await client(port);
    expect(await running.next('established')).toMatchObject({
      connection: { local: `127.0.0.1:${second.localPort}`, remote: `127.0.0.1:${port}` },
      owner: { pid: process.pid },
    });
    taken[1]?.end();
    expect(await running.next('closed-by-peer')).toMatchObject({ evidence: { state: 'close-wait' } });
    first.end();
    expect(await running.next('closed-here')).toMatchObject({ connection: { local: `127.0.0.1:${first.localPort}` } });

    const { localPort } = await client(port);
    await running.next('established', 2);
    taken[2]?.resetAndDestroy();
    expect(await running.next('reset')).toMatchObject({
      connection: { local: `127.0.0.1:${localPort}` },
      owner: { pid: process.pid },
      evidence: { segmentsReceived: 1, probesSent: 0, otherSegmentsSent: 0, stillHeldByItsProcess: false },
    });

    running.child.kill('SIGINT');
    const { report, exitCode } = await running.end();
    expect({ exitCode, rules: report.findings.map(({ rule }) => rule) }).toEqual({
      ...{ exitCode: 1, rules: ['watched-connection-reset'] },
    });
    expect(report.data).toMatchObject({ mode: 'observed', seen: 3, keepalive: null });
    // One is in CLOSE-WAIT all the while: that is told once.
    expect(report.data.counts).toMatchObject({
      established: 2,
      'closed-by-peer': 1,
      'closed-here': 1,
      reset: 1,
      gone: 0,
    });
  });

  it('tells a reset that the process has not noticed yet', async () => {
    const { port, taken } = await listen();
    const script =
      'import socket, sys, time; s = socket.create_connection(("127.0.0.1", int(sys.argv[1]))); time.sleep(60)';
    const child = spawn('/usr/bin/python3', ['-c', script, `${port}`], { stdio: ['ignore', 'ignore', 'inherit'] });
    children.push(child);
    await until('it has connected', () => taken.length === 1);
    const running = watch('--pid', `${child.pid}`, '--until', 'reset');
    await running.next('found');
    taken[0]?.resetAndDestroy();
    expect((await running.next('reset')).evidence).toMatchObject({ stillHeldByItsProcess: true });
    expect((await running.end()).exitCode).toBe(1);
  });

  it('does not call it a reset when it was the process that aborted its connection', async () => {
    const { port } = await listen();
    const aborted = await client(port);
    const closed = await client(port);
    const running = watch(...own, '--remote', `127.0.0.1:${port}`, '--until', 'gone');
    expect((await running.next('found')).evidence).toEqual({ connections: 2 });
    aborted.resetAndDestroy();
    closed.end();
    expect(await running.next('gone')).toMatchObject({ connection: { remote: `127.0.0.1:${port}` } });
    const { report } = await running.end();
    expect(report.data.counts).toMatchObject({ gone: 1, 'closed-here': 1, reset: 0 });
  });

  it('tells that a process has gone over to another address', async () => {
    const { port } = await listen(0, '0.0.0.0');
    const before = await client(port);
    const running = watch(...own, '--port', `${port}`, '--until', 'rotated');
    await running.next('found');
    before.destroy();
    await running.next('closed-here');
    await client(port, '127.0.0.2');
    expect((await running.next('rotated')).evidence).toEqual({ before: `127.0.0.1:${port}`, now: `127.0.0.2:${port}` });
    expect((await running.end()).report.findings).toMatchObject([{ rule: 'watched-address-rotated' }]);
  });

  it('waits for a connection that has yet to come, and says so', async () => {
    const { port } = await listen();
    const running = watch(...own, '--remote', `127.0.0.1:${port}`, '--until', 'established');
    expect((await running.next('found')).evidence).toEqual({ connections: 0 });
    await client(port);
    expect((await running.end()).report).toMatchObject({ exitCode: 0, data: { endedBy: 'until', seen: 1 } });
  });

  it('could not tell when none came', async () => {
    const args = ['watch', ...own, '--remote', `127.0.0.1:${await closedPort()}`, '--for', '1s', '--format', 'json'];
    const { stdout, exitCode } = await kaprobe(args);
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout).gaps).toMatchObject([{ what: 'connections' }]);
  });

  it('ends when the process does', async () => {
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    children.push(child);
    const running = watch('--pid', `${child.pid}`);
    await running.next('found');
    child.kill();
    expect((await running.end()).report.data.endedBy).toBe('nothing-left');
  });

  it('watches only those of the port that was asked for', async () => {
    const [one, other] = [await listen(), await listen()];
    for (let index = 0; index < 20; index += 1) await client(other.port);
    await client(one.port);
    const running = watch(...own, '--port', `${one.port}`, '--for', '1s');
    expect((await running.next('found')).evidence).toEqual({ connections: 2 });
  });
});

describe('kaprobe watch without sock_diag', () => {
  const withoutKoffi = { nodeArguments: WITHOUT_KOFFI };

  it('observes in /proc/net/tcp, and calls a gap what that does not show', async () => {
    const { port, taken } = await listen();
    await client(port);
    const running = watchBy([NODE, ...WITHOUT_KOFFI], '--pid', `${process.pid}`, '--remote', `127.0.0.1:${port}`);
    expect((await running.next('found')).evidence).toEqual({ connections: 1 });
    const second = await client(port);
    expect(await running.next('established')).toMatchObject({
      connection: { local: `127.0.0.1:${second.localPort}`, remote: `127.0.0.1:${port}` },
      owner: { pid: process.pid },
    });
    taken[1]?.end();
    expect(await running.next('closed-by-peer')).toMatchObject({ evidence: { state: 'close-wait' } });
    running.child.kill('SIGINT');
    const { report, exitCode } = await running.end();
    expect({ exitCode, verdict: report.verdict }).toEqual({ exitCode: 2, verdict: 'unmeasured' });
    expect(report.data).toMatchObject({ mode: 'observed', source: 'procfs', seen: 2, open: 1 });
    expect(report.gaps).toEqual([
      {
        subject: expect.stringContaining('--pid'),
        what: 'silence, and how many unanswered probes the sockets bear',
        reason: expect.stringMatching(/^read from \/proc\/net\/tcp, .* koffi has no binary for /),
      },
    ]);
  });

  it('ends when the process does, whose files go with it', async () => {
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    children.push(child);
    const running = watchBy([NODE, ...WITHOUT_KOFFI], '--pid', `${child.pid}`);
    await running.next('found');
    child.kill();
    expect((await running.end()).report.data.endedBy).toBe('nothing-left');
  });

  it.each<[args: string[], message: RegExp]>([
    [['127.0.0.1:80'], /^kaprobe: cannot hold connections to 127\.0\.0\.1:80, which takes keepalive and TCP_INFO/],
    [['--port', '80', '--until', 'quiet'], /^kaprobe: --until quiet would never be: \/proc\/net\/tcp does not show it/],
    [['--port', '80', '--until', 'timed-out'], /^kaprobe: --until timed-out would never be/],
    [['--pid', '4194303'], /^kaprobe: there is no process 4194303/],
  ])('says of %j what it cannot', async (args, message) => {
    const { exitCode, stdout, stderr } = await kaprobe(['watch', ...args], withoutKoffi);
    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 2, stdout: '', stderr: expect.stringMatching(message) });
  });

  it.skipIf(!isRoot)(
    `says that another user's process may not be looked into${isRoot ? '' : ' (skipped, needs root)'}`,
    async () => {
      const { exitCode, stderr } = await kaprobe(['watch', '--pid', '1'], { uid: 65_534 });
      expect({ exitCode, stderr }).toEqual({
        exitCode: 2,
        stderr: expect.stringMatching(/^kaprobe: the descriptors of process 1 may not be seen\n/),
      });
    },
  );
});
