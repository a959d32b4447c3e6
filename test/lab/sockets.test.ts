import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReportOf } from '../../src/commands/index.ts';
import { createLab, type Lab, probeLab } from '../../src/commands/lab/lab.ts';
import type { LiveSocket } from '../../src/sockets/live-socket.ts';

import { AS_NOBODY, forgottenCount, type Peer, startPeer, until } from './helpers.ts';

const PORT = 7000;
const PROGRAM = fileURLToPath(new URL('../../bin/kaprobe.js', import.meta.url));
const ability = await probeLab();
const lacking = ability.kind === 'available' ? '' : ` (skipped, no lab here: ${ability.reason})`;

describe.skipIf(ability.kind !== 'available')(`sockets across a real firewall that forgets${lacking}`, () => {
  let lab: Lab;
  let client: Peer;
  const connect = async (id: string, keepalive = false): Promise<number> => {
    client.tell({ do: 'connect', id, host: lab.server.addresses.ipv4, port: PORT, keepalive });
    const { port } = await client.next({ event: 'connected', id });
    if (port === undefined) throw new Error('a connection has a port');
    return port;
  };
  const look = async (...args: string[]): Promise<ReportOf<'sockets'>> => {
    const { stdout, stderr } = await lab.client.run(
      [process.execPath, PROGRAM, 'sockets', '--format', 'json', '--remote', `:${PORT}`, ...args],
      { timeoutMs: 60_000 },
    );
    if (stdout === '') throw new Error(stderr);
    return JSON.parse(stdout);
  };
  /** For how long the firewall remembers new flows: what is to be alive must be so on the slowest machine, too. */
  const remember = async (seconds: number): Promise<void> => {
    const set = `echo ${seconds} > /proc/sys/net/netfilter/nf_conntrack_tcp_timeout_established`;
    expect(await lab.firewall.run(['sh', '-c', set])).toMatchObject({ code: 0 });
  };
  const at = ({ data }: ReportOf<'sockets'>, port: number): LiveSocket => {
    const socket = data.sockets.find(({ local }) => local.endsWith(`:${port}`));
    if (socket === undefined) throw new Error(`no socket at port ${port}`);
    return socket;
  };

  beforeAll(async () => {
    lab = await createLab({ firewall: { idleTimeoutMs: 5000 } });
    await startPeer(lab.server, 'tcp-server', [String(PORT)]).next({ event: 'listening' });
    client = startPeer(lab.client, 'tcp-client');
  });
  afterAll(() => lab.destroy());

  it('a connection that the firewall forgot is suspected, then proven half-open, and left as it was', async () => {
    const before = await forgottenCount(lab.firewall);
    const forgotten = await connect('forgotten');
    const probed = await connect('probed', true);
    const box = ['--middlebox-timeout', '5s'];
    expect(at(await look(...box), forgotten).risk).toBe('unprotected');
    await until(
      'the silence is longer than the timeout',
      async () => at(await look(...box), forgotten).risk === 'stuck',
      30_000,
    );
    const suspected = await look(...box);
    expect(suspected.findings.map(({ rule }) => rule)).toContain('half-open-suspected');
    await remember(600);
    const fresh = await connect('fresh');
    const verified = await look('--verify', ...box);
    expect(at(verified, forgotten)).toMatchObject({
      risk: 'stuck',
      verified: { kind: 'unanswered', probes: 3 },
      keepalive: { enabled: false },
    });
    expect(at(verified, probed)).toMatchObject({
      risk: 'ok',
      verified: { kind: 'answered' },
      recognised: 'Node.js (libuv)',
    });
    expect(at(verified, fresh)).toMatchObject({ verified: { kind: 'answered' } });
    expect(verified.findings.find(({ message }) => /did not answer/.test(message))).toMatchObject({
      rule: 'half-open-suspected',
      severity: 'error',
      evidence: { sockets: 1 },
    });
    // The probes that nobody answered have left no trace in the socket: it lives on and knows nothing.
    expect(at(await look(...box), forgotten)).toMatchObject({
      state: 'established',
      unansweredProbes: 0,
      retransmits: 0,
    });
    expect(client.events.filter(({ id }) => id === 'forgotten')).toEqual([]);
    expect(await forgottenCount(lab.firewall)).toBeGreaterThan(before);
  });

  it('an unanswered keepalive probe is dying, and --verify need not ask', async () => {
    const port = await connect('dying', true);
    await lab.firewall.nft('add rule inet lab adhoc drop\n');
    try {
      await until('a probe is unanswered', async () => at(await look(), port).risk === 'dying', 30_000);
      const report = await look();
      expect(report.findings.map(({ rule, severity }) => [rule, severity])).toContainEqual([
        'half-open-suspected',
        'warning',
      ]);
    } finally {
      await lab.firewall.nft('flush chain inet lab adhoc\n');
    }
  });

  const isRoot = process.geteuid?.() === 0;
  describe.skipIf(!isRoot)(`asked by an ordinary user${isRoot ? '' : ' (skipped, needs root)'}`, () => {
    const lookAsNobody = async (...args: string[]): Promise<ReportOf<'sockets'>> => {
      const argv = [...AS_NOBODY, process.execPath, PROGRAM, 'sockets', '--format', 'json', '--remote', `:${PORT}`];
      const { stdout, stderr } = await lab.client.run([...argv, ...args], { timeoutMs: 60_000 });
      if (stdout === '') throw new Error(stderr);
      return JSON.parse(stdout);
    };
    const settings = (report: ReportOf<'sockets'>, ports: readonly number[]) =>
      ports.map((port) => at(report, port).keepalive);

    it("verifies connections of the user's own by keepalive probes, and sets back what that changed", async () => {
      await remember(5);
      const others = await connect('others');
      const own = startPeer(lab.client, 'tcp-client', [], AS_NOBODY);
      const open = async (id: string, keepalive = false): Promise<number> => {
        own.tell({ do: 'connect', id, host: lab.server.addresses.ipv4, port: PORT, keepalive });
        const { port } = await own.next({ event: 'connected', id });
        if (port === undefined) throw new Error('a connection has a port');
        return port;
      };
      const box = ['--middlebox-timeout', '5s'];
      const forgotten = await open('forgotten');
      const before = await look(...box);
      await until(
        'the silence is longer than the timeout',
        async () => at(await look(...box), forgotten).risk === 'stuck',
        30_000,
      );
      await remember(600);
      const alive = await open('alive');
      await until('it has been silent for a second', async () => (at(await look(), alive).lastReceivedMs ?? 0) > 1000);
      const verified = await lookAsNobody('--verify', ...box);
      const by = { method: 'keepalive-probe', idlePinned: true };
      expect(at(verified, forgotten)).toMatchObject({
        risk: 'stuck',
        verified: { kind: 'unanswered', probes: 3, by },
      });
      expect(at(verified, alive)).toMatchObject({ verified: { kind: 'answered', by } });
      expect(at(verified, others)).toMatchObject({
        verified: { kind: 'unmeasured', reason: 'no process is known to hold it' },
      });
      expect(verified.data.doubts).toContainEqual(
        expect.stringMatching(/^without CAP_NET_ADMIN --verify asked on 2 sockets by keepalive probes: /),
      );
      expect(verified.data.doubts).toContainEqual(
        expect.stringMatching(/^on 2 of these TCP_KEEPIDLE was that of the sysctl/),
      );
      const after = await look(...box);
      expect(settings(after, [forgotten])).toEqual(settings(before, [forgotten]));
      expect(at(after, alive)).toMatchObject({ keepalive: { enabled: false, idleMs: 7_200_000 }, nextProbeMs: null });
      // What it has no answer to stays counted, so that whoever looks next knows without asking.
      expect(at(after, forgotten)).toMatchObject({ state: 'established', unansweredProbes: 3, risk: 'stuck' });
      expect(own.events).toEqual([]);
    });

    it('leaves the trace that it tells of: an idle time of the sysctl is fixed at its value, one of its own is not touched', async () => {
      const own = startPeer(lab.client, 'tcp-client', [], AS_NOBODY);
      const open = async (id: string, keepalive: boolean): Promise<number> => {
        own.tell({ do: 'connect', id, host: lab.server.addresses.ipv4, port: PORT, keepalive });
        const { port } = await own.next({ event: 'connected', id });
        if (port === undefined) throw new Error('a connection has a port');
        return port;
      };
      await remember(600);
      const asked = await open('asked', false);
      await until('it has been silent for a second', async () => (at(await look(), asked).lastReceivedMs ?? 0) > 1000);
      const verified = await lookAsNobody('--verify', '--local', `:${asked}`);
      expect(at(verified, asked)).toMatchObject({ verified: { kind: 'answered', by: { idlePinned: true } } });
      const notAsked = await open('not asked', false);
      const set = async (seconds: number) =>
        lab.client.run(['sh', '-c', `echo ${seconds} > /proc/sys/net/ipv4/tcp_keepalive_time`]);
      expect(await set(333)).toMatchObject({ code: 0 });
      try {
        const idle = settings(await look(), [asked, notAsked]).map((keepalive) =>
          keepalive.source === 'getsockopt' ? keepalive.idleMs : keepalive.source,
        );
        expect(idle).toEqual([7_200_000, 333_000]);
      } finally {
        await set(7200);
      }
    });
  });
});
