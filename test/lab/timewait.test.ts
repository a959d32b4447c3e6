import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import type { ReportOf } from '../../src/commands/index.ts';

import { kaprobe } from '../cli/kaprobe.ts';
import { linesOf, until } from './helpers.ts';

const canUnshare = process.getuid?.() === 0 && spawnSync('unshare', ['--net', 'true']).status === 0;
const lacking = canUnshare ? '' : ' (skipped: needs root, unshare and CAP_SYS_ADMIN to make a network namespace)';

/** Makes that many connections to itself over loopback, each closed by the client first, and stays. */
const TRAFFIC = `
import socket, sys, time
server = socket.create_server(('127.0.0.1', 7000), backlog=64)
made = 0
try:
    for _ in range(int(sys.argv[1])):
        client = socket.create_connection(('127.0.0.1', 7000))
        accepted, _ = server.accept()
        client.close(); accepted.close()
        made += 1
except OSError as error:
    print(error.errno, flush=True)
print('made', made, flush=True)
time.sleep(60)
`;

describe.skipIf(!canUnshare)(`timewait of another network namespace${lacking}`, () => {
  let child: ChildProcess | null = null;
  afterEach(() => {
    child?.kill('SIGKILL');
  });

  /** Runs the traffic in a namespace with these settings, and asks about it; also how many connections there were. */
  async function timewait(count: number, settings: Record<string, string>, ...args: string[]) {
    const set = Object.entries(settings).map(([name, value]) => `echo "${value}" > /proc/sys/net/ipv4/${name}`);
    const script = ['set -e', 'ip link set lo up', ...set, `exec python3 -c "$0" ${count}`].join('\n');
    child = spawn('unshare', ['--net', 'sh', '-c', script, TRAFFIC], { stdio: ['ignore', 'pipe', 'inherit'] });
    const said: string[] = [];
    linesOf(child, (line) => said.push(line));
    await until('the traffic is over', () => said.some((line) => line.startsWith('made ')));
    const { stdout, stderr } = await kaprobe(['timewait', '--netns', `${child.pid}`, '--format', 'json', ...args]);
    if (stdout === '') throw new Error(stderr);
    return { said, report: JSON.parse(stdout) as ReportOf<'timewait'> };
  }

  it('sees its sockets and nobody else’s', async () => {
    const { report } = await timewait(50, {});
    expect(report.data).toMatchObject({
      pid: child?.pid,
      states: [{ state: 'time-wait', count: 50 }],
      table: { count: 50, overflows: 0 },
      flows: [
        { side: 'client', sideKnownBy: 'listener', timeWait: 50, client: '127.0.0.1', service: '127.0.0.1:7000' },
      ],
    });
  });

  it('calls every rate a lower bound when the table is full, and counts what had no room', async () => {
    const { report } = await timewait(50, { tcp_max_tw_buckets: '20' });
    expect(report.data).toMatchObject({
      table: { count: 20, limit: 20, overflows: 30 },
      closes: { closed: 20, isLowerBound: true },
    });
    expect(report.findings.map(({ rule }) => rule)).toContain('time-wait-table-full');
  });

  it('knows when the ports run out, as they do', async () => {
    const narrow = { ip_local_port_range: '40000 40099', tcp_tw_reuse: '0' };
    const before = await timewait(60, narrow);
    const [flow] = before.report.data.flows;
    expect(flow?.ports).toMatchObject({ usable: 100, waiting: 60, left: 40, blockedForMs: 60_000 });
    expect(flow?.ports?.runsOutInMs).toBeLessThan(60_000);
    expect(before.report).toMatchObject({ exitCode: 1, verdict: 'findings' });
    expect(before.report.findings.map(({ rule }) => rule)).toContain('ports-run-out');
    child?.kill('SIGKILL');

    const after = await timewait(200, narrow);
    expect(after.said).toEqual(['99', 'made 100']); // EADDRNOTAVAIL
    expect(after.report.data.flows[0]?.ports).toMatchObject({ left: 0, runsOutInMs: 0 });
  });

  it('has ports enough where tcp_tw_reuse gives them back, as it does over loopback', async () => {
    const { said, report } = await timewait(60, { ip_local_port_range: '40000 40099', tcp_tw_reuse: '2' });
    expect(said).toEqual(['made 60']);
    expect(report.data.flows[0]?.ports).toMatchObject({ blockedForMs: 1000 });
  });

  it('needs a process that exists', async () => {
    expect(await kaprobe(['timewait', '--netns', '4194304'])).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: 'kaprobe: there is no process 4194304\nhint: process ids are those that ps shows where kaprobe runs\n',
    });
  });
});
