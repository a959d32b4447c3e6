import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { ReportOf } from '../../src/commands/index.ts';
import { withForeignSocket } from '../../src/linux/foreign-socket.ts';
import { loadLibc } from '../../src/linux/libc.ts';
import { readKeepalive } from '../../src/linux/socket-options.ts';
import { readTcpInfo } from '../../src/linux/tcp-info.ts';
import type { LiveSocket } from '../../src/sockets/live-socket.ts';

import { kaprobe, NODE, PROGRAM, WITHOUT_KOFFI } from './kaprobe.ts';
import { type Holder, hasPython, holdSockets, type WantedPair } from './sockets/holder.ts';

const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;
const INTERRUPTED = 'kaprobe: interrupted\n';
const lacking = hasPython ? '' : ' (skipped, needs python3)';

type Options = Parameters<typeof kaprobe>[1];

async function look(args: readonly string[], options?: Options): Promise<ReportOf<'sockets'>> {
  const { stdout, stderr } = await kaprobe(['sockets', '--loopback', '--format', 'json', ...args], options);
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}

/** The client's side of each of the holder's connections, in their order. */
function clientsOf({ data }: ReportOf<'sockets'>, { pairs }: Holder): LiveSocket[] {
  return pairs.map(({ port }) => {
    const found = data.sockets.filter(({ local }) => local === `127.0.0.1:${port}`);
    const [socket] = found;
    if (socket === undefined || found.length !== 1) throw new Error(`${found.length} sockets at port ${port}`);
    return socket;
  });
}

