import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import type { ReportOf } from '../../src/commands/index.ts';
import { probeLab } from '../../src/commands/lab/lab.ts';

import { kaprobe, PROGRAM, type Run } from '../cli/kaprobe.ts';
import { childPids, commandLineOf, holdNamespacesOf, type Trace, tracesOf, until } from './helpers.ts';

const ability = await probeLab();
const lacking = ability.kind === 'available' ? '' : ` (skipped, no lab here: ${ability.reason})`;
const hasLab = ability.kind === 'available';

const AS_NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
/** In a user namespace in which no more of them can be made, as a root without any capability. */
const WITHOUT_RIGHTS = [
  ...['unshare', '--user', '--map-root-user', 'sh', '-c'],
  'echo 0 > /proc/sys/user/max_user_namespaces && exec setpriv --bounding-set=-all --inh-caps=-all "$@"',
  'sh',
];
const succeeds = ([file = '', ...args]: string[]): boolean => spawnSync(file, args).status === 0;
const canBecomeNobody =
  process.geteuid?.() === 0 &&
  succeeds([...AS_NOBODY, 'unshare', '--user', '--map-root-user', '--net', process.execPath, PROGRAM, '--version']);
const canLoseRights = succeeds([...WITHOUT_RIGHTS, 'true']);
const hasPython = succeeds(['python3', '-c', 'import pty']);

/** Says in which network namespace it runs, and then does what its argument says. */
const REPORT_AND = 'echo "$(readlink /proc/self/ns/net)"; ';

interface Running {
  child: ChildProcess;
  pid: number;
  /** Of all hosts of its lab, as the kernel names them. */
  namespaces: string[];
  /** The line after that, and so on. */
  line(): Promise<string>;
  end: Promise<Run & { signal: NodeJS.Signals | null }>;
}

