import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { TCP_STATES } from '../../src/base/tcp-state.ts';
import type { ReportOf } from '../../src/commands/index.ts';
import { HELD, HELD_CELLS, readHeldSockets } from '../../src/linux/bpf/held-sockets.ts';
import { loadLibc } from '../../src/linux/libc.ts';
import { ANSWER_CELLS, LINK_CELLS, readLinks, readOptions, TASK_CELLS } from '../../src/linux/netlink/socket-scan.ts';
import { linkOpener } from '../../src/linux/procfs/socket-holders.ts';
import type { LiveSocket } from '../../src/sockets/live-socket.ts';

import { openLiveSockets } from '../../src/sockets/live-sockets.ts';
import { PROGRAM } from './kaprobe.ts';
import { type Holder, hasPython, holdSockets } from './sockets/holder.ts';

const isRoot = process.getuid?.() === 0;
const hasHeld = readHeldSockets(await loadLibc()) !== null;
const lacking = hasPython ? '' : ' (skipped, needs python3)';
const lackingBpf = hasHeld ? lacking : ' (skipped, needs root, BPF, and a kernel that describes its types)';
const ALWAYS = 0;
const NEVER = Number.POSITIVE_INFINITY;
const PAIRS = [
  {},
  { enabled: true },
  { enabled: true, idle: 60, interval: 7, count: 5, userTimeout: 9000 },
  { idle: 32_767, interval: 32_767, count: 127 },
  { enabled: true, idle: 1, interval: 1, count: 1, userTimeout: 1 },
  { blocked: true },
];

const ends: (() => unknown)[] = [];
afterEach(async () => {
  await Promise.all(ends.splice(0).map((end) => end()));
});

async function hold(...spec: Parameters<typeof holdSockets>): Promise<Holder> {
  const holder = await holdSockets(...spec);
  ends.push(() => holder.stop());
  return holder;
}

async function look({ listens }: Holder, manySockets: number): Promise<LiveSocket[]> {
  const states = TCP_STATES.filter((state) => state !== 'time-wait');
  const filter = { states, ports: [listens], local: [], remote: [], pids: [], commands: [], risks: [] };
  const live = await openLiveSockets(null, manySockets);
  try {
    return live.look({ filter, owners: true, middleboxes: [], judgeLocal: true }).sockets;
  } finally {
    live.close();
  }
}

/** What does not change from one look to the next. */
function told(sockets: LiveSocket[]) {
  return sockets
    .map(({ cookie, owners, keepalive, recognised, receiveTimeoutMs }) => ({
      cookie,
      owners: owners.toSorted((a, b) => a.pid - b.pid),
      keepalive,
      recognised,
      receiveTimeoutMs,
    }))
    .sort((a, b) => ((a.cookie ?? '') < (b.cookie ?? '') ? -1 : 1));
}

async function lookUntilBlocked(holder: Holder): Promise<LiveSocket[]> {
  for (;;) {
    const sockets = await look(holder, NEVER);
    if (sockets.some(({ owners }) => owners.some(({ blockedIn }) => blockedIn !== null))) return sockets;
  }
}

describe.skipIf(lackingBpf !== '')(`all sockets that are held, from the kernel at once${lackingBpf}`, () => {
  it.each([false, true])('are what /proc and pidfd_getfd tell one by one, forked: %s', async (fork) => {
    const holder = await hold({ pairs: PAIRS, fork });
    const oneByOne = await lookUntilBlocked(holder);
    expect(oneByOne.map(({ owners }) => owners.length)).toContain(fork ? 2 : 1);
    expect(oneByOne.filter(({ keepalive }) => keepalive.source === 'getsockopt').length).toBeGreaterThanOrEqual(
      2 * PAIRS.length,
    );
    expect(told(await look(holder, ALWAYS))).toEqual(told(oneByOne));
  });

  it('name each descriptor of a process that refers to a TCP socket', async () => {
    const { pid, pairs } = await hold({ pairs: PAIRS });
    const held = readHeldSockets(await loadLibc()) ?? new Uint32Array();
    const fds: number[] = [];
    for (let at = 0; at < held.length; at += HELD_CELLS)
      if (held[at + HELD.pid] === pid) fds.push(held[at + HELD.fd] ?? -1);
    const { found } = readLinks([pid], linkOpener(await loadLibc()));
    const links = [...found].filter((_, cell) => cell % LINK_CELLS === 2);
    expect(fds).toEqual(links.filter((fd) => fd > 2)); // node makes unix sockets of the standard streams
    expect(fds.length).toBeGreaterThanOrEqual(2 * pairs.length);
  });
});

