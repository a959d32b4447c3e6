import type { ChildProcess } from 'node:child_process';
import { openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { LabHost } from '../../src/commands/lab/lab.ts';

/** What a peer tells; which fields there are depends on `event`. */
interface PeerEvent {
  event: 'listening' | 'accepted' | 'connected' | 'received' | 'failed' | 'closed' | 'over';
  id?: string;
  port?: number;
  from?: { address: string; port: number };
  text?: string;
  error?: string;
  afterMs?: number;
}

/** A one-file program in a host of a lab that is told what to do, and tells what happens, in JSON lines. */
export interface Peer {
  child: ChildProcess;
  /** Told and not yet taken by `next`. */
  events: PeerEvent[];
  tell(command: Record<string, unknown>): void;
  /** The first event that agrees with `expected`, taken off the list; waits for it. */
  next(expected: Partial<PeerEvent>, timeoutMs?: number): Promise<PeerEvent>;
}

const SCRIPTS = {
  'tcp-server': new URL('peers/tcp-server.mjs', import.meta.url),
  'tcp-client': new URL('peers/tcp-client.mjs', import.meta.url),
  sink: new URL('peers/sink.mjs', import.meta.url),
  'deaf-server': new URL('peers/deaf-server.mjs', import.meta.url),
} as const;

/** What makes an ordinary user of root. */
export const AS_NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] as const;

/** Starts a peer, by way of another command such as AS_NOBODY if one is given; it is killed with the lab. */
export function startPeer(
  host: LabHost,
  script: keyof typeof SCRIPTS,
  args: string[] = [],
  by: readonly string[] = [],
): Peer {
  const child = host.spawn([...by, process.execPath, fileURLToPath(SCRIPTS[script]), ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const events: PeerEvent[] = [];
  linesOf(child, (line) => events.push(JSON.parse(line)));
  return {
    child,
    events,
    tell: (command) => child.stdin?.write(`${JSON.stringify(command)}\n`),
    next: async (expected, timeoutMs = PATIENCE_MS) => {
      const find = () => events.findIndex((event) => agrees(event, expected));
      await until(`${host.name} tells ${JSON.stringify(expected)}`, () => find() >= 0, timeoutMs).catch((error) => {
        throw new Error(`${error.message}; it told ${JSON.stringify(events)}`);
      });
      const [event] = events.splice(find(), 1);
      if (event === undefined) throw new Error('found a moment ago');
      return event;
    },
  };
}

function agrees(event: PeerEvent, expected: Partial<PeerEvent>): boolean {
  const told = new Map<string, unknown>(Object.entries(event));
  return Object.entries(expected).every(([key, value]) => told.get(key) === value);
}

/** Hands over each line that a program prints. */
export function linesOf(child: ChildProcess, take: (line: string) => void): void {
  if (child.stdout === null) throw new Error('asked for a pipe');
  createInterface({ input: child.stdout }).on('line', take);
}

/** What never comes would not come later either; what comes may take long on a machine that has other work. */
const PATIENCE_MS = 40_000;

/** Waits until `holds`, looking often. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  timeoutMs = PATIENCE_MS,
): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error(`waited ${timeoutMs} ms in vain until ${what}`);
    await sleep(20);
  }
}

/** How many segments of forgotten flows a firewall has met. */
export async function forgottenCount(firewall: LabHost): Promise<number> {
  const { stdout } = await firewall.run(['nft', 'list', 'chain', 'inet', 'lab', 'forgotten']);
  return Number(/packets (\d+)/.exec(stdout)?.[1]);
}

/** The kernel's names of the hosts' network namespaces, such as `net:[4026532287]`. */
export function namespacesOf(hosts: readonly LabHost[]): Promise<string[]> {
  return Promise.all(hosts.map(async (host) => (await host.run(['readlink', '/proc/self/ns/net'])).stdout.trim()));
}

/** A process that keeps a network namespace alive: by running in it, or by a descriptor of it. */
export interface Trace {
  pid: number;
  by: 'running' | 'descriptor';
  /** Whose it is, for the message of a test that fails. */
  command: string;
}

/** All processes of this machine that keep these namespaces alive; an error when one of them has a name in the file system. */
export function tracesOf(namespaces: readonly string[]): Trace[] {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8');
  if (namespaces.some((namespace) => mounts.includes(namespace))) throw new Error('a namespace is mounted');
  const traces: Trace[] = [];
  for (const pid of readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => pid !== process.pid)) {
    if (namespaces.includes(linkOf(`/proc/${pid}/ns/net`)))
      traces.push({ pid, by: 'running', command: commandLineOf(pid) });
    if (descriptorsOf(pid).some((link) => namespaces.includes(link)))
      traces.push({ pid, by: 'descriptor', command: commandLineOf(pid) });
  }
  return traces;
}

/**
 * The network namespaces that a process holds, as the kernel names them. This process holds them too from then on: else the kernel would give
 * the name of one that is gone to the next one, which other tests make at the same time.
 */
export function holdNamespacesOf(pid: number): string[] {
  const held = new Set<string>();
  for (const descriptor of readdirSync(`/proc/${pid}/fd`)) {
    const path = `/proc/${pid}/fd/${descriptor}`;
    const link = linkOf(path);
    if (!link.startsWith('net:') || held.has(link)) continue;
    openSync(path, 'r');
    held.add(link);
  }
  return [...held];
}

/** What the descriptors of a process refer to; none when it is gone or another's. */
export function descriptorsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((descriptor) => linkOf(`/proc/${pid}/fd/${descriptor}`));
  } catch {
    return [];
  }
}

/** A process's command line; empty when it has ended since it was seen. */
export function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

/** The pids of a process's children, this one's unless another is named; those that have ended and not been waited for included. */
export function childPids(pid: number | 'self' = 'self'): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number),
  );
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** Runs a program in a host to its end; unlike `host.run` it keeps all that the program prints. */
export async function runToEnd(
  host: LabHost,
  argv: readonly string[],
  started: (child: ChildProcess) => void = () => {},
): Promise<{ exitCode: number | null; stdout: string; stderr: string }> {
  const child = host.spawn(argv, { stdio: ['ignore', 'pipe', 'pipe'] });
  started(child);
  const read = async (stream: NodeJS.ReadableStream | null): Promise<string> => {
    const chunks: Buffer[] = [];
    for await (const chunk of stream ?? []) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks).toString();
  };
  const [stdout, stderr] = await Promise.all([read(child.stdout), read(child.stderr)]);
  if (child.exitCode === null && child.signalCode === null)
    await new Promise((resolve) => child.once('close', resolve));
  return { exitCode: child.exitCode, stdout, stderr };
}
