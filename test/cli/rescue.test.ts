import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ReportOf } from '../../src/commands/index.ts';
import type { RescueAction } from '../../src/commands/rescue/report.ts';
import { rescueSocket } from '../../src/commands/rescue/rescue-socket.ts';
import { withForeignSocket } from '../../src/linux/foreign-socket.ts';
import { loadLibc } from '../../src/linux/libc.ts';
import { readKeepalive } from '../../src/linux/socket-options.ts';
import type { Keepalive } from '../../src/report/values.ts';
import type { LiveSocket } from '../../src/sockets/live-socket.ts';

import { openLiveSockets } from '../../src/sockets/live-sockets.ts';
import { socketsOf as listedSockets } from '../../src/sockets/socket-table.ts';
import { kaprobe, NODE, PROGRAM } from './kaprobe.ts';
import { serve, type TestServer } from './servers.ts';
import { asleep, BLOCKED_WORKER, python, startPython, type Worker } from './workers.ts';

const needs = python === '' ? ' (skipped: needs python3)' : '';

let server: TestServer;
const workers: Worker[] = [];
beforeAll(async () => {
  server = await serve();
});
afterEach(() => Promise.all(workers.splice(0).map((worker) => worker.end())));
afterAll(() => server.close());

function start(script: string): Worker {
  const worker = startPython(script);
  workers.push(worker);
  return worker;
}

/** A worker that waits in recv(). */
async function startBlocked(): Promise<Worker> {
  const worker = start(BLOCKED_WORKER('127.0.0.1', server.port));
  expect(await worker.line()).toBe('reading');
  await asleep(worker);
  return worker;
}

async function rescue(...args: string[]) {
  const run = await kaprobe(['rescue', '--format', 'json', ...args]);
  const report: ReportOf<'rescue'> | null = run.stdout === '' ? null : JSON.parse(run.stdout);
  return { ...run, report, sockets: report?.data.sockets ?? [] };
}

/** The connections of a process to a server of the test, as the kernel shows them now. */
async function socketsOf({ pid }: Pick<Worker, 'pid'>, port = server.port): Promise<LiveSocket[]> {
  const live = await openLiveSockets();
  try {
    const everything = { states: ['established', 'close-wait'] as const, commands: [], local: [], remote: [] };
    const filter = { ...everything, pids: [pid], ports: [port], risks: [] };
    return listedSockets(live.look({ filter, owners: true, middleboxes: [], judgeLocal: false }).list);
  } finally {
    live.close();
  }
}

/** The keepalive of a process's only connection, read from the socket. */
async function keepaliveOf(worker: Worker): Promise<Keepalive> {
  const [socket] = await socketsOf(worker);
  if (socket?.keepalive.source !== 'getsockopt') throw new Error('it is to be read');
  const { source: _, ...keepalive } = socket.keepalive;
  return keepalive;
}

const QUICK = ['--idle', '1s', '--interval', '1s', '--count', '3'];
const QUICKLY: Partial<Keepalive> = { enabled: true, idleMs: 1000, intervalMs: 1000, count: 3 };

