import { execFileSync, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { loadLibc } from '../../src/linux/libc.ts';
import { readOptionsWith, type ScanHelper, startScanHelper } from '../../src/linux/scan-helper.ts';
import { linkOpener, scanSocketHolders } from '../../src/linux/socket-holders.ts';
import {
  ANSWER,
  ANSWER_CELLS,
  LINK_CELLS,
  linksJob,
  optionsJob,
  readLinks,
  shared,
  TASK_CELLS,
} from '../../src/linux/socket-scan.ts';
import { openLiveSockets } from '../../src/probes/live-sockets.ts';
import type { LiveSocket } from '../../src/report/sockets.ts';
import { TCP_STATES } from '../../src/report/tcp-state.ts';
import type { Report } from '../../src/report.ts';
import { PROGRAM } from './kaprobe.ts';
import { type Holder, holdSockets } from './sockets/holder.ts';

const isRoot = process.getuid?.() === 0;
const hasPython = (() => {
  try {
    execFileSync('/usr/bin/python3', ['-c', 'import socket']);
    return true;
  } catch {
    return false;
  }
})();
const THREAD = fileURLToPath(new URL('../../dist/scan-thread.js', import.meta.url));
const DYING = fileURLToPath(new URL('../fixtures/dying-thread.cjs', import.meta.url));
const WITH_THREADS_TOLD = ['--require', fileURLToPath(new URL('../fixtures/tell-threads.cjs', import.meta.url))];
const PAIRS = [{}, { enabled: true, idle: 60, interval: 7, count: 5, userTimeout: 9000 }, { blocked: true }];

describe.skipIf(!hasPython)(
  `the second thread of kaprobe sockets${hasPython ? '' : ' (skipped, needs python3)'}`,
  () => {
    const ends: (() => unknown)[] = [];
    afterEach(async () => {
      await Promise.all(ends.splice(0).map((end) => end()));
    });

    const hold = async (...spec: Parameters<typeof holdSockets>): Promise<Holder> => {
      const holder = await holdSockets(...spec);
      ends.push(() => holder.stop());
      return holder;
    };

    const start = (settings: Parameters<typeof startScanHelper>[1]): ScanHelper => {
      const helper = startScanHelper(null, { atLeast: 0, ...settings });
      if (helper === null) throw new Error('no thread was started');
      ends.push(() => helper.close());
      return helper;
    };

    /** A thread that has read all links, alone. */
    const startAndWait = async (): Promise<ScanHelper> => {
      const helper = start({ program: THREAD });
      await vi.waitUntil(() => Atomics.load(helper.links.next, 0) > helper.links.pids.length, { timeout: 30_000 });
      return helper;
    };

    const look = async ({ listens }: Holder, helper: ScanHelper | null): Promise<LiveSocket[]> => {
      const states = TCP_STATES.filter((state) => state !== 'listen');
      const filter = { states, ports: [listens], local: [], remote: [], pids: [], commands: [], risks: [] };
      const live = await openLiveSockets(null, helper);
      try {
        return live.look({ filter, owners: true, middleboxes: [], judgeLocal: true }).sockets;
      } finally {
        live.close();
      }
    };

    /** What does not change from one look to the next. */
    const told = (sockets: LiveSocket[]) =>
      sockets
        .map(({ cookie, owners, keepalive, receiveTimeoutMs }) => ({
          cookie,
          owners: owners.toSorted((a, b) => a.pid - b.pid),
          keepalive,
          receiveTimeoutMs,
        }))
        .sort((a, b) => ((a.cookie ?? '') < (b.cookie ?? '') ? -1 : 1));

    const lookUntilBlocked = async (holder: Holder): Promise<LiveSocket[]> => {
      for (;;) {
        const sockets = await look(holder, null);
        if (sockets.some(({ owners }) => owners.some(({ blockedIn }) => blockedIn !== null))) return sockets;
      }
    };

    it('finds what one thread finds', async () => {
      const holder = await hold({ pairs: PAIRS, fork: true });
      const alone = await lookUntilBlocked(holder);
      expect(alone).toHaveLength(6);
      expect(alone.map(({ owners }) => owners.length)).toEqual(new Array(6).fill(2));
      expect(told(await look(holder, await startAndWait()))).toEqual(told(alone));
      // And when both threads read links at once.
      expect(told(await look(holder, start({ program: THREAD })))).toEqual(told(alone));
    });

    it('finds holders of sockets that were opened after it had read all links', async () => {
      const helper = await startAndWait();
      const holder = await hold({ pairs: PAIRS });
      const sockets = await look(holder, helper);
      expect(sockets.map(({ owners }) => owners.map(({ pid }) => pid))).toEqual(new Array(6).fill([holder.pid]));
      expect(sockets.map(({ keepalive }) => keepalive.source)).toEqual(new Array(6).fill('getsockopt'));
    });

    it.each(['pid', 'child'] as const)(
      'names nobody who has let go of a socket since it had read all links (%s)',
      async (goes) => {
        const holder = await hold({ pairs: [{ enabled: true, idle: 60 }], fork: true });
        const pid = holder[goes] ?? 0;
        const stays = goes === 'pid' ? holder.child : holder.pid;
        const held = (): number => scanSocketHolders({ has: () => true }, [pid]).holders.size;
        const before = held();
        const helper = await startAndWait();
        process.kill(pid, 'SIGUSR1');
        await vi.waitUntil(() => held() === before - 2, { timeout: 30_000 });
        const sockets = await look(holder, helper);
        expect(sockets.map(({ owners }) => owners.map((owner) => owner.pid))).toEqual([[stays], [stays]]);
        expect(sockets.map(({ keepalive }) => keepalive.source)).toEqual(['getsockopt', 'getsockopt']);
      },
    );

    it('reads the options of sockets that it is asked for', async () => {
      const holder = await hold({ pairs: PAIRS });
      const { tasks, expected } = await tasksFor(holder);
      const helper = await startAndWait();
      expect(helper.share()).toMatchObject({ kind: 'done', links: { hiddenProcesses: expect.any(Number) } });
      const job = optionsJob(tasks);
      helper.ask(job);
      await vi.waitUntil(() => Atomics.load(job.next, 0) > 1, { timeout: 30_000 });
      expect(helper.share()).toEqual({ kind: 'done', links: null });
      expect([...job.answers]).toEqual(expected);
    });

    it.each([
      ['dies over its work', DYING],
      ['has no program', '/nonexistent.js'],
    ])('is done without when it %s', async (_, program) => {
      const holder = await hold({ pairs: PAIRS, fork: true });
      const alone = await lookUntilBlocked(holder);
      const helper = start({ program, patienceMs: 100 });
      if (program === DYING) await vi.waitUntil(() => Atomics.load(helper.links.next, 0) > 0, { timeout: 30_000 });
      expect(told(await look(holder, helper))).toEqual(told(alone));
      const { tasks, expected } = await tasksFor(holder);
      const { answers } = readOptionsWith(helper, tasks, await loadLibc());
      expect([...answers]).toEqual(expected);
    });

    it('is not started for few sockets', () => {
      expect(startScanHelper(null, { atLeast: 10_000_000 })).toBeNull();
      expect(startScanHelper(4_194_304)).toBeNull();
    });

    describe.skipIf(!isRoot)(
      `in a network namespace with 20,000 sockets${isRoot ? '' : ' (skipped, needs root)'}`,
      () => {
        it('is started by the program itself, which then knows owner and options of every one', async () => {
          const report = await lookAtMany(20_000);
          expect(report.stderr).toMatch(/^thread .*scan-thread\.js$/m);
          const { sockets } = report.data;
          expect(sockets).toHaveLength(20_000);
          expect(sockets.every(({ owners }) => owners.length === 1 && owners[0]?.command?.startsWith('python'))).toBe(
            true,
          );
          expect(sockets.every(({ keepalive }) => keepalive.source === 'getsockopt')).toBe(true);
          expect(new Set(sockets.map(({ owners }) => `${owners[0]?.pid} ${owners[0]?.fd}`)).size).toBe(20_000);
          expect(
            sockets.filter(({ keepalive }) => keepalive.source === 'getsockopt' && keepalive.enabled),
          ).toHaveLength(10_000);
        });
      },
    );
  },
);

/** Tasks for all sockets that a process holds, and one for a descriptor that is none, with the answers to expect. */
async function tasksFor({ pid, pairs }: Holder): Promise<{ tasks: Uint32Array; expected: number[] }> {
  const libc = await loadLibc();
  const { found } = readLinks(linksJob([pid]), linkOpener(libc));
  const { sockets } = await lookAtOwn(pid);
  const tasks: number[] = [];
  const expected: number[] = [];
  for (let link = 0; link < found.length; link += LINK_CELLS) {
    const [inode, , fd = 0] = found.subarray(link, link + LINK_CELLS);
    const { cookie, keepalive } = sockets.find((socket) => socket.inode === inode) ?? {};
    if (cookie == null || keepalive?.source !== 'getsockopt') continue;
    const whole = BigInt(`0x${cookie}`);
    tasks.push(pid, fd, Number(whole & 0xffff_ffffn), Number(whole >> 32n));
    const { enabled, idleMs, intervalMs, count, userTimeoutMs } = keepalive;
    expected.push(ANSWER.known, enabled ? 1 : 0, idleMs, intervalMs, count, userTimeoutMs);
  }
  expect(tasks.length / TASK_CELLS).toBeGreaterThanOrEqual(2 * pairs.length);
  // Another socket than the cookie's, and no such descriptor.
  tasks.push(pid, pairs[0]?.fd ?? 0, 1, 0, pid, 9999, 1, 0);
  for (const _ of [1, 2]) expected.push(ANSWER.moved, ...new Array(ANSWER_CELLS - 1).fill(0));
  const cells = shared(tasks.length);
  cells.set(tasks);
  return { tasks: cells, expected };
}

async function lookAtOwn(pid: number): Promise<{ sockets: LiveSocket[] }> {
  const live = await openLiveSockets();
  const filter = { states: TCP_STATES, ports: [], local: [], remote: [], pids: [pid], commands: [], risks: [] };
  try {
    return live.look({ filter, owners: true, middleboxes: [], judgeLocal: true });
  } finally {
    live.close();
  }
}

/** Runs the program where as many sockets are, of which it tells the threads that it starts. */
async function lookAtMany(count: number): Promise<Report<'sockets'> & { stderr: string }> {
  const holder = fileURLToPath(new URL('../bench/many-sockets.py', import.meta.url));
  const script = `
    ip link set lo up
    coproc HOLDER { exec python3 "$0" ${count / 2}; }
    read -r _ <&"\${HOLDER[0]}"
    "$@"
    exec {HOLDER[1]}>&-
    wait`;
  const program = [process.execPath, ...WITH_THREADS_TOLD, PROGRAM, 'sockets', '--format', 'json'];
  const child = spawn('unshare', ['--net', 'bash', '-c', script, holder, ...program]);
  const read = async (stream: NodeJS.ReadableStream): Promise<string> => {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks).toString();
  };
  const [stdout, stderr] = await Promise.all([read(child.stdout), read(child.stderr)]);
  if (stdout === '') throw new Error(stderr);
  return { ...JSON.parse(stdout), stderr };
}
