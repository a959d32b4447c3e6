import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { ReportOf } from '../../src/commands/index.ts';
import type { TimeWaitData, TimeWaitFlow } from '../../src/commands/timewait/report.ts';

import { findServer, type RealServer, startGunicorn, startNginx } from '../real-servers.ts';
import { kaprobe, WITHOUT_KOFFI } from './kaprobe.ts';
import { closedPort } from './servers.ts';

const MANY = 40;

const open: { close(): unknown }[] = [];
const servers: RealServer[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) each.close();
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function timewait(args: string[], nodeArguments: string[] = []): Promise<ReportOf<'timewait'>> {
  const { stdout, stderr } = await kaprobe(['timewait', '--format', 'json', ...args], { nodeArguments });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}

/** Whether another test has left sockets of that port in TIME_WAIT, which would be counted too. */
function isUsed(port: number): boolean {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')} `;
  const lines = ['tcp', 'tcp6'].flatMap((name) => readFileSync(`/proc/net/${name}`, 'latin1').split('\n'));
  return lines.filter((line) => line.includes(local)).length > 1;
}

/** A server on loopback that treats connections as told; it ends with the test. */
async function listen(greet: (socket: Socket) => void, host = '127.0.0.1'): Promise<{ server: Server; port: number }> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    greet(socket);
  });
  open.push(server);
  server.listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  if (isUsed(address.port)) return listen(greet, host);
  return { server, port: address.port };
}

/** Connects, and closes as told, one connection after the other. */
async function connections(count: number, port: number, use: (socket: Socket) => void, host?: string): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const socket = connect({ port, host: host ?? '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => {});
    await once(socket, 'connect');
    use(socket);
    await once(socket, 'close');
  }
}

const closeFirst = (socket: Socket): void => {
  socket.end();
  socket.resume();
};
const closeSecond = (socket: Socket): void => {
  socket.resume();
  socket.on('end', () => socket.end());
};

const flowOf = ({ flows }: TimeWaitData, side: TimeWaitFlow['side']): TimeWaitFlow | undefined =>
  flows.find((flow) => flow.side === side && flow.timeWait > 0);

describe('kaprobe timewait', () => {
  it.each([
    ['IPv4', '127.0.0.1', '127.0.0.1'],
    ['IPv6', '::1', '::1'],
    ['IPv4 at a listener of both families', '::', '127.0.0.1'],
  ])('finds what the server closed first at the server, over %s', async (_, host, address) => {
    const { port } = await listen(closeFirst, host);
    await connections(MANY, port, closeSecond, address);
    const { data, findings, exitCode, verdict } = await timewait(['--port', `${port}`]);
    const service = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
    expect(flowOf(data, 'client')).toBeUndefined();
    expect(flowOf(data, 'server')).toMatchObject({
      ...{ side: 'server', sideKnownBy: 'listener', client: address, service, timeWait: MANY, established: 0 },
      ...{ ports: null, ownersKnownBy: 'listener', closes: { closed: MANY, isLowerBound: false } },
      owners: [expect.objectContaining({ pid: process.pid })],
    });
    expect(findings).toMatchObject([{ rule: 'connections-not-reused', subject: `${address} to ${service}` }]);
    expect({ exitCode, verdict }).toEqual({ exitCode: 0, verdict: 'findings' });
  });

  it('finds what the client closed first at the client, with the ports that are left', async () => {
    const { port } = await listen(closeSecond);
    await connections(MANY, port, closeFirst);
    const { data } = await timewait(['--remote', `127.0.0.1:${port}`]);
    expect(flowOf(data, 'server')).toBeUndefined();
    const flow = flowOf(data, 'client');
    expect(flow).toMatchObject({ side: 'client', timeWait: MANY, closes: { closed: MANY } });
    expect(flow?.ports?.left).toBeLessThanOrEqual((flow?.ports?.usable ?? 0) - (flow?.ports?.waiting ?? 0));
  });

  it('counts a FIN-WAIT-2 whose process is gone as no TIME_WAIT', async () => {
    const held: Socket[] = [];
    const { port } = await listen((socket) => held.push(socket));
    open.push({ close: () => held.map((socket) => socket.destroy()) });
    const before = await timewait(['--port', `${port}`]);
    for (let index = 0; index < 3; index += 1) {
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      socket.destroy();
    }
    const { data } = await timewait(['--port', `${port}`]);
    expect(data.states).toEqual(
      expect.arrayContaining([
        { state: 'fin-wait-2', count: 3 },
        { state: 'close-wait', count: 3 },
      ]),
    );
    expect(data.flows.map(({ timeWait }) => timeWait)).toEqual([0, 0]);
    expect(before.data.flows).toEqual([]);
  });

  it('finds nothing wrong where there is nothing', async () => {
    const { data, exitCode, verdict } = await timewait(['--port', `${await closedPort()}`]);
    expect({ flows: data.flows, states: data.states, exitCode, verdict }).toEqual({
      ...{ flows: [], states: [], exitCode: 0, verdict: 'ok' },
    });
  });

  it('makes the exit code 1 when warnings are to', async () => {
    const { port } = await listen(closeFirst);
    await connections(MANY, port, closeSecond);
    expect(await timewait(['--port', `${port}`, '--fail-on', 'warning'])).toMatchObject({ exitCode: 1 });
  });

  it('lists and judges as many peers as were asked for, and says what it left out', async () => {
    const { port } = await listen(closeFirst);
    await connections(2, port, closeSecond, '127.0.0.1');
    const elsewhere = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.9', allowHalfOpen: true });
    closeSecond(elsewhere);
    await once(elsewhere, 'close');
    const { data } = await timewait(['--port', `${port}`, '--limit', '1']);
    expect(data.flows).toMatchObject([{ client: '127.0.0.1', timeWait: 2 }]);
    expect(data.otherFlows).toEqual({ count: 1, established: 0, timeWait: 1, mostTimeWait: 1 });
    expect(data.services).toMatchObject([{ service: `127.0.0.1:${port}`, clients: 2, timeWait: 3 }]);
  });

  it('sees the same in /proc/net/tcp where koffi is not to be had', async () => {
    const { port } = await listen(closeFirst);
    await connections(MANY, port, closeSecond);
    const { data } = await timewait(['--port', `${port}`], WITHOUT_KOFFI);
    expect(data.source).toBe('procfs');
    expect(flowOf(data, 'server')).toMatchObject({ timeWait: MANY, closes: { closed: MANY } });
  });

  it('tells connections that stay and are used from new ones while it watches', async () => {
    const { port } = await listen((socket) => socket.pipe(socket));
    const kept = connect(port, '127.0.0.1');
    open.push({ close: () => kept.destroy() });
    kept.resume();
    await once(kept, 'connect');
    const chatter = setInterval(() => kept.write('x'), 50);
    const churn = setInterval(() => connect(port, '127.0.0.1').end().resume(), 100);
    open.push({ close: () => [chatter, churn].map(clearInterval) });
    const { data } = await timewait(['--port', `${port}`, '--watch', '3s']);
    const [client] = data.flows.filter(({ side }) => side === 'client');
    // One suffices, and a machine with much else to do has time for no more.
    expect(data.watch?.samples).toBeGreaterThan(0);
    expect(client?.watch).toMatchObject({ kept: 1, keptUsed: 1 });
    expect(client?.watch?.opened).toBeGreaterThan(3);
    expect(client?.watch?.closedHere).toBeGreaterThan(3);
  });
});

