// What `kaprobe watch` costs, and how soon it tells. Bundled by bench.mjs.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLab, probeLab } from '../../src/commands/lab/lab.ts';
import type { WatchEvent } from '../../src/commands/watch/report.ts';

const WATCHED = 1000;
const MEASURED_MS = 30_000;
/** Not counted: the first looks load code, and find the owners. */
const SETTLED_MS = 3000;
/** USER_HZ, in which proc(5) counts. */
const TICKS_PER_SECOND = 100;

/** Connects to itself so many times, and now and then says something on each. */
const CHATTER = `
const net = require('node:net');
const server = net.createServer((socket) => socket.resume()).listen(0, '127.0.0.1', async () => {
  const sockets = [];
  for (let i = 0; i < ${WATCHED}; i += 1) {
    const socket = net.connect(server.address().port, '127.0.0.1').setKeepAlive(true, 60000);
    await new Promise((resolve) => socket.once('connect', resolve));
    sockets.push(socket);
  }
  setInterval(() => sockets[Math.floor(Math.random() * sockets.length)].write('x'), 10);
  console.log(server.address().port);
});`;

/** Connections through a firewall that has forgotten them when their first probe goes. */
const CONNECTIONS = 30;
const IDLE_S = 6;
const SLEEPERS = `
import os, socket, sys, time
held = []
print(os.getpid(), flush=True)
time.sleep(2)
for _ in range(${CONNECTIONS}):
    s = socket.create_connection((sys.argv[1], 7000))
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, ${IDLE_S})
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 60)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    held.append(s)
    print(s.getsockname()[1], int(time.time() * 1000), flush=True)
    time.sleep(0.137)
time.sleep(60)
`;
const SINK = "require('node:net').createServer((s) => s.resume()).listen(7000, () => console.log('up'))";

/** User and system time of a process so far. */
function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const [user = 0, system = 0] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number);
  return ((user + system) / TICKS_PER_SECOND) * 1000;
}

function lines(child: ChildProcess, take: (line: string) => void): void {
  if (child.stdout !== null) createInterface({ input: child.stdout }).on('line', take);
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('asked for a pipe');
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return line;
}

async function cost(program: string, print: (line: string) => void): Promise<void> {
  const chatter = spawn(process.execPath, ['-e', CHATTER], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const port = await firstLine(chatter);
    const args = ['watch', '--pid', `${chatter.pid}`, '--remote', `127.0.0.1:${port}`, '--format', 'json'];
    const watch = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    const chunks: Buffer[] = [];
    watch.stdout.on('data', (chunk) => chunks.push(chunk));
    await sleep(SETTLED_MS);
    const before = cpuMs(watch.pid ?? 0);
    await sleep(MEASURED_MS);
    const share = (cpuMs(watch.pid ?? 0) - before) / MEASURED_MS;
    watch.kill('SIGINT');
    await once(watch, 'close');
    const { data } = JSON.parse(Buffer.concat(chunks).toString());
    print(
      `${data.peak} connections watched, looked at every ${data.sampleEveryMs} ms: ${(share * 100).toFixed(1)} % of a core (goal: under 5 %)`,
    );
  } finally {
    chatter.kill();
  }
}

async function promptness(program: string, print: (line: string) => void): Promise<void> {
  const ability = await probeLab();
  if (ability.kind !== 'available') {
    print(`from the first unanswered probe to the event: not measured, no lab here: ${ability.reason}`);
    return;
  }
  const lab = await createLab({ firewall: { idleTimeoutMs: 4000 } });
  try {
    await firstLine(lab.server.spawn([process.execPath, '-e', SINK], { stdio: ['ignore', 'pipe', 'inherit'] }));
    const sleepers = lab.client.spawn(['python3', '-c', SLEEPERS, lab.server.addresses.ipv4], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const connectedAt = new Map<number, number>();
    let pid = '';
    lines(sleepers, (line) => {
      const [port = 0, at] = line.split(' ').map(Number);
      if (at === undefined) pid = line;
      else connectedAt.set(port, at);
    });
    while (pid === '') await sleep(20);
    const watch = lab.client.spawn([process.execPath, program, 'watch', '--pid', pid, '--format', 'ndjson'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lateMs: number[] = [];
    lines(watch, (line) => {
      const { event, at, connection }: WatchEvent = JSON.parse(line);
      const began = connectedAt.get(Number(connection?.local.split(':').at(-1)));
      if (event === 'probe-unanswered' && began !== undefined) lateMs.push(Date.parse(at) - began - IDLE_S * 1000);
    });
    await sleep(2000 + CONNECTIONS * 137 + IDLE_S * 1000 + 5000);
    lateMs.sort((one, other) => one - other);
    print(
      `from the first unanswered probe to the event, ${lateMs.length} of ${CONNECTIONS} connections: median ${lateMs[Math.floor(lateMs.length / 2)]} ms, at most ${lateMs.at(-1)} ms (goal: within 4000 ms)`,
    );
  } finally {
    await lab.destroy();
  }
}

/** Measures both and prints a line for each. */
export async function benchWatch(program: string, print: (line: string) => void): Promise<void> {
  print('kaprobe watch');
  await cost(program, print);
  await promptness(program, print);
}