/** Starts `kaprobe lab -- sh -c script` as the leader of a process group, and waits until the script runs. */
async function start(script: string, options: string[] = []): Promise<Running> {
  const child = spawn(process.execPath, [PROGRAM, 'lab', ...options, '--', 'sh', '-c', REPORT_AND + script], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  const said: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  const end = once(child, 'close').then(([exitCode, signal]) => ({
    exitCode,
    signal,
    stdout: lines.join('\n'),
    stderr: Buffer.concat(said).toString(),
  }));
  const line = async (): Promise<string> => {
    await until('the command says something', () => lines.length > 0);
    return lines.shift() ?? '';
  };
  const own = await line();
  const { pid } = child;
  if (pid === undefined) throw new Error('it has said something');
  const namespaces = holdNamespacesOf(pid);
  if (!namespaces.includes(own)) throw new Error(`the command runs in ${own}, not in a host of the lab`);
  return { child, pid, namespaces, line, end };
}

const runningIn = (namespaces: readonly string[]): Trace[] => tracesOf(namespaces).filter(({ by }) => by === 'running');
/** Whether a process has a handler for a signal (SigCgt of proc_pid_status(5)). */
const catches = (pid: number, signal: number): boolean => {
  const [, mask = '0'] = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return (BigInt(`0x${mask}`) & (1n << BigInt(signal - 1))) !== 0n;
};
async function nothingIsLeft(namespaces: readonly string[]): Promise<void> {
  await until('nothing is left', () => tracesOf(namespaces).length === 0);
  expect(tracesOf(namespaces)).toEqual([]);
}

describe.skipIf(!hasLab).concurrent(`kaprobe lab -- COMMAND${lacking}`, () => {
  it('gives the command a server that it can connect to, over IPv4', async ({ expect }) => {
    const connect = `
      const [host, port] = process.env.KAPROBE_LAB_TARGET.split(':');
      require('node:net').connect(port, host, function () { console.log('connected to', host); this.destroy(); });`;
    const { exitCode, stdout, stderr } = await kaprobe(['lab', '--', process.execPath, '-e', connect]);
    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: 'connected to 10.9.4.2\n', stderr: '' });
  });

  it.for([
    { options: [], target: '10.9.4.2:7000', firewall: '10.9.2.2' },
    { options: ['--ipv6'], target: '[fd00:9:4::2]:7000', firewall: 'fd00:9:2::2' },
    { options: ['--second-idle-timeout', '9s'], target: '10.9.6.2:7000', firewall: '10.9.2.2 10.9.4.2' },
  ])(
    'tells the command the target $target and the firewall $firewall',
    async ({ options, target, firewall }, { expect }) => {
      const run = await kaprobe([
        ...['lab', ...options, '--', 'sh', '-c'],
        'echo "$KAPROBE_LAB_TARGET|$KAPROBE_LAB_FIREWALL"; "$0" "$1" check "$KAPROBE_LAB_TARGET" --format json',
        ...[process.execPath, PROGRAM],
      ]);
      const [told, ...rest] = run.stdout.split('\n');
      expect(told).toBe(`${target}|${firewall}`);
      const report: ReportOf<'check'> = JSON.parse(rest.join('\n'));
      expect(report.data.targets).toMatchObject([
        { target, connect: { kind: 'connected' }, keepalive: { answer: { kind: 'answered' } } },
      ]);
      expect(run.exitCode).toBe(report.exitCode);
    },
  );

  it.for([
    { command: ['true'], exitCode: 0, stderr: '' },
    { command: ['sh', '-c', 'exit 7'], exitCode: 7, stderr: '' },
    { command: ['sh', '-c', 'exit 130'], exitCode: 130, stderr: '' },
    { command: ['sh', '-c', 'kill -KILL $$'], exitCode: 137, stderr: 'kaprobe: sh was ended by SIGKILL\n' },
    { command: ['sh', '-c', 'kill -TERM $$'], exitCode: 143, stderr: 'kaprobe: sh was ended by SIGTERM\n' },
    { command: ['no-such-program'], exitCode: 127, stderr: expect.stringContaining('no-such-program') },
  ])('passes the end of $command on as $exitCode', async ({ command, exitCode, stderr }, { expect }) => {
    expect(await kaprobe(['lab', '--', ...command])).toEqual({ exitCode, stdout: '', stderr });
  });

  it('leaves stdout to the command, whatever --format and --fail-on say, and options after -- too', async ({
    expect,
  }) => {
    const run = await kaprobe([
      'lab',
      '--format',
      'json',
      '--fail-on',
      'info',
      '--',
      'echo',
      '--nat',
      '-h',
      '--',
      '-V',
    ]);
    expect(run).toEqual({ exitCode: 0, stdout: '--nat -h -- -V\n', stderr: '' });
  });

  it('leaves stdin and the folder to the command', async ({ expect }) => {
    const { stdout } = spawnSync(process.execPath, [PROGRAM, 'lab', '--', 'sh', '-c', 'pwd; cat'], {
      input: 'typed',
      encoding: 'utf8',
      cwd: '/usr/share',
    });
    expect(stdout).toBe('/usr/share\ntyped');
  });

  it('puts a firewall in between that forgets after the time given', async ({ expect }) => {
    const probe = `
      const [host, port] = process.env.KAPROBE_LAB_TARGET.split(':');
      const say = (word) => { console.log(word); process.exit(); };
      const socket = require('node:net').connect(port, host, () => setTimeout(() => {
        socket.write('still there?', () => setTimeout(() => say('alive'), 3000));
      }, 2500));
      socket.on('error', ({ code }) => say(code));`;
    const run = (...options: string[]) => kaprobe(['lab', ...options, '--', process.execPath, '-e', probe]);
    const [reset, kept] = await Promise.all([
      run('--idle-timeout', '1s', '--on-expiry', 'reset'),
      run('--idle-timeout', '9s', '--on-expiry', 'reset'),
    ]);
    expect([reset.stdout, kept.stdout]).toEqual(['ECONNRESET\n', 'alive\n']);
  });

  it('runs beside another one', async ({ expect }) => {
    const labs = await Promise.all([start('read x < /dev/zero'), start('read x < /dev/zero')]);
    const [one, two] = labs;
    expect(new Set([...one.namespaces, ...two.namespaces]).size).toBe(10);
    process.kill(-one.pid, 'SIGTERM');
    await one.end;
    await nothingIsLeft(one.namespaces);
    expect(runningIn(two.namespaces).length).toBeGreaterThanOrEqual(2); // the command and the server
    process.kill(-two.pid, 'SIGTERM');
    await two.end;
  });
});