describe.skipIf(!hasPython)(`kaprobe sockets${lacking}`, () => {
  const holders: Holder[] = [];
  const hold = async (...spec: Parameters<typeof holdSockets>): Promise<Holder> => {
    const holder = await holdSockets(...spec);
    holders.push(holder);
    return holder;
  };
  afterEach(async () => {
    await Promise.all(holders.splice(0).map((holder) => holder.stop()));
  });

  /** Settings as programs and as nobody would choose them, silent, talked to, and switched on late. */
  function randomPairs(count: number): WantedPair[] {
    let state = 20_260_102;
    const below = (limit: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return Math.floor((state / 2 ** 32) * limit);
    };
    return Array.from({ length: count }, () => {
      const enabled = below(4) > 0;
      return {
        enabled,
        // The shortest are probed and answered before anybody looks, and then wait for the interval.
        idle: below(3) === 0 ? 1 : 1 + below(32_767),
        interval: 1 + below(below(2) === 0 ? 100 : 32_767),
        count: 1 + below(127),
        userTimeout: below(2) * below(2_000_000_000),
        late: enabled && below(3) === 0,
        talk: below(3) === 0,
      };
    });
  }

  it('reads every option as it was set, on 1,000 sockets, and infers nothing above the truth', async () => {
    const wanted = randomPairs(500);
    const holder = await hold({ pairs: wanted, settleSeconds: 2.5 });
    const exact = await look(['--port', String(holder.listens)]);
    const inferred = clientsOf(await look(['--port', String(holder.listens), '--no-owners']), holder);
    expect(exact.data.sockets).toHaveLength(1000);
    expect(exact.data.sockets.map(({ keepalive }) => keepalive.source)).toEqual(new Array(1000).fill('getsockopt'));
    expect(exact.data.sockets.every(({ owners }) => owners.length === 1 && owners[0]?.pid === holder.pid)).toBe(true);
    clientsOf(exact, holder).forEach(({ keepalive, nextProbeMs }, index) => {
      const { enabled = false, idle = 0, interval = 0, count, userTimeout } = wanted[index] ?? {};
      const context = JSON.stringify(wanted[index]);
      expect(keepalive, context).toEqual({
        source: 'getsockopt',
        enabled,
        idleMs: idle * 1000,
        intervalMs: interval * 1000,
        count,
        userTimeoutMs: userTimeout,
      });
      if (enabled) expect(nextProbeMs, context).toBeLessThanOrEqual(1000 * Math.max(idle, interval));
      const bound = inferred[index]?.keepalive;
      if (!enabled) expect(bound, context).toEqual({ source: 'timer', enabled: false });
      else {
        expect(bound, context).toEqual({ source: 'timer', enabled: true, periodAtLeastMs: expect.any(Number) });
        if (bound?.source === 'timer' && bound.enabled)
          expect(bound.periodAtLeastMs, context).toBeLessThanOrEqual(1000 * Math.max(idle, interval));
      }
    });
  });

  it('judges against the middlebox, by settings and by timers alike', async () => {
    const { port, pairs } = await hold({
      pairs: [
        {},
        { enabled: true, idle: 60, interval: 15 },
        { enabled: true },
        { enabled: true, idle: 600, interval: 7200 },
      ],
    }).then((holder) => ({ port: String(holder.listens), pairs: holder }));
    const args = ['--port', port, '--middlebox-timeout', '30m'];
    const exact = await look(args);
    expect(clientsOf(exact, pairs).map(({ risk }) => risk)).toEqual(['unprotected', 'ok', 'late', 'late']);
    expect(exact.exitCode).toBe(1);
    expect(exact.findings.map(({ rule }) => rule)).toEqual([
      'keepalive-missing-on-live-socket',
      'keepalive-later-than-middlebox',
    ]);
    const inferred = await look([...args, '--no-owners']);
    expect(clientsOf(inferred, pairs).map(({ risk }) => risk)).toEqual([
      'unprotected',
      'unmeasured',
      'late',
      'unmeasured',
    ]);
    expect(inferred.gaps).toMatchObject([{ subject: '2 of 8 sockets', what: 'keepalive' }]);
  });

  it('says who waits in what on a connection that nothing will ever end', async () => {
    const holder = await hold({ name: 'worker', pairs: [{ blocked: true }, { blocked: true, receiveTimeout: 600 }] });
    const isBlocked = ({ data }: ReportOf<'sockets'>): boolean =>
      data.sockets.filter(({ owners }) => owners[0]?.blockedIn === 'recvfrom').length === 2;
    let report = await look(['--pid', String(holder.pid)]);
    while (!isBlocked(report)) report = await look(['--pid', String(holder.pid)]);
    const [forEver, notForEver] = clientsOf(report, holder);
    expect(forEver).toMatchObject({ receiveTimeoutMs: 0, owners: [{ command: 'worker', fd: holder.pairs[0]?.fd }] });
    expect(notForEver).toMatchObject({ receiveTimeoutMs: 600_000 });
    expect(report.findings.find(({ rule }) => rule === 'blocked-read-without-timeout')).toMatchObject({
      subject: `worker (pid ${holder.pid})`,
      message: expect.stringMatching(
        `^worker ${holder.pid} waits in recvfrom on descriptor ${holder.pairs[0]?.fd} to `,
      ),
    });
  });

  it('names every holder after a fork', async () => {
    const holder = await hold({ fork: true, pairs: [{}] });
    const report = await look(['--port', String(holder.listens)]);
    const pids = report.data.sockets.map(({ owners }) => owners.map(({ pid }) => pid).sort());
    expect(pids).toEqual(new Array(2).fill([holder.pid, holder.child].sort()));
    expect(report.findings.map(({ rule }) => rule)).toContain('held-by-forked-child');
  });

  it('finds an IPv4 connection of an IPv6 socket under its IPv4 address', async () => {
    const holder = await hold({ v6: true, pairs: [{}] });
    const { data } = await look(['--local', `127.0.0.1:${holder.listens}`]);
    expect(data.sockets).toMatchObject([{ family: 6, local: `[::ffff:127.0.0.1]:${holder.listens}` }]);
  });

  it('prints a process name full of escape codes so that it does nothing', async () => {
    const holder = await hold({ name: '\u001b[2J\u001b[31mX\n', pairs: [{}] });
    const text = await kaprobe(['sockets', '--port', String(holder.listens)]);
    expect(text.stdout).toContain(`\\x1b[2J\\x1b[31mX\\x0a ${holder.pid}, descriptor`);
    expect(text.stdout).not.toContain('\u001b');
    const { data } = await look(['--port', String(holder.listens)]);
    expect(data.sockets[0]?.owners[0]?.command).toBe('\u001b[2J\u001b[31mX\n');
  });

  it('tells listeners, whose settings accepted connections inherit', async () => {
    const holder = await hold({ pairs: [] });
    const { data } = await look(['--listening', '--port', String(holder.listens)]);
    expect(data.sockets).toMatchObject([
      {
        state: 'listen',
        risk: null,
        keepalive: { source: 'getsockopt', enabled: false },
        owners: [{ pid: holder.pid }],
      },
    ]);
  });

  it('counts what was selected and lists as many as were asked for, in the order asked for', async () => {
    const holder = await hold({ pairs: [{}, {}, {}] });
    const { data, exitCode } = await look(['--port', String(holder.listens), '--sort', 'local', '--limit', '2']);
    expect(data.summary).toMatchObject({
      sockets: 6,
      local: 6,
      byRisk: { unprotected: 6 },
      byState: { established: 6 },
    });
    expect(data.summary.byRemote.map(({ name, sockets }) => [name, sockets])).toEqual([
      [`127.0.0.1 to :${holder.listens}`, 3],
      [`127.0.0.1:${holder.listens}`, 3],
    ]);
    expect(data.sockets.map(({ local }) => local)).toEqual(data.sockets.map(({ local }) => local).sort());
    expect(data.sockets).toHaveLength(2);
    expect(exitCode).toBe(0);
  });

  it('finds no sockets where there are none, which is no error', async () => {
    const holder = await hold({ pairs: [] });
    const { exitCode, stdout } = await kaprobe(['sockets', '--port', String(holder.listens)]);
    expect({ exitCode, first: stdout.split('\n')[0] }).toEqual({
      exitCode: 0,
      first: '✓ ok  kaprobe sockets: no findings',
    });
  });

  it('changes nothing by looking, and as root not even by --verify', async () => {
    const holder = await hold({ pairs: [{}, { enabled: true, idle: 100, interval: 50, count: 3, userTimeout: 5000 }] });
    const before = await look(['--port', String(holder.listens)]);
    const verified = await look(['--port', String(holder.listens), '--verify']);
    if (isRoot) expect(verified.data.doubts).toEqual([]);
    const after = await look(['--port', String(holder.listens)]);
    const settings = (report: ReportOf<'sockets'>) =>
      report.data.sockets.map(({ cookie, keepalive }) => [cookie, keepalive]).sort();
    expect(settings(verified)).toEqual(settings(before));
    expect(settings(after)).toEqual(settings(before));
    if (isRoot)
      expect(verified.data.sockets.map(({ verified: answer }) => answer?.kind)).toEqual(new Array(4).fill('answered'));
  });

  describe('without sock_diag', () => {
    it.each([[true], [false]])(
      'reads /proc/net/tcp, and says what that does not show (mapped to IPv6: %j)',
      async (v6) => {
        const holder = await hold({ v6, pairs: [{}, { enabled: true, idle: 60 }] });
        const { data } = await look(['--port', String(holder.listens)], { nodeArguments: WITHOUT_KOFFI });
        expect(data.source).toBe('procfs');
        expect(data.doubts[0]).toMatch(/^read from \/proc\/net\/tcp, without the times of the last packets, because /);
        const clients = clientsOf({ data } as ReportOf<'sockets'>, holder);
        expect(clients).toMatchObject([
          { cookie: null, risk: 'unprotected', owners: [{ pid: holder.pid }], lastReceivedMs: null },
          { cookie: null, risk: 'ok', keepalive: { source: 'timer', enabled: true } },
        ]);
        expect(clients[1]?.nextProbeMs).toBeLessThanOrEqual(60_000);
      },
    );
  });

  describe.skipIf(!isRoot)(`as another user${isRoot ? '' : ' (skipped, needs root)'}`, () => {
    it('shows the sockets of others, by inference and so marked', async () => {
      const holder = await hold({ pairs: [{}, { enabled: true, idle: 60 }] });
      const report = await look(['--port', String(holder.listens), '--middlebox-timeout', '30m'], { uid: NOBODY });
      expect(clientsOf(report, holder)).toMatchObject([
        { owners: [], uid: 0, risk: 'unprotected', keepalive: { source: 'timer', enabled: false } },
        { owners: [], uid: 0, risk: 'unmeasured', keepalive: { source: 'timer', enabled: true } },
      ]);
      expect(report.data.ownerSearch).toMatchObject({ kind: 'searched', hiddenProcesses: expect.any(Number) });
      expect(report.data.doubts[0]).toMatch(/^the descriptors of \d+ processes may not be seen: run as root/);
      expect(report.exitCode).toBe(1);
    });

    it('reads the options of its own processes', async () => {
      const holder = await hold({ pairs: [{ enabled: true, idle: 60 }] }, NOBODY);
      const report = await look(['--port', String(holder.listens)], { uid: NOBODY });
      expect(clientsOf(report, holder)).toMatchObject([
        { uid: NOBODY, keepalive: { source: 'getsockopt', idleMs: 60_000 }, owners: [{ pid: holder.pid }] },
      ]);
    });

    it('cannot tell which sockets a process holds that it may not look into', async () => {
      const holder = await hold({ pairs: [{}] });
      const report = await look(['--pid', String(holder.pid)], { uid: NOBODY });
      expect(report).toMatchObject({ exitCode: 2, data: { sockets: [] }, gaps: [{ subject: 'selection' }] });
    });

    const settingsOf = (report: ReportOf<'sockets'>) =>
      report.data.sockets.map(({ cookie, keepalive }) => [cookie, keepalive]).sort();

    it('verifies its own by keepalive probes, sets back what that changed, and tells what it could not', async () => {
      const pairs: WantedPair[] = [
        {},
        { idle: 600 },
        { enabled: true, idle: 100, interval: 50, count: 5 },
        { enabled: true, userTimeout: 5000 },
        { count: 1 },
        { enabled: true, idle: 1, interval: 600 },
      ];
      const holder = await hold({ pairs, settleSeconds: 2.5 }, NOBODY);
      const before = await look(['--port', String(holder.listens)]);
      const report = await look(['--port', String(holder.listens), '--verify'], { uid: NOBODY });
      const byProbe = (idlePinned: boolean) => ({
        ...{ kind: 'answered', afterMs: expect.any(Number) },
        by: { method: 'keepalive-probe', idlePinned },
      });
      expect(clientsOf(report, holder).map(({ verified }) => verified)).toEqual([
        byProbe(true),
        byProbe(false),
        byProbe(false),
        { kind: 'unmeasured', reason: expect.stringContaining('TCP_USER_TIMEOUT') },
        { kind: 'unmeasured', reason: expect.stringContaining('TCP_KEEPCNT') },
        { kind: 'unmeasured', reason: expect.stringContaining('its own keepalive') },
      ]);
      expect(report.gaps).toContainEqual({
        subject: '3 of 12 sockets',
        what: 'whether the far end answers',
        reason: expect.stringMatching(/; and 2 other reasons$/),
      });
      // The other ends of the six, and of these one.
      expect(report.data.doubts).toEqual([
        expect.stringMatching(/^the descriptors of \d+ processes may not be seen/),
        expect.stringMatching(/^without CAP_NET_ADMIN --verify asked on \d sockets by keepalive probes: /),
        expect.stringMatching(/^on \d of these TCP_KEEPIDLE was that of the sysctl /),
      ]);
      expect(settingsOf(report)).toEqual(settingsOf(before));
      expect(settingsOf(await look(['--port', String(holder.listens)]))).toEqual(settingsOf(before));
    });

    it('does not verify what others hold, and changes nothing of it', async () => {
      const holder = await hold({ pairs: [{}], settleSeconds: 1.1 });
      const before = await look(['--port', String(holder.listens)]);
      const report = await look(['--port', String(holder.listens), '--verify'], { uid: NOBODY });
      const reason = 'no process is known to hold it';
      expect(clientsOf(report, holder)[0]?.verified).toEqual({ kind: 'unmeasured', reason });
      expect(report).toMatchObject({
        exitCode: 2,
        gaps: [{ subject: '2 of 2 sockets', what: 'whether the far end answers', reason }],
      });
      expect(settingsOf(await look(['--port', String(holder.listens)]))).toEqual(settingsOf(before));
    });

    it.each<[signal: NodeJS.Signals, exitCode: number | null]>([
      ['SIGINT', 130],
      ['SIGTERM', 130],
      ['SIGHUP', null],
    ])('sets back what it changed although %s comes in between', async (signal, exitCode) => {
      const holder = await hold({ pairs: [{}], settleSeconds: 1.1 }, NOBODY);
      const before = await look(['--port', String(holder.listens)]);
      const [client] = clientsOf(before, holder);
      const libc = await loadLibc();
      const args = ['sockets', '--loopback', '--verify', '--port', String(holder.listens), '--limit', '0'];
      const socket = { pid: holder.pid, fd: holder.pairs[0]?.fd ?? -1, cookie: client?.cookie ?? '' };
      const silenceMs = (fd: number): number => readTcpInfo(libc, fd).lastAckReceivedMs ?? 0;
      // On a busy machine the few milliseconds in which keepalive is on may pass unseen: then once more.
      let isSeen = false;
      for (let attempts = 0; attempts < 10 && !isSeen; attempts += 1) {
        while ((withForeignSocket(libc, socket, silenceMs) ?? 0) < 1100) await sleep(50);
        let pid = 0;
        const run = kaprobe(args, { uid: NOBODY, started: (started) => (pid = started) });
        // Nothing else runs here meanwhile, so that the signal goes at once.
        const sent = withForeignSocket(libc, socket, (fd) => {
          const endMs = performance.now() + 20_000;
          while (silenceMs(fd) > 1000 && performance.now() < endMs)
            if (readKeepalive(libc, fd).enabled) return process.kill(pid, signal);
          return false;
        });
        isSeen = sent === true;
        const { exitCode: ended, stderr } = await run;
        if (isSeen)
          expect({ ended, stderr }).toEqual({ ended: exitCode, stderr: exitCode === null ? '' : INTERRUPTED });
      }
      expect(isSeen).toBe(true);
      expect(settingsOf(await look(['--port', String(holder.listens)]))).toEqual(settingsOf(before));
    });

    it('says so where processes of others do not even show', async () => {
      const holder = await hold({ pairs: [{}] });
      const child = spawn('unshare', [
        '--mount',
        'sh',
        '-c',
        `mount -t proc -o hidepid=2 proc /proc && exec setpriv --reuid ${NOBODY} --regid ${NOBODY} --clear-groups "$@"`,
        'sh',
        NODE,
        PROGRAM,
        'sockets',
        ...['--port', String(holder.listens), '--format', 'json'],
      ]);
      const chunks: Buffer[] = [];
      for await (const chunk of child.stdout) chunks.push(chunk);
      const report: ReportOf<'sockets'> = JSON.parse(Buffer.concat(chunks).toString());
      expect(report.data.ownerSearch).toEqual({ kind: 'searched', hiddenProcesses: 0, processesInvisible: true });
      expect(report.data.doubts).toContain('/proc is mounted with hidepid: processes of other users do not show');
    });
  });

  describe.skipIf(!isRoot)(`in another network namespace${isRoot ? '' : ' (skipped, needs root)'}`, () => {
    it('shows the sockets there with their owners', async () => {
      const child = spawn('unshare', [
        '--net',
        'sh',
        '-c',
        'ip link set lo up && exec "$@"',
        'sh',
        NODE,
        '-e',
        `
        const server = require('net').createServer(() => {}).listen(7000, '127.0.0.1', () =>
          require('net').connect({ port: 7000, host: '127.0.0.1', keepAlive: true, keepAliveInitialDelay: 30000 },
            () => console.log('ready')));`,
      ]);
      try {
        for await (const _ of child.stdout) break;
        const { data } = await look(['--netns', String(child.pid), '--remote', ':7000']);
        expect(data).toMatchObject({
          pid: child.pid,
          sockets: [
            {
              remote: '127.0.0.1:7000',
              keepalive: { source: 'getsockopt', enabled: true, idleMs: 30_000, intervalMs: 1000, count: 10 },
              recognised: 'Node.js (libuv)',
              owners: [{ pid: child.pid }],
            },
          ],
        });
        // A process that lives elsewhere is looked at where it lives, and the line to repair it goes there too.
        const byPid = await look(['--pid', String(child.pid), '--middlebox-timeout', '20s', '--remote', ':7000']);
        expect(byPid.data).toMatchObject({ pid: child.pid, sockets: [{ remote: '127.0.0.1:7000', risk: 'late' }] });
        const [, ...line] =
          byPid.findings
            .flatMap(({ remedy }) => remedy)
            .find((text) => text.startsWith('kaprobe rescue'))
            ?.split(' ') ?? [];
        const rescued = await kaprobe([...line, '--yes']);
        expect(rescued).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('1 socket changed') });
        const elsewhere = await kaprobe(['sockets', '--pid', String(child.pid), '--pid', String(process.pid)]);
        expect(elsewhere).toMatchObject({
          exitCode: 2,
          stderr: expect.stringContaining('in different network namespaces'),
        });
        const withoutKoffi = await look(['--netns', String(child.pid), '--remote', ':7000'], {
          nodeArguments: WITHOUT_KOFFI,
        });
        expect(withoutKoffi.data).toMatchObject({ source: 'procfs', sockets: [{ remote: '127.0.0.1:7000' }] });
      } finally {
        child.kill('SIGKILL');
      }
    });
  });

  it.each<[args: string[], message: string]>([
    [['--pid', '4194303'], 'there is no process 4194303'],
    [['--netns', '4194303'], 'there is no process 4194303'],
    [['--pid', 'x'], "--pid 'x' is not a whole number from 1 to 4194304"],
    [['--port', '65536'], "--port '65536' is not a whole number from 1 to 65535"],
    [['--state', 'dead'], "--state 'dead' is no state"],
    [['--risk', 'high'], "--risk 'high' is no risk"],
    [['--remote', '10.0.0.0/33'], "--remote '10.0.0.0/33' is no address, network or host"],
    [['--remote', '[db]:1'], "--remote '[db]:1' is no address, network or host"],
    [['--remote', 'a:b'], "--remote 'a:b' is no address, network or host"],
    [['--local', ''], "--local '' is no address, network or host"],
    [['--remote', 'no-such-name.invalid:1'], "--remote 'no-such-name.invalid:1': the name has no address: ENOTFOUND"],
    [['--command', 'gunicorn: master [app]'], "--command 'gunicorn: master [app]' is longer than the 15 bytes"],
    [['--listening', '--state', 'all'], '--listening and --state contradict each other'],
    [['--no-owners', '--verify'], '--verify needs the processes that --no-owners leaves out'],
    [['--limit', '-1'], "--limit '-1' is not a whole number"],
    [['--sort', 'size'], "--sort 'size' is not one of risk, silence"],
  ])('refuses %j in one sentence', async (args, message) => {
    const { exitCode, stdout, stderr } = await kaprobe(['sockets', ...args]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(`kaprobe: ${message}`);
  });
});