describe.skipIf(python === '')(`kaprobe rescue${needs}`, () => {
  it('shows what it would do, and changes nothing without --yes', async () => {
    const worker = await startBlocked();
    const before = await keepaliveOf(worker);
    const { exitCode, stderr, report, sockets } = await rescue(
      '--pid',
      String(worker.pid),
      '--middlebox-timeout',
      '30m',
    );
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(report?.data.confirmed).toBe(false);
    expect(sockets).toMatchObject([
      {
        remote: `127.0.0.1:${server.port}`,
        owners: [{ pid: worker.pid, fd: 3, blockedIn: 'recvfrom' }],
        before,
        planned: { enabled: true, idleMs: 300_000, intervalMs: 15_000, count: 4, userTimeoutMs: 0 },
        result: { kind: 'planned' },
        undo: null,
      },
    ]);
    expect(await keepaliveOf(worker)).toEqual(before);
  });

  it('switches keepalive on with --yes, reads it back, and the command that it prints undoes that exactly', async () => {
    const worker = await startBlocked();
    const before = await keepaliveOf(worker);
    const { exitCode, sockets } = await rescue('--pid', String(worker.pid), ...QUICK, '--user-timeout', '30s', '--yes');
    const after = { ...QUICKLY, userTimeoutMs: 30_000 };
    expect(exitCode).toBe(0);
    expect(sockets).toMatchObject([{ before, result: { kind: 'changed', after, refused: [] } }]);
    expect(await keepaliveOf(worker)).toEqual(after);

    const [, ...undo] = sockets[0]?.undo?.split(' ') ?? [];
    const undone = await kaprobe(undo);
    expect(undone.exitCode).toBe(0);
    expect(undone.stdout).toContain('1 socket changed');
    expect(await keepaliveOf(worker)).toEqual(before);
  });

  it('says so where keepalive cannot help at the middlebox given, or comes too late for it', async () => {
    const worker = await startBlocked();
    const pid = String(worker.pid);
    const proxy = await rescue('--pid', pid, '--middlebox', 'aws-alb');
    expect(proxy.report).toMatchObject({ exitCode: 1, findings: [{ rule: 'middlebox-terminates-tcp' }] });
    const late = await rescue('--pid', pid, '--idle', '2h', '--middlebox-timeout', '30m');
    expect(late.report).toMatchObject({ exitCode: 1, findings: [{ rule: 'keepalive-slower-than-middlebox' }] });
    const ended = await rescue('--pid', pid, '--shutdown', '--middlebox', 'aws-alb');
    expect(ended.report).toMatchObject({ exitCode: 0, findings: [] });
  });

  it('leaves what was not asked about as it is: --off keeps the times, and what is so already is not touched', async () => {
    const worker = await startBlocked();
    await rescue('--pid', String(worker.pid), ...QUICK, '--yes');
    const again = await rescue('--pid', String(worker.pid), ...QUICK, '--yes');
    expect(again.sockets).toMatchObject([{ result: { kind: 'unchanged' }, undo: null }]);
    await rescue('--pid', String(worker.pid), '--off', '--yes');
    expect(await keepaliveOf(worker)).toMatchObject({ ...QUICKLY, enabled: false });
  });

  it('sees with --wait that a far end that lives answers at once, though the connection was silent before', async () => {
    const worker = await startBlocked();
    // Longer than the idle time: the first probe is due as soon as keepalive is on.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const { sockets } = await rescue('--pid', String(worker.pid), ...QUICK, '--yes', '--wait', '20s');
    expect(sockets).toMatchObject([{ followUp: { kind: 'answered' } }]);
    expect(sockets[0]?.followUp?.afterMs).toBeLessThan(1000);
    expect(worker.child.exitCode).toBe(null);
  });

  it('wakes a reader with --shutdown, and its process goes on', async () => {
    const worker = await startBlocked();
    const { exitCode, sockets } = await rescue('--pid', String(worker.pid), '--shutdown', '--yes');
    expect(exitCode).toBe(0);
    expect(sockets).toMatchObject([{ result: { kind: 'shut-down' }, undo: null }]);
    expect(await worker.line()).toBe('end of stream');
    expect(await worker.line()).toBe('connected again');
  });

  it('changes a socket that several processes hold once, for all of them', async () => {
    const worker = start(`
import os, socket, time
s = socket.create_connection(('127.0.0.1', ${server.port}))
child = os.fork()
if child == 0: time.sleep(60); os._exit(0)
print(child, flush=True)
try: s.recv(1)
finally: os.kill(child, 9)`);
    const child = Number(await worker.line());
    const { sockets } = await rescue('--pid', String(child), ...QUICK, '--yes');
    expect(sockets).toHaveLength(1);
    expect(sockets[0]?.owners.map(({ pid }) => pid).sort()).toEqual([worker.pid, child].sort());
    expect(await keepaliveOf(worker)).toMatchObject(QUICKLY);
    process.kill(child, 'SIGKILL');
  });

  it('leaves a connection alone with --shutdown that a process holds which started kaprobe', async () => {
    const script = `exec 3<>/dev/tcp/127.0.0.1/${server.port}; "$0" "$1" rescue --pid $$ --shutdown --yes --format json 3>&-; echo end`;
    const child = spawn('bash', ['-c', script, NODE, PROGRAM], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk;
    });
    await once(child, 'close');
    const report: ReportOf<'rescue'> = JSON.parse(said.slice(0, said.lastIndexOf('}') + 1));
    expect(report.exitCode).toBe(2);
    expect(report.data.sockets).toMatchObject([
      { result: { kind: 'refused', reason: `process ${child.pid} started kaprobe: that may be your own session` } },
    ]);
  });

  it.each([
    { args: ['--state', 'established', '--yes'], message: 'every socket of this host is not a selection' },
    { args: ['--risk', 'stuck', '--shutdown', '--yes'], message: 'every socket of this host is not a selection' },
    { args: ['--pid', '1', '--shutdown', '--idle', '5s'], message: '--shutdown contradicts' },
    { args: ['--pid', '1', '--shutdown', '--off'], message: '--shutdown contradicts' },
    { args: ['--pid', '1', '--wait', '5s'], message: '--wait has nothing to wait for' },
    { args: ['--pid', '1', '--off', '--yes', '--wait', '5s'], message: '--wait has nothing to wait for' },
    { args: ['--pid', '4194304'], message: 'there is no process 4194304' },
    { args: ['--port', '1', '--middlebox-timeout', '5s'], message: 'the idle timeout given is too short' },
    { args: ['--port', '1', '--idle', '32768s'], message: "--idle '32768s' is out of range" },
  ])('refuses $args', async ({ args, message }) => {
    const { exitCode, stdout, stderr } = await kaprobe(['rescue', ...args]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(`kaprobe: ${message}`);
  });

  it('says that nothing matches: that is an answer, but not what --yes asked for', async () => {
    const shown = await kaprobe(['rescue', '--pid', String(process.pid), '--port', '1']);
    expect(shown).toMatchObject({ exitCode: 0, stderr: '' });
    expect(shown.stdout).toContain('No socket matches the selection.');
    expect((await rescue('--pid', String(process.pid), '--port', '1', '--yes')).exitCode).toBe(2);
  });

  const asNobody = ['--reuid=65534', '--regid=65534', '--clear-groups', NODE, PROGRAM];
  const canBecomeNobody = spawnSync('setpriv', [...asNobody, '--version']).status === 0;
  it.skipIf(!canBecomeNobody)(
    `says what it needs where it has no rights, and could not tell${canBecomeNobody ? '' : ' (skipped: needs root and setpriv)'}`,
    async () => {
      const worker = await startBlocked();
      const before = await keepaliveOf(worker);
      const run = (...args: string[]) =>
        spawnSync('setpriv', [...asNobody, 'rescue', ...args, '--yes'], { encoding: 'utf8' });
      const byPid = run('--pid', String(worker.pid));
      expect(byPid.status).toBe(2);
      expect(byPid.stdout.replace(/\s+/g, ' ')).toContain('are hidden: run as root');
      const byEnd = run('--remote', `127.0.0.1:${server.port}`);
      expect(byEnd.status).toBe(2);
      expect(byEnd.stdout.replace(/\s+/g, ' ')).toContain('no process was found that holds it: run as root');
      expect(await keepaliveOf(worker)).toEqual(before);
    },
  );
});

