import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ReportOf } from '../../src/commands/index.ts';
import type { RunData } from '../../src/commands/run/report.ts';
import type { Report } from '../../src/report/report.ts';
import { findServer, obstacleToPostgres, type RealServer, startPostgres, startRedis } from '../real-servers.ts';
import { kaprobe, NODE, PROGRAM } from './kaprobe.ts';
import { closedPort, serve, type TestServer } from './servers.ts';
import { python } from './workers.ts';

const hasPython = python !== '';

const folder = mkdtempSync(join(tmpdir(), 'kaprobe-run-'));
let server: TestServer;
beforeAll(async () => {
  server = await serve();
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Leaders of process groups, with what they have started. */
const started: ChildProcess[] = [];
afterEach(() => {
  for (const { pid } of started.splice(0)) {
    try {
      if (pid !== undefined) process.kill(-pid, 'SIGKILL');
    } catch {
      // All of the group have ended.
    }
  }
});

let reportCount = 0;

/** Runs a command under `kaprobe run` with its report in a file. */
async function watch(command: readonly string[], options: readonly string[] = []) {
  const file = join(folder, `${reportCount++}.json`);
  const args = ['run', '--output', `json=${file}`, ...options, '--', ...command];
  const run = await kaprobe(args);
  const report: ReportOf<'run'> = JSON.parse(readFileSync(file, 'utf8'));
  return { run, report, data: report.data };
}

const BEHIND_A_FIREWALL = ['--middlebox-timeout', '30m'];

/**
 * Python: `looked()` returns once kaprobe has looked again, from the beginning to the end; `seen()` when what is there has been there for longer
 * than a glimpse. kaprobe sleeps after each look, which the kernel counts (proc_pid_status(5)); being stopped counts too.
 */
const SEEN = `
import os, signal, socket, sys, time
kaprobe = os.getpid()
while not open(f'/proc/{kaprobe}/cmdline').read().split('\\0')[1].endswith('/kaprobe.js'):
    kaprobe = int(open(f'/proc/{kaprobe}/stat').read().rpartition(')')[2].split()[1])
def sleeps():
    status = open(f'/proc/{kaprobe}/status').read()
    return int(status.split('\\nvoluntary_ctxt_switches:')[1].split()[0])
def looked():
    until = sleeps() + 6
    while sleeps() < until: time.sleep(0.005)
def seen():
    looked(); time.sleep(0.15); looked()
`;
/** A Python program that connects to the test's server as `s`, and then does `script`. */
const connecting = (script: string): string[] => [
  python,
  '-c',
  `${SEEN}
s = socket.create_connection(('127.0.0.1', ${server.port}))
${script}`,
];
const SWITCH_ON = `s.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
s.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60)
s.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 15)
s.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 4)
`;
/** The same, on a socket that is not connected yet. */
const connectingWithKeepalive = (script: string): string[] => [
  python,
  '-c',
  `${SEEN}
s = socket.socket()
${SWITCH_ON}s.connect(('127.0.0.1', ${server.port}))
${script}`,
];
const ON = { enabled: true, idleMs: 60_000, intervalMs: 15_000, count: 4, userTimeoutMs: 0 };

const outgoing = ({ connections }: RunData) => connections.filter(({ direction }) => direction === 'outgoing');
const wrong = ({ findings }: Report) => findings.filter(({ severity }) => severity !== 'info');

describe('kaprobe run, towards the command', () => {
  it('leaves stdin, stdout, stderr and the folder to it, and says what it has to say on stderr at the end', () => {
    const { stdout, stderr, status } = spawnSync(NODE, [PROGRAM, 'run', '--', 'sh', '-c', 'pwd; cat; echo aside >&2'], {
      input: 'typed',
      encoding: 'utf8',
      cwd: '/usr/share',
    });
    expect({ stdout, status }).toEqual({ stdout: '/usr/share\ntyped', status: 0 });
    expect(stderr).toMatch(/^aside\n\S+ ok {2}kaprobe run: no findings\n\nsh -c/);
  });

  it.each([
    { command: ['true'], exitCode: 0 },
    { command: ['sh', '-c', 'exit 7'], exitCode: 7 },
    { command: ['sh', '-c', 'kill -KILL $$'], exitCode: 137, signal: 'SIGKILL' },
    { command: ['sh', '-c', 'kill -TERM $$'], exitCode: 143, signal: 'SIGTERM' },
  ])('passes the end of $command on as $exitCode', async ({ command, exitCode, signal = null }) => {
    const { run, report } = await watch(command);
    expect(run).toEqual({ exitCode, stdout: '', stderr: '' });
    expect(report).toMatchObject({ exitCode, data: { command, exitCode, signal, connections: [] } });
  });

  it.each([
    { command: 'no-such-command', exitCode: 127, stderr: "kaprobe: there is no command 'no-such-command'\n" },
    { command: '/etc/passwd', exitCode: 126, stderr: "kaprobe: cannot start '/etc/passwd': EACCES\n" },
  ])('ends with $exitCode when it cannot start $command', async ({ command, exitCode, stderr }) => {
    expect(await kaprobe(['run', '--', command])).toEqual({ exitCode, stdout: '', stderr });
  });

  it('passes options after -- on', async () => {
    const { stdout } = await kaprobe(['run', '--', 'echo', '--output', '-h', '--']);
    expect(stdout).toBe('--output -h --\n');
  });

  it.each([
    {
      args: ['run'],
      stderr: 'kaprobe: no command given\nhint: for example kaprobe run -- python3 app.py\n',
    },
    {
      args: ['run', '--format', 'json', '--', 'touch', join(folder, 'never')],
      stderr:
        "kaprobe: --format json needs a file: stdout and stderr are the command's\nhint: add --output json=FILE, such as --output json=kaprobe.json\n",
    },
    {
      args: ['run', '--output', 'json=/no/such/folder/report', '--', 'touch', join(folder, 'never')],
      stderr: 'kaprobe: --output json=/no/such/folder/report cannot be written: ENOENT\n',
    },
  ])('starts nothing for $args', async ({ args, stderr }) => {
    expect(await kaprobe(args)).toEqual({ exitCode: 2, stdout: '', stderr });
    expect(spawnSync('ls', [folder], { encoding: 'utf8' }).stdout).not.toContain('never');
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGQUIT'] as const)(
    'passes %s on, and waits for what the command makes of it',
    async (signal) => {
      const script = `trap 'sleep 0.2; echo tidy; exit 5' ${signal.slice(3)}; echo ready; while :; do sleep 0.05; done`;
      const { end } = await startAndWait(script, (pid) => process.kill(pid, signal));
      expect(await end).toMatchObject({ exitCode: 5, stdout: 'ready\ntidy\n' });
    },
  );

  it('waits for a command that ignores SIGTERM and Ctrl-C, however often they come', async () => {
    const script = "trap '' TERM INT; echo ready; read x; echo done; exit 6";
    const { child, end } = await startAndWait(script, (pid) => {
      for (const signal of ['SIGTERM', 'SIGINT', 'SIGTERM', 'SIGINT'] as const) process.kill(pid, signal);
    });
    child.stdin?.write('go on\n');
    const { exitCode, stdout, stderr } = await end;
    expect({ exitCode, stdout }).toEqual({ exitCode: 6, stdout: 'ready\ndone\n' });
    expect(stderr).toContain('kaprobe run: no findings');
  });

  it.skipIf(!hasPython)('a terminal’s Ctrl-C reaches the command once, which decides (needs python3)', () => {
    const count = `
      let count = 0;
      process.on('SIGINT', () => { count += 1; setTimeout(() => { console.log('interrupted ' + count); process.exit(9); }, 500); });
      console.log('ready');
      setTimeout(() => {}, 20000);`;
    const terminal = `
import os, pty, sys
pid, fd = pty.fork()
if pid == 0: os.execv(sys.argv[1], sys.argv[1:])
said = b''
while True:
    try: chunk = os.read(fd, 1000)
    except OSError: break
    if b'ready' in chunk: os.write(fd, b'\\x03')
    said += chunk
sys.stdout.write(said.decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))`;
    const { stdout, status } = spawnSync(python, ['-c', terminal, NODE, PROGRAM, 'run', '--', NODE, '-e', count], {
      encoding: 'utf8',
      timeout: 30_000,
    });
    expect(stdout).toContain('interrupted 1');
    expect(stripVTControlCharacters(stdout)).toContain('kaprobe run: no findings');
    expect(status).toBe(9);
  });
});

describe.skipIf(!hasPython)(`kaprobe run, about connections${hasPython ? '' : ' (skipped: needs python3)'}`, () => {
  it('finds keepalive that is on, with its settings, and that it was on from the beginning', async () => {
    const { run, report, data } = await watch(connectingWithKeepalive('seen()'), BEHIND_A_FIREWALL);
    expect(run).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(wrong(report)).toEqual([]);
    expect(outgoing(data)).toMatchObject([
      { remote: `127.0.0.1:${server.port}`, keepalive: ON, risk: 'ok', state: 'established' },
    ]);
    const [connection] = outgoing(data);
    expect(connection?.keepaliveOnAfter?.lowerMs).toBe(0);
    expect(connection?.pid).not.toBe(0);
  });

  it('fails the command that does not switch keepalive on, whatever its exit code', async () => {
    const { run, report, data } = await watch(connecting('seen()'), BEHIND_A_FIREWALL);
    expect(run.exitCode).toBe(1);
    expect(report).toMatchObject({ exitCode: 1, data: { exitCode: 0 } });
    expect(wrong(report)).toMatchObject([{ rule: 'keepalive-off', severity: 'error' }]);
    expect(outgoing(data)).toMatchObject([
      { keepalive: { enabled: false }, keepaliveOnAfter: null, risk: 'unprotected' },
    ]);
  });

  it('without a middlebox only warns of it', async () => {
    const { run, report } = await watch(connecting('seen(); sys.exit(4)'));
    expect(run.exitCode).toBe(4);
    expect(wrong(report)).toMatchObject([{ rule: 'keepalive-off', severity: 'warning' }]);
    expect((await watch(connecting('seen()'), ['--fail-on', 'warning'])).run.exitCode).toBe(1);
  });

  it('tells when keepalive was switched on, as exactly as it looked', async () => {
    const { data } = await watch(connecting(`looked(); time.sleep(0.3)\n${SWITCH_ON}looked()`));
    const [connection] = outgoing(data);
    const { lowerMs = -1, upperMs = -1 } = connection?.keepaliveOnAfter ?? {};
    // Python slept for 300 ms at least, and took longer for the rest.
    expect(upperMs).toBeGreaterThanOrEqual(300);
    expect(lowerMs).toBeGreaterThanOrEqual(300 - 3 * (data.sampling.longestGapMs ?? 0));
    expect(upperMs - lowerMs).toBeLessThanOrEqual(3 * (data.sampling.longestGapMs ?? 0));
  });

  it('finds the connections of children, and of daemons that left the tree, and leaves no zombie', async () => {
    const { data, run } = await watch([
      python,
      '-c',
      `${SEEN}
def connect(): return socket.create_connection(('127.0.0.1', ${server.port}))
own = connect()
if os.fork() == 0:
    child = connect(); seen(); os._exit(0)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        daemon = connect(); seen(); os._exit(0)
    os._exit(0)
os.wait(); os.wait()
for _ in range(1000):
    children = open(f'/proc/{kaprobe}/task/{kaprobe}/children').read().split()
    if children == [str(os.getpid())]: break
    time.sleep(0.05)
print(len(children))`,
    ]);
    expect(run.stdout).toBe('1\n');
    expect(data.processCount).toBeGreaterThanOrEqual(3);
    const holders = new Set(outgoing(data).map(({ pid }) => pid));
    expect(outgoing(data)).toHaveLength(3);
    expect(holders.size).toBe(3);
  });

  it('does not wait for what the command leaves running, and says so', async () => {
    const { data } = await watch(['sh', '-c', 'sleep 20 > /dev/null 2>&1 & sleep 0.3']);
    expect(data.leftRunning).toBe(1);
  });

  it('counts connections that were too short to be seen, all 500 of them', async () => {
    // Not all in one breath: without rights the kernel keeps word of no more than some hundred for a reader that is held up.
    const script = `for i in range(500):
    socket.create_connection(('127.0.0.1', ${server.port})).close()
    time.sleep(0.001)`;
    const { data } = await watch(connecting(`${script}\ntime.sleep(0.2)`));
    if (data.unseen.kind === 'unmeasured') throw new Error(data.unseen.reason);
    const seen = outgoing(data).length;
    expect(seen).toBeLessThan(501);
    expect(data.unseen.outgoing + seen).toBeGreaterThanOrEqual(501);
    // Only what is seen says where the command connects to.
    if (seen > 0) expect(data.unseen.toSeenRemotes + seen).toBeGreaterThanOrEqual(501);
  });

  it('tells incoming connections from outgoing ones, and judges only the latter', async () => {
    const both = `${SEEN}
listener = socket.create_server(('127.0.0.1', 0))
out = socket.create_connection(listener.getsockname())
accepted, _ = listener.accept()
seen()`;
    const { report, data } = await watch([python, '-c', both], BEHIND_A_FIREWALL);
    const directions = data.connections.map(({ direction, risk }) => ({ direction, risk }));
    expect(directions).toHaveLength(2);
    expect(directions).toContainEqual({ direction: 'incoming', risk: null });
    expect(directions).toContainEqual({ direction: 'outgoing', risk: 'unprotected' });
    expect(wrong(report)).toHaveLength(1);
  });

  it('proves nothing without a connection, and could not tell where one is required', async () => {
    const { run, report } = await watch(['true'], ['--require-connection']);
    expect(run.exitCode).toBe(2);
    expect(report.gaps).toEqual([{ subject: 'true', what: 'keepalive', reason: 'no outgoing connection was seen' }]);
    expect((await watch(['false'], ['--require-connection'])).run.exitCode).toBe(1);
    const { report: met } = await watch(connecting(`${SWITCH_ON}seen()`), ['--require-connection']);
    expect(met.gaps).toEqual([]);
  });

  it('does not judge an attempt that came to nothing', async () => {
    const closed = await closedPort();
    const { report, data } = await watch([
      python,
      '-c',
      `import socket
try: socket.create_connection(('127.0.0.1', ${closed}))
except ConnectionRefusedError: print('refused')`,
    ]);
    expect(wrong(report)).toEqual([]);
    expect(outgoing(data).filter(({ state }) => state !== 'syn-sent')).toEqual([]);
  });

  it('is not misled by a descriptor that is closed and used again all the time', async () => {
    const churn = `end = sleeps() + 40
while sleeps() < end:
    s.close()
    s = open('/dev/null'); s.close()
    s = socket.create_connection(('127.0.0.1', ${server.port})); s.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    time.sleep(0.002)`;
    const { run, data } = await watch(connecting(churn));
    expect(run.exitCode).toBe(0);
    expect(new Set(data.connections.map(({ remote }) => remote))).toEqual(new Set([`127.0.0.1:${server.port}`]));
  });

  it('sees the connections of a process in another network namespace', async (context) => {
    const unshared = ['unshare', '--net', '--map-root-user', 'sh', '-c'];
    if (spawnSync('unshare', ['--net', '--map-root-user', 'ip', 'link', 'set', 'lo', 'up']).status !== 0)
      context.skip('needs user namespaces, unshare and ip');
    const script = `${SEEN}
listener = socket.create_server(('127.0.0.1', 0))
out = socket.create_connection(listener.getsockname())
seen()`;
    const { data } = await watch([...unshared, `ip link set lo up && exec ${python} -c "$0"`, script]);
    expect(data.connections.length).toBeGreaterThanOrEqual(1);
  });

  const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
  const hidden = 'syscall(157, 4, 0, 0, 0, 0); sleep 3'; // prctl(PR_SET_DUMPABLE, 0), on x86-64
  const canHide =
    process.arch === 'x64' &&
    spawnSync('setpriv', [...asNobody.slice(1), NODE, PROGRAM, '--version']).status === 0 &&
    spawnSync('perl', ['-e', '1']).status === 0;
  it.skipIf(!canHide)(
    `could not tell where a process hides its descriptors${canHide ? '' : ' (skipped: needs root, setpriv, perl and x86-64)'}`,
    () => {
      const command = [NODE, PROGRAM, 'run', '--', 'perl', '-e', hidden];
      const { status, stderr } = spawnSync('setpriv', [...asNobody.slice(1), ...command], { encoding: 'utf8' });
      expect(status).toBe(2);
      expect(stderr.replace(/\s+/g, ' ')).toContain('its sockets: its descriptors are hidden from this user');
    },
  );

  it('takes a small share of a core, and tells what it took and how far apart its looks were', async () => {
    const { data } = await watch(connecting('time.sleep(4)'));
    const { looks, meanGapMs, longestGapMs, cpuMs } = data.sampling;
    expect(looks).toBeGreaterThan(10);
    // 1.5 % of 4 s, and what the start of the interpreter's own compiler takes on a machine that has much else to do.
    expect(cpuMs).toBeLessThan(400);
    expect(meanGapMs).toBeGreaterThanOrEqual(10);
    expect(longestGapMs).toBeGreaterThanOrEqual(meanGapMs ?? 0);
  });
});

describe('kaprobe run, with programs of others', () => {
  const obstacle =
    obstacleToPostgres() ?? (findServer('psql') === null ? 'needs psql: install postgresql-client' : null);
  const servers: RealServer[] = [];
  afterAll(() => Promise.all(servers.map((each) => each.stop())));

  it.skipIf(obstacle !== null)(
    `psql switches keepalive on, with the kernel's two hours${obstacle === null ? '' : ` (skipped: ${obstacle})`}`,
    async () => {
      const postgres = await startPostgres({ port: await closedPort(), authentication: 'trust' });
      servers.push(postgres);
      const psql = (settings: string) =>
        watch(
          ['psql', `host=127.0.0.1 port=${postgres.port} user=postgres ${settings}`, '-c', 'select pg_sleep(2)'],
          BEHIND_A_FIREWALL,
        );
      const plain = await psql('');
      expect(outgoing(plain.data)).toMatchObject([{ command: 'psql', keepalive: { enabled: true }, risk: 'late' }]);
      expect(plain.run.exitCode).toBe(1);
      const tuned = await psql('keepalives_idle=60 keepalives_interval=15 keepalives_count=4');
      expect(outgoing(tuned.data)).toMatchObject([{ keepalive: ON, risk: 'ok' }]);
      expect(tuned.run.exitCode).toBe(0);
      const off = await psql('keepalives=0');
      expect(outgoing(off.data)).toMatchObject([{ keepalive: { enabled: false }, risk: 'unprotected' }]);
    },
  );

  const noRedis = ['redis-server', 'redis-cli'].find((name) => findServer(name) === null);
  it.skipIf(noRedis !== undefined)(
    `redis-cli switches keepalive on${noRedis === undefined ? '' : ` (skipped: needs ${noRedis})`}`,
    async () => {
      const redis = await startRedis({ port: await closedPort() });
      servers.push(redis);
      const { data } = await watch(['redis-cli', '-p', String(redis.port), '-r', '20', '-i', '0.1', 'ping']);
      expect(outgoing(data)).toMatchObject([{ command: 'redis-cli', keepalive: { enabled: true } }]);
    },
  );
});

/** Starts a script under `kaprobe run`, and calls `then` with kaprobe's pid once the script has said that it is ready. */
async function startAndWait(script: string, then: (pid: number) => void) {
  const child: ChildProcess = spawn(NODE, [PROGRAM, 'run', '--', 'sh', '-c', script], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  started.push(child);
  let stdout = '';
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk;
  });
  const end = once(child, 'close').then(([exitCode]) => ({ exitCode, stdout, stderr }));
  await new Promise<void>((resolve) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      stdout += chunk;
      if (stdout === 'ready\n') resolve();
    });
  });
  if (child.pid === undefined) throw new Error('it has said something');
  then(child.pid);
  return { child, end };
}
