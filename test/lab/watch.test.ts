import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import type { ReportOf } from '../../src/commands/index.ts';
import { createLab, type Lab, type LabHost, probeLab } from '../../src/commands/lab/lab.ts';
import type { LabOptions } from '../../src/commands/lab/options.ts';
import type { WatchEvent, WatchEventKind } from '../../src/commands/watch/report.ts';

import { WITHOUT_KOFFI } from '../cli/kaprobe.ts';
import { linesOf, startPeer, until } from './helpers.ts';

const PORT = 7000;
const PROGRAM = fileURLToPath(new URL('../../bin/kaprobe.js', import.meta.url));
const ability = await probeLab();
const lacking = ability.kind === 'available' ? '' : ` (skipped, no lab here: ${ability.reason})`;

/** The goal: from the first probe without an answer to the event. */
const EVENT_WITHIN_MS = 4000;
const IDLE_MS = 6000;

/** A worker that waits for its peer, with keepalive on; it tells its pid and when it connected, and what its recv() came to. */
const WORKER = `
import os, socket, sys, time
s = socket.create_connection((sys.argv[1], ${PORT}))
for option, value in ((socket.TCP_KEEPIDLE, 6), (socket.TCP_KEEPINTVL, 2), (socket.TCP_KEEPCNT, 3)):
    s.setsockopt(socket.IPPROTO_TCP, option, value)
s.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
print(os.getpid(), int(time.time() * 1000), flush=True)
try:
    s.recv(1)
except OSError as error:
    print(error.errno, flush=True)
time.sleep(60)
`;

/** A running watch, with what it has told so far. */
interface Running {
  child: ChildProcess;
  events: WatchEvent[];
  reports: ReportOf<'watch'>[];
  /** The first event of that kind. */
  next(kind: WatchEventKind, timeoutMs?: number): Promise<WatchEvent>;
  /** Waits for the end. */
  end(): Promise<ReportOf<'watch'>>;
}