describe.skipIf(python === '')(`between the look and the act${needs}`, () => {
  const SWITCH_ON: RescueAction = {
    kind: 'keepalive',
    keepalive: { enabled: true, idleMs: 5000, intervalMs: 1000, count: 3, userTimeoutMs: null },
  };
  const SHUTDOWN: RescueAction = { kind: 'shutdown' };

  /** Connects once; on each line that it reads it does what the line says, and says so. */
  const OBEDIENT = (port: number) => `
import os, socket, sys
connect = lambda: socket.create_connection(('127.0.0.1', ${port}))
s = connect()
print(s.fileno(), flush=True)
for line in sys.stdin:
    if line == 'swap\\n':
        other = connect()
        os.dup2(other.fileno(), s.fileno())
    if line == 'close\\n': s.close()
    print('done', flush=True)`;

  let polite: TestServer;
  beforeAll(async () => {
    polite = await serve((socket) => socket.once('end', () => socket.end()));
  });
  afterAll(() => polite.close());

  async function lookAtOne(port = server.port) {
    const worker = start(OBEDIENT(port));
    const fd = Number(await worker.line());
    const [seen] = await socketsOf(worker, port);
    if (seen === undefined) throw new Error('it has connected');
    return { worker, fd, seen };
  }

  it.each([SWITCH_ON, SHUTDOWN])('a descriptor that became another connection is left alone: $kind', async (action) => {
    const libc = await loadLibc();
    const { worker, fd, seen } = await lookAtOne();
    worker.tell('swap');
    await worker.line();
    expect(rescueSocket(libc, seen, action, true)).toEqual({
      before: null,
      result: { kind: 'refused', reason: `descriptor ${fd} of process ${worker.pid} is another socket by now` },
    });
    const now = await socketsOf(worker);
    // The new connection, which the worker holds twice.
    expect(now).toMatchObject([{ state: 'established', keepalive: { enabled: false } }]);
  });

  it('a descriptor that was closed is left alone', async () => {
    const libc = await loadLibc();
    const { worker, fd, seen } = await lookAtOne();
    worker.tell('close');
    await worker.line();
    const reason = `process ${worker.pid} has closed descriptor ${fd}`;
    expect(rescueSocket(libc, seen, SWITCH_ON, true).result).toEqual({ kind: 'refused', reason });
  });

  it('a process that has ended is none, and another that got its number has other sockets', async () => {
    const libc = await loadLibc();
    const { worker, fd, seen } = await lookAtOne();
    const later = await lookAtOne();
    await worker.end();
    const reason = `process ${worker.pid} has ended`;
    expect(rescueSocket(libc, seen, SWITCH_ON, true).result).toEqual({ kind: 'refused', reason });
    // As if the later process had been given the number of the one that ended.
    const owners = seen.owners.map((owner) => ({ ...owner, pid: later.worker.pid }));
    expect(rescueSocket(libc, { ...seen, owners }, SWITCH_ON, true).result).toEqual({
      kind: 'refused',
      reason: `descriptor ${fd} of process ${later.worker.pid} is another socket by now`,
    });
  });

  it('a holder that has gone is no obstacle while another one holds the socket', async () => {
    const libc = await loadLibc();
    const { worker, seen } = await lookAtOne();
    const gone = { pid: 4_194_303, fd: 3, command: 'gone', blockedIn: null };
    const { result } = rescueSocket(libc, { ...seen, owners: [gone, ...seen.owners] }, SWITCH_ON, true);
    expect(result).toMatchObject({ kind: 'changed', after: SWITCH_ON.kind === 'keepalive' ? { idleMs: 5000 } : {} });
    const [owner] = seen.owners;
    if (owner === undefined || seen.cookie === null) throw new Error('it was looked at as root or its user');
    const holder = { pid: worker.pid, fd: owner.fd, cookie: seen.cookie };
    expect(withForeignSocket(libc, holder, (fd) => readKeepalive(libc, fd))).toMatchObject({ enabled: true });
  });

  it('a connection that has ended is refused, with the state that it is in', async () => {
    const libc = await loadLibc();
    const { seen } = await lookAtOne(polite.port);
    expect(rescueSocket(libc, seen, SHUTDOWN, true).result.kind).toBe('shut-down');
    // The server closes its side in turn.
    await expect
      .poll(() => rescueSocket(libc, seen, SWITCH_ON, true).result)
      .toMatchObject({ kind: 'refused', reason: expect.stringMatching(/^it is in \S+ by now$/) });
  });
});