describe.skipIf(!hasPython)(`options that are asked for one by one${lacking}`, () => {
  it('are those of the sockets with these cookies, and unknown for others', async () => {
    const holder = await hold({ pairs: PAIRS });
    const { tasks, expected } = await tasksFor(holder);
    expect([...readOptions(tasks, await loadLibc())]).toEqual(expected);
  });
});

const lackingRoot = hasPython && isRoot ? '' : ' (skipped, needs root and python3)';
describe.skipIf(lackingRoot !== '')(`kaprobe sockets among 20,000${lackingRoot}`, () => {
  it('knows owner and options of every one', async () => {
    const { data } = await lookAtMany(20_000);
    const { sockets } = data;
    expect(sockets).toHaveLength(20_000);
    expect(sockets.every(({ owners }) => owners.length === 1 && owners[0]?.command?.startsWith('python'))).toBe(true);
    expect(sockets.every(({ keepalive }) => keepalive.source === 'getsockopt')).toBe(true);
    expect(new Set(sockets.map(({ owners }) => `${owners[0]?.pid} ${owners[0]?.fd}`)).size).toBe(20_000);
    expect(sockets.filter(({ keepalive }) => keepalive.source === 'getsockopt' && keepalive.enabled)).toHaveLength(
      10_000,
    );
  });
});

/** Tasks for all sockets that a process holds, and for some that it does not, with the answers to expect. */
async function tasksFor({ pid, pairs }: Holder): Promise<{ tasks: Uint32Array; expected: number[] }> {
  const libc = await loadLibc();
  const { found } = readLinks([pid], linkOpener(libc));
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
    expected.push(1, enabled ? 1 : 0, idleMs, intervalMs, count, userTimeoutMs);
  }
  expect(tasks.length / TASK_CELLS).toBeGreaterThanOrEqual(2 * pairs.length);
  // Another socket than the cookie's, no such descriptor, no socket, no such process; and then one that there is again.
  const again = tasks.slice(0, TASK_CELLS);
  tasks.push(pid, pairs[0]?.fd ?? 0, 1, 0, pid, 9999, 1, 0, pid, 0, 1, 0, 4_194_304, 3, 1, 0, ...again);
  expected.push(...new Array(4 * ANSWER_CELLS).fill(0), ...expected.slice(0, ANSWER_CELLS));
  return { tasks: Uint32Array.from(tasks), expected };
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

/** Runs the program where as many sockets are. */
async function lookAtMany(count: number): Promise<ReportOf<'sockets'>> {
  const holder = fileURLToPath(new URL('../bench/many-sockets.py', import.meta.url));
  const script = `
    ip link set lo up
    coproc HOLDER { exec python3 "$0" ${count / 2}; }
    read -r _ <&"\${HOLDER[0]}"
    "$@"
    exec {HOLDER[1]}>&-
    wait`;
  const program = [process.execPath, PROGRAM, 'sockets', '--format', 'json'];
  const child = spawn('unshare', ['--net', 'bash', '-c', script, holder, ...program]);
  const read = async (stream: NodeJS.ReadableStream): Promise<string> => {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks).toString();
  };
  const [stdout, stderr] = await Promise.all([read(child.stdout), read(child.stderr)]);
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}