describe.skipIf(ability.kind !== 'available')(`watch across a real firewall${lacking}`, () => {
  let lab: Lab;
  const open = async (options: LabOptions): Promise<void> => {
    lab = await createLab(options);
    await startPeer(lab.server, 'tcp-server', [String(PORT)]).next({ event: 'listening' });
  };
  afterEach(() => lab.destroy());

  function watch(host: LabHost, ...args: string[]): Running {
    return watchWith([], host, ...args);
  }
  /** The same with arguments of node itself. */
  function watchWith(nodeArguments: readonly string[], host: LabHost, ...args: string[]): Running {
    const child = host.spawn([process.execPath, ...nodeArguments, PROGRAM, 'watch', '--format', 'ndjson', ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const events: WatchEvent[] = [];
    const reports: ReportOf<'watch'>[] = [];
    linesOf(child, (line) => {
      const told = JSON.parse(line);
      if ('event' in told) events.push(told);
      else reports.push(told);
    });
    const find = (kind: WatchEventKind) => events.find(({ event }) => event === kind);
    return {
      ...{ child, events, reports },
      next: async (kind, timeoutMs = 30_000) => {
        await until(`watch tells of ${kind}`, () => find(kind) !== undefined, timeoutMs).catch((error) => {
          throw new Error(`${error.message}; it told ${JSON.stringify(events)}`);
        });
        const event = find(kind);
        if (event === undefined) throw new Error('found a moment ago');
        return event;
      },
      end: async () => {
        await until('watch has ended', () => reports.length > 0, 40_000);
        const [report] = reports;
        if (report === undefined) throw new Error('there a moment ago');
        return report;
      },
    };
  }
  const target = (): string => `${lab.server.addresses.ipv4}:${PORT}`;

  it('tells of a worker’s probe that went unanswered within 4 s of it, then of the stall, then that the kernel gave up', async () => {
    await open({ firewall: { idleTimeoutMs: 4000 } });
    const said: string[] = [];
    const worker = lab.client.spawn(['python3', '-c', WORKER, lab.server.addresses.ipv4], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    linesOf(worker, (line) => said.push(line));
    await until('the worker has connected', () => said.length > 0);
    const [pid = '', connectedAt = ''] = (said[0] ?? '').split(' ');
    const running = watch(lab.client, '--pid', pid, '--until', 'timed-out');
    const unanswered = await running.next('probe-unanswered');
    const lateMs = Date.parse(unanswered.at) - (Number(connectedAt) + IDLE_MS);
    expect(lateMs).toBeGreaterThan(0);
    expect(lateMs).toBeLessThan(EVENT_WITHIN_MS);
    expect(unanswered).toMatchObject({
      connection: { remote: target() },
      owner: { pid: Number(pid), command: 'python3' },
      evidence: { unansweredProbes: 1, probeLimit: 3 },
    });
    const { data, exitCode, findings } = await running.end();
    expect(running.events.map(({ event }) => event)).toEqual([
      ...['found', 'probe-unanswered', 'probe-unanswered', 'probe-unanswered', 'stalled', 'timed-out'],
    ]);
    expect({ exitCode, endedBy: data.endedBy }).toEqual({ exitCode: 1, endedBy: 'until' });
    expect(findings.map(({ rule }) => rule)).toEqual(['watched-connection-stalled']);
    expect(said[1]).toBe('110'); // ETIMEDOUT: nothing but the kernel's own keepalive ended it
  });

  it('tells the same of a connection of its own', async () => {
    await open({ firewall: { idleTimeoutMs: 4000 } });
    const settings = ['--idle', '6s', '--interval', '1s', '--count', '4', '--quiet', '2s'];
    const running = watch(lab.client, target(), ...settings);
    const established = await running.next('established');
    const unanswered = await running.next('probe-unanswered');
    expect(unanswered.atMs - established.atMs - IDLE_MS).toBeLessThan(EVENT_WITHIN_MS);
    const stalled = await running.next('stalled');
    expect(stalled.atMs - unanswered.atMs).toBeLessThan(EVENT_WITHIN_MS);
    expect(stalled.evidence).toMatchObject({ probeLimit: 4 });
    const { data, exitCode } = await running.end();
    expect({ exitCode, endedBy: data.endedBy }).toEqual({ exitCode: 1, endedBy: 'nothing-left' });
    expect(data.counts).toMatchObject({ established: 1, stalled: 1, 'timed-out': 1, recovered: 0 });
    expect(data.counts.quiet).toBeGreaterThan(0);
  });

  it('tells that a connection recovered when the path does', async () => {
    await open({});
    const running = watch(
      lab.client,
      target(),
      '--idle',
      '1s',
      '--interval',
      '1s',
      '--count',
      '60',
      '--until',
      'recovered',
    );
    await running.next('established');
    await lab.setLink(lab.server, 'down');
    await running.next('stalled');
    await lab.setLink(lab.server, 'up');
    const { exitCode, data } = await running.end();
    expect(data.first.find(({ event }) => event === 'recovered')?.evidence).toMatchObject({ wasStalled: true });
    expect(exitCode).toBe(1); // a stall was seen, even if it is over
  });

  it('tells a stall and a recovery from /proc/net/tcp as well, where there is no sock_diag', async () => {
    await open({});
    const held = watch(lab.client, target(), '--idle', '1s', '--interval', '1s', '--count', '120');
    await held.next('established');
    const running = watchWith(WITHOUT_KOFFI, lab.client, '--remote', target(), '--until', 'recovered');
    await running.next('found');
    await lab.setLink(lab.server, 'down');
    expect(await running.next('stalled')).toMatchObject({
      connection: { remote: target() },
      evidence: { probeLimit: null, retransmits: 0, lastAcknowledgedMs: null },
    });
    await lab.setLink(lab.server, 'up');
    const { data } = await running.end();
    expect(data).toMatchObject({ source: 'procfs', counts: { stalled: 1, recovered: 1 } });
    await held.next('recovered');
    held.child.kill('SIGINT');
    expect((await held.end()).data.counts).toMatchObject({ stalled: 1, recovered: 1, 'timed-out': 0 });
  });

  it('tells of retransmissions of a worker that sends into silence', async () => {
    await open({});
    const client = startPeer(lab.client, 'tcp-client');
    const running = watch(lab.client, '--remote', target(), '--until', 'stalled');
    await running.next('found');
    client.tell({ do: 'connect', id: 'a', host: lab.server.addresses.ipv4, port: PORT });
    await running.next('established');
    await lab.setLink(lab.server, 'down');
    client.tell({ do: 'send', id: 'a', text: 'x' });
    await running.end();
    expect(running.events.map(({ event }) => event)).toEqual(expect.arrayContaining(['retransmitting', 'stalled']));
  });

  it('tells that a firewall reset a worker’s connection at its probe', async () => {
    await open({ firewall: { idleTimeoutMs: 3000, onExpiry: 'reset' } });
    const said: string[] = [];
    const worker = lab.client.spawn(['python3', '-c', WORKER, lab.server.addresses.ipv4], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    linesOf(worker, (line) => said.push(line));
    await until('the worker has connected', () => said.length > 0);
    const [pid = ''] = (said[0] ?? '').split(' ');
    const running = watch(lab.client, '--pid', pid, '--until', 'reset');
    expect(await running.next('reset')).toMatchObject({
      connection: { remote: target() },
      owner: { pid: Number(pid) },
      evidence: { segmentsReceived: 1, probesSent: 1, otherSegmentsSent: 0 },
    });
    expect(await running.end()).toMatchObject({ exitCode: 1, findings: [{ rule: 'watched-connection-reset' }] });
    expect(said[1]).toBe('104'); // ECONNRESET
  });

  it('tells of a reset, and reconnects when asked to', async () => {
    await open({ firewall: { idleTimeoutMs: 3000, onExpiry: 'reset' } });
    const running = watch(lab.client, target(), '--idle', '5s', '--reconnect', '--for', '14s');
    const reset = await running.next('reset');
    expect(reset.evidence).toMatchObject({ livedForMs: expect.any(Number) });
    const { data, exitCode } = await running.end();
    expect(exitCode).toBe(1);
    expect(data.counts.established).toBeGreaterThan(1);
    expect(data.endedBy).toBe('time');
  });

  it('says nothing is wrong where nothing is', async () => {
    await open({});
    const running = watch(
      lab.client,
      target(),
      '--connections',
      '20',
      '--idle',
      '1s',
      '--interval',
      '1s',
      '--for',
      '6s',
    );
    const { data, exitCode, verdict, findings } = await running.end();
    expect({ exitCode, verdict, findings }).toEqual({ exitCode: 0, verdict: 'ok', findings: [] });
    expect(data.counts).toMatchObject({ established: 20, 'probe-unanswered': 0, stalled: 0 });
  });
});