const missing = ['nginx', 'gunicorn'].filter((name) => findServer(name) === null);
const lacking = missing.length === 0 ? '' : ` (skipped, not installed: ${missing.join(', ')})`;

describe.skipIf(missing.length > 0)(`kaprobe timewait beside nginx in front of gunicorn${lacking}`, () => {
  const location = (lines: string): string => `location / { proxy_pass http://app; ${lines} }`;

  /** Starts both, and makes requests over one connection of the client's. */
  async function behindNginx(upstream: string, lines: string, args: string[]): Promise<number> {
    const port = await closedPort();
    servers.push(await startGunicorn({ port, args }));
    const front = await closedPort();
    servers.push(
      await startNginx({
        port: front,
        keepaliveTimeout: '75s',
        http: `upstream app { server 127.0.0.1:${port}; ${upstream} }`,
        server: location(lines),
      }),
    );
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    open.push({ close: () => agent.destroy() });
    const request = async (): Promise<void> => {
      const [reply] = await once(get({ port: front, agent }), 'response');
      reply.resume();
      await once(reply, 'end');
    };
    for (let index = 0; index < 2 * MANY; index += 1) await request();
    const more = setInterval(() => void request().catch(() => {}), 100);
    open.push({ close: () => clearInterval(more) });
    return port;
  }

  it('says that each request gets a connection of its own, as both are by default', async () => {
    const port = await behindNginx('', '', []);
    const { data, findings } = await timewait(['--port', `${port}`, '--watch', '2s']);
    expect(data.flows.reduce((sum, { timeWait }) => sum + timeWait, 0)).toBeGreaterThanOrEqual(2 * MANY);
    expect(findings.map(({ rule }) => rule)).toEqual(['connections-not-reused']);
    expect(findings[0]?.remedy).toContain(`upstream app { server 127.0.0.1:${port}; keepalive 32; }`);
    const server = data.flows.find(({ side }) => side === 'server');
    expect(server?.owners.map(({ command }) => command)).toContain('gunicorn');
    expect(server?.watch?.opened).toBeGreaterThan(3);
  });

  it('finds nothing wrong once both keep connections, and sees that they are reused', async () => {
    const lines = 'proxy_http_version 1.1; proxy_set_header Connection "";';
    const port = await behindNginx('keepalive 4;', lines, [
      '--worker-class',
      'gthread',
      '--threads',
      '4',
      '--keep-alive',
      '75',
    ]);
    const { data, findings, verdict } = await timewait(['--port', `${port}`, '--watch', '2s']);
    expect({ findings, verdict }).toEqual({ findings: [], verdict: 'ok' });
    const server = data.flows.find(({ side }) => side === 'server');
    expect(server?.watch).toMatchObject({ opened: 0, closedHere: 0 });
    expect(server?.watch?.keptUsed).toBeGreaterThan(0);
  });
});
