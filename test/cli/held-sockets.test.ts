import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { TCP_STATES } from '../../src/base/tcp-state.ts';
import type { ReportOf } from '../../src/commands/index.ts';
import { readHeldSockets } from '../../src/linux/bpf/held-sockets.ts';
import { foreignDescriptors, readCookie } from '../../src/linux/foreign-socket.ts';
import { loadLibc } from '../../src/linux/libc.ts';
import { eachSocketHolder, linkOpener } from '../../src/linux/procfs/socket-holders.ts';
import { readKeepalive } from '../../src/linux/socket-options.ts';
import type { LiveSocket } from '../../src/sockets/live-socket.ts';

import { openLiveSockets } from '../../src/sockets/live-sockets.ts';
import { socketsOf } from '../../src/sockets/socket-table.ts';
import { NODE, PROGRAM } from './kaprobe.ts';
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
    return socketsOf(live.look({ filter, owners: true, middleboxes: [], judgeLocal: true }).list);
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
    const fds: number[] = [];
    readHeldSockets(await loadLibc())?.each((held) => {
      if (held.pid === pid) fds.push(held.fd);
    });
    const links = (await linksOf(pid)).map(({ fd }) => fd);
    expect(fds).toEqual(links.filter((fd) => fd > 2)); // node makes unix sockets of the standard streams
    expect(fds.length).toBeGreaterThanOrEqual(2 * pairs.length);
  });
});

describe.skipIf(!hasPython)(`descriptors that are looked at one by one${lacking}`, () => {
  it('refer to the sockets that the list has with these options, and those that are gone are passed over', async () => {
    const { pid, pairs } = await hold({ pairs: PAIRS });
    const libc = await loadLibc();
    const links = await linksOf(pid);
    const expected = (await lookAtOwn(pid)).flatMap(({ cookie, inode, keepalive }) => {
      const fd = links.find((link) => link.inode === inode)?.fd;
      if (cookie === null || fd === undefined || keepalive.source !== 'getsockopt') return [];
      const { source: _, ...options } = keepalive;
      return [{ fd, cookie, options }];
    });
    expect(expected.length).toBeGreaterThanOrEqual(2 * pairs.length);
    const descriptors = foreignDescriptors(libc);
    const read = (of: number, fd: number): unknown[] => {
      const seen: unknown[] = [];
      descriptors.look(of, fd, (duplicate) =>
        seen.push({ fd, cookie: readCookie(libc, duplicate), options: readKeepalive(libc, duplicate) }),
      );
      return seen;
    };
    expect(expected.flatMap(({ fd }) => read(pid, fd))).toEqual(expected);
    // No such descriptor, no socket, no such process; and then one that there is.
    expect([...read(pid, 9999), ...read(pid, 0), ...read(4_194_304, 3)]).toEqual([]);
    expect(read(pid, expected[0]?.fd ?? -1)).toEqual(expected.slice(0, 1));
    descriptors.close();
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

/** The descriptors of a process that refer to sockets. */
async function linksOf(pid: number): Promise<{ inode: number; fd: number }[]> {
  const links: { inode: number; fd: number }[] = [];
  eachSocketHolder([pid], '/proc', linkOpener(await loadLibc()), (inode, _, fd) => links.push({ inode, fd }));
  return links;
}

async function lookAtOwn(pid: number): Promise<LiveSocket[]> {
  const live = await openLiveSockets();
  const filter = { states: TCP_STATES, ports: [], local: [], remote: [], pids: [pid], commands: [], risks: [] };
  try {
    return socketsOf(live.look({ filter, owners: true, middleboxes: [], judgeLocal: true }).list);
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
  const program = [NODE, PROGRAM, 'sockets', '--format', 'json'];
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