describe.skipIf(!hasLab)(`what is left of kaprobe lab${lacking}`, () => {
  it('is nothing, though the command left programs of its own behind', async () => {
    const { namespaces, end } = await start('setsid --fork sleep 600 > /dev/null 2>&1; read x < /dev/null; exit 3');
    expect(await end).toMatchObject({ exitCode: 3, stderr: '' });
    expect(tracesOf(namespaces)).toEqual([]);
  });

  it.each([
    { how: 'Ctrl-C', signal: 'SIGINT', group: true },
    { how: 'SIGINT for kaprobe alone', signal: 'SIGINT', group: false },
    { how: 'SIGTERM for kaprobe alone', signal: 'SIGTERM', group: false },
  ] as const)('after $how is nothing, and the exit code is 130', async ({ signal, group }) => {
    const { pid, namespaces, end } = await start('exec sleep 600');
    process.kill(group ? -pid : pid, signal);
    expect(await end).toEqual({ exitCode: 130, signal: null, stdout: '', stderr: 'kaprobe: interrupted\n' });
    expect(tracesOf(namespaces)).toEqual([]);
  });

  it('after a Ctrl-C of which the command dies first is nothing, and it is told as one', async () => {
    const { pid, namespaces, line, end } = await start('echo $$; exec sleep 600');
    process.kill(Number(await line()), 'SIGINT');
    process.kill(pid, 'SIGINT');
    expect(await end).toMatchObject({ exitCode: 130, stderr: 'kaprobe: interrupted\n' });
    expect(tracesOf(namespaces)).toEqual([]);
  });

  it('after Ctrl-C is nothing, though the command ignores it and SIGTERM too', async () => {
    const { pid, namespaces, end } = await start("trap '' INT TERM; while :; do sleep 1; done");
    process.kill(-pid, 'SIGINT');
    expect(await end).toMatchObject({ exitCode: 130, stderr: 'kaprobe: interrupted\n' });
    expect(tracesOf(namespaces)).toEqual([]);
  });

  it('after a second Ctrl-C is nothing, at once', async () => {
    const { pid, namespaces, end } = await start("trap '' INT TERM; while :; do sleep 1; done");
    process.kill(-pid, 'SIGINT');
    await until('kaprobe has taken the first', () => !catches(pid, constants.signals.SIGINT));
    process.kill(-pid, 'SIGINT');
    expect(await end).toMatchObject({ exitCode: null, signal: 'SIGINT' }); // not 130, as when the command's time is up
    await nothingIsLeft(namespaces);
  });

  it('after kill -9 of kaprobe is nothing', async () => {
    const { pid, namespaces, end } = await start('sleep 600 & exec sleep 600');
    process.kill(pid, 'SIGKILL');
    await end;
    await nothingIsLeft(namespaces);
  });

  it('after kill -9 of the command is nothing, and that is said', async () => {
    const { namespaces, line, end } = await start('echo $$; exec sleep 600');
    process.kill(Number(await line()), 'SIGKILL');
    expect(await end).toMatchObject({ exitCode: 137, stderr: 'kaprobe: sh was ended by SIGKILL\n' });
    expect(tracesOf(namespaces)).toEqual([]);
  });

  it('after kill -9 of the server is nothing, and that is said while the exit code stays the command’s', async () => {
    const { pid, namespaces, line, end } = await start("trap 'exit 4' USR1; echo ready; while :; do sleep 0.1; done");
    expect(await line()).toBe('ready');
    const server = runningIn(namespaces).find((trace) => commandLineOf(trace.pid).includes('kaprobe-lab-server'));
    if (server === undefined) throw new Error('there is no server');
    process.kill(server.pid, 'SIGKILL');
    await until('kaprobe has taken note of its end', () => !existsSync(`/proc/${server.pid}`));
    process.kill(pid, 'SIGUSR1');
    expect(await end).toMatchObject({
      exitCode: 4,
      stderr: 'kaprobe: the server of the lab was ended by SIGKILL\n',
    });
    expect(tracesOf(namespaces)).toEqual([]);
  });

  it('gives the command time to tidy up when it is interrupted', async () => {
    const { pid, line, end } = await start(
      "trap 'sleep 0.5; echo tidy; exit 0' TERM; echo ready; while :; do sleep 0.1; done",
    );
    expect(await line()).toBe('ready');
    process.kill(pid, 'SIGTERM');
    expect(await end).toMatchObject({ exitCode: 130, stdout: 'tidy' });
  });

  it.each(['SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGQUIT'] as const)('passes %s on and goes on itself', async (signal) => {
    const { pid, line, end } = await start(
      `trap 'echo got; exit 5' ${signal.slice(3)}; echo ready; while :; do sleep 0.1; done`,
    );
    expect(await line()).toBe('ready');
    process.kill(pid, signal);
    expect(await end).toMatchObject({ exitCode: 5, stdout: 'got' });
  });

  it.skipIf(!hasPython)('a terminal’s Ctrl-C reaches the command once (needs python3)', async () => {
    const count = `
      let count = 0;
      process.on('SIGINT', () => { count += 1; setTimeout(() => { console.log('interrupted ' + count); process.exit(); }, 700); });
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
    const program = [process.execPath, PROGRAM, 'lab', '--', process.execPath, '-e', count];
    const { stdout, status } = spawnSync('python3', ['-c', terminal, ...program], {
      encoding: 'utf8',
      timeout: 30_000,
    });
    expect(stdout).toContain('interrupted 1');
    expect(stdout).toContain('kaprobe: interrupted');
    expect(status).toBe(130);
  });
});

describe.skipIf(!canLoseRights)(
  `kaprobe lab without rights${canLoseRights ? '' : ' (skipped: no user namespace to lose them in)'}`,
  () => {
    it('says what it needs, and could not tell', () => {
      const [file = '', ...rest] = [...WITHOUT_RIGHTS, process.execPath, PROGRAM, 'lab', '--', 'true'];
      const { status, stdout, stderr } = spawnSync(file, rest, { encoding: 'utf8' });
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
      expect(stderr).toMatch(
        /^kaprobe: cannot make a network namespace: .*not permitted\nhint: needs root, or a kernel that/,
      );
    });
  },
);

describe.skipIf(!hasLab).concurrent(`the demonstration${lacking}`, () => {
  /** What is the same with whatever rights. */
  function expectTheFoundingCase({ exitCode, data, findings, gaps }: ReportOf<'lab'>): void {
    const [firewall] = data.network.filter(({ role }) => role === 'firewall');
    const [target] = data.demonstration?.targets ?? [];
    expect(gaps).toEqual([]);
    expect(target?.survival).toMatchObject({
      cause: 'middlebox',
      arms: [
        { arm: 'silent', outcome: 'stalled' },
        { arm: 'keepalive', outcome: 'alive' },
      ],
    });
    expect(data.forgetful).toMatchObject({ name: 'firewall-1', address: firewall?.address, hop: 2 });
    expect(data.namedRight).toBe(true);
    expect(target?.dropper?.lastAnsweringAddress).toBe(firewall?.address);
    expect(data.fix).toContain('setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &(int){2}, sizeof(int));');
    expect(data.found.map(({ rule }) => rule)).toEqual(
      expect.arrayContaining(['path-drops-idle', 'keepalive-saves', 'dropper-named']),
    );
    expect({ exitCode, findings }).toEqual({ exitCode: 0, findings: [] }); // it went as it should
  }

  it('shows the connection that stalls, its twin that lives, the box and the fix', async ({ expect }) => {
    const startedAtMs = performance.now();
    const { exitCode, stdout, stderr } = await kaprobe(['lab', '--format', 'json']);
    // The rest is for programs to start on a machine that has ten times as much to do as it can.
    expect(performance.now() - startedAtMs).toBeLessThan(90_000);
    const report: ReportOf<'lab'> = JSON.parse(stdout);
    expectTheFoundingCase(report);
    expect(report.data.network.map(({ name, address }) => [name, address])).toEqual([
      ['client', '10.9.1.1'],
      ['router-1', '10.9.1.2'],
      ['firewall-1', '10.9.2.2'],
      ['router-2', '10.9.3.2'],
      ['server', '10.9.4.2'],
    ]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  });

  it('shows the same over IPv6, and names the second of two firewalls when that forgets first', async ({ expect }) => {
    const [six, two] = await Promise.all([
      kaprobe(['lab', '--ipv6', '--format', 'json']),
      kaprobe(['lab', '--idle-timeout', '30s', '--second-idle-timeout', '5s', '--format', 'json']),
    ]);
    expectTheFoundingCase(JSON.parse(six.stdout));
    const { data }: ReportOf<'lab'> = JSON.parse(two.stdout);
    expect(data).toMatchObject({ forgetful: { name: 'firewall-2', hop: 4 }, namedRight: true });
  });

  it('shows that keepalive does not help against a box that is blind to it', async ({ expect }) => {
    const { stdout } = await kaprobe(['lab', '--keepalive-blind', '--format', 'json']);
    const { data }: ReportOf<'lab'> = JSON.parse(stdout);
    expect(data.fix).toBe(null);
    expect(data.found.map(({ rule }) => rule)).toContain('keepalive-does-not-save');
  });

  it.skipIf(!canBecomeNobody)(
    'is the same for an ordinary user (needs root to become one, and user namespaces)',
    async ({ expect }) => {
      const [file = '', ...rest] = [...AS_NOBODY, process.execPath, PROGRAM, 'lab', '--format', 'json'];
      const child = spawn(file, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
      const chunks: Buffer[] = [];
      child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
      await once(child, 'close');
      const report: ReportOf<'lab'> = JSON.parse(Buffer.concat(chunks).toString());
      expect(report.data.privilege).toBe('user-namespace');
      expectTheFoundingCase(report);
    },
  );

  /** Starts a demonstration, and waits until it checks and has a child whose command line has `word` in it. */
  async function startAndFind(word: string) {
    const child = spawn(process.execPath, [PROGRAM, 'lab', '--format', 'json'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const said: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => said.push(chunk));
    const { pid = 0 } = child;
    // Not all processes of this host: that takes long on a busy one, and several tests would do it side by side.
    const find = (text: string) => childPids(pid).find((child) => commandLineOf(child).includes(text));
    await until('the check runs', () => find('--survive') !== undefined);
    const found = find(word);
    if (found === undefined) throw new Error(`it has no child ${word}`);
    const end = once(child, 'close').then(([exitCode]) => ({ exitCode, said: Buffer.concat(said).toString() }));
    return { pid, namespaces: holdNamespacesOf(pid), found, end };
  }

  it('ends at once on Ctrl-C, with nothing left', async ({ expect }) => {
    const { pid, namespaces, end } = await startAndFind('--survive');
    process.kill(-pid, 'SIGINT');
    expect(await end).toEqual({ exitCode: 130, said: 'kaprobe: interrupted\n' });
    expect(tracesOf(namespaces)).toEqual([]);
  });

  it.for([
    { victim: 'check', word: '--survive', reason: 'kaprobe check was ended by SIGKILL' },
    { victim: 'server', word: 'kaprobe-lab-server', reason: 'the server of the lab was ended by SIGKILL' },
  ])('tells that its $victim was killed, and leaves nothing', async ({ word, reason }, { expect }) => {
    const { found, namespaces, end } = await startAndFind(word);
    process.kill(found, 'SIGKILL');
    const { said } = await end;
    const { gaps, exitCode }: ReportOf<'lab'> = JSON.parse(said);
    expect(gaps).toContainEqual({ subject: 'lab', what: 'demonstration', reason });
    expect(exitCode).not.toBe(0);
    expect(tracesOf(namespaces)).toEqual([]);
  });
});
