import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CheckedTarget } from '../../src/commands/check/report.ts';
import type { ReportOf } from '../../src/commands/index.ts';
import { createLab, type Lab, probeLab } from '../../src/commands/lab/lab.ts';
import type { LabOptions } from '../../src/commands/lab/options.ts';

import { startPeer } from './helpers.ts';

const PORT = 7000;
const PROGRAM = fileURLToPath(new URL('../../bin/kaprobe.js', import.meta.url));
const ability = await probeLab();
const lacking = ability.kind === 'available' ? '' : ` (skipped, no lab here: ${ability.reason})`;

/** Segments of an established connection that carry nothing: keepalive probes from the client's side. */
const EMPTY_FROM_CLIENT = 'iifname "toclient" tcp flags & (syn | fin | rst | ack) == ack ct original packets > 2';

describe.skipIf(ability.kind !== 'available')(`check across a real firewall${lacking}`, () => {
  let lab: Lab;
  const open = async (options: LabOptions = {}): Promise<void> => {
    lab = await createLab(options);
    await startPeer(lab.server, 'tcp-server', [String(PORT)]).next({ event: 'listening' });
  };
  const onFirewall = (rule: string): Promise<void> => lab.firewall.nft(`add rule inet lab adhoc ${rule}\n`);
  const clean = (): Promise<void> => lab.firewall.nft('flush chain inet lab adhoc\n');

  async function checkFrom(argv: string[]): Promise<ReportOf<'check'>> {
    const { stdout, stderr } = await lab.client.run([...argv], { timeoutMs: 60_000 });
    if (stdout === '') throw new Error(stderr);
    return JSON.parse(stdout);
  }
  const check = (...args: string[]): Promise<ReportOf<'check'>> =>
    checkFrom([process.execPath, PROGRAM, 'check', '--format', 'json', ...args]);
  const first = ({ data }: ReportOf<'check'>): CheckedTarget => {
    const [target] = data.targets;
    if (target === undefined) throw new Error('no target');
    return target;
  };
  const rulesOf = ({ findings }: ReportOf<'check'>): string[] =>
    findings.map(({ rule }) => rule).filter((rule) => rule !== 'dead-peer-noticed-after');
  const v4 = (): string => `${lab.server.addresses.ipv4}:${PORT}`;

  describe('that forwards', () => {
    beforeAll(() => open());
    afterAll(() => lab.destroy());

    it('probes are answered, and the round trip is the kernel’s', async () => {
      const report = await check(
        v4(),
        ...(lab.server.addresses.ipv6 === null ? [] : [`[${lab.server.addresses.ipv6}]:${PORT}`]),
      );
      expect(report.exitCode).toBe(0);
      for (const { connect, keepalive, ping } of report.data.targets) {
        expect(connect).toMatchObject({ kind: 'connected', rttMs: expect.any(Number) });
        expect(keepalive.answer).toMatchObject({ kind: 'answered', probeCount: 1 });
        expect(ping.kind).toBe('answered');
      }
    });

    it('probes that a box drops are unanswered, and a new connection shows that the host lives', async () => {
      await lab.firewall.run(['sysctl', '-q', '-w', 'net.netfilter.nf_conntrack_acct=1']);
      await onFirewall(`${EMPTY_FROM_CLIENT} drop`);
      const report = await check(v4(), '--probes', '3');
      await clean();
      expect(report.exitCode).toBe(1);
      expect(first(report).keepalive.answer).toMatchObject({
        kind: 'unanswered',
        probeCount: 3,
        freshConnect: 'connected',
      });
      expect(rulesOf(report)).toEqual(['keepalive-probes-unanswered']);
    });

    it('probes that a box rejects with RST end the connection, which is reported as a reset', async () => {
      await onFirewall(`${EMPTY_FROM_CLIENT} reject with tcp reset`);
      const report = await check(v4());
      await clean();
      expect(first(report)).toMatchObject({ ended: { kind: 'reset' }, keepalive: { answer: { kind: 'unmeasured' } } });
      expect(rulesOf(report)).toEqual(['peer-ended-early']);
      expect(report.exitCode).toBe(1);
    });

    it('a SYN that is dropped times out, and ping tells that the host is up', async () => {
      await onFirewall('tcp flags & (syn | ack) == syn drop');
      const report = await check(v4(), '--timeout', '1500ms');
      await clean();
      expect(first(report)).toMatchObject({
        connect: { kind: 'timed-out', error: 'ETIMEDOUT' },
        ping: { kind: 'answered' },
      });
      expect(report.findings).toMatchObject([
        { rule: 'connection-timed-out', message: expect.stringContaining('the host answers ping') },
      ]);
    });

    it('a SYN that is rejected with ICMP is unreachable', async () => {
      await onFirewall('tcp flags & (syn | ack) == syn reject with icmpx type admin-prohibited');
      const report = await check(v4());
      await clean();
      expect(first(report).connect).toMatchObject({ kind: 'unreachable', error: 'EHOSTUNREACH' });
      expect(rulesOf(report)).toEqual(['address-unreachable']);
    });

    it('a SYN that is rejected with RST is refused', async () => {
      await onFirewall('tcp flags & (syn | ack) == syn reject with tcp reset');
      const report = await check(v4());
      await clean();
      expect(rulesOf(report)).toEqual(['connection-refused']);
    });

    it('a name that no server can be asked for is unresolved, soon', async () => {
      const startedAtMs = performance.now();
      const report = await check('db.example:5432', '--timeout', '2s');
      const elapsedMs = performance.now() - startedAtMs;
      expect(first(report)).toMatchObject({
        connect: { kind: 'unresolved', durationMs: null },
        address: null,
        addresses: [],
      });
      expect(rulesOf(report)).toEqual(['name-unresolved']);
      expect(elapsedMs).toBeLessThan(6000); // the resolver itself would take 10 s, and the thread that asks it holds the process
    });

    it('a family that is dropped without a word costs a quarter of a second, not the connection', async (context) => {
      const { ipv4, ipv6 } = lab.server.addresses;
      if (ipv6 === null) return context.skip('this kernel has no IPv6');
      const folder = mkdtempSync(join(tmpdir(), 'kaprobe-hosts-'));
      writeFileSync(join(folder, 'hosts'), `${ipv6} twofold.test\n${ipv4} twofold.test\n`);
      await onFirewall('meta nfproto ipv6 tcp flags & (syn | ack) == syn drop');
      const inPrivate = [
        'unshare',
        '--mount',
        'sh',
        '-c',
        'mount --bind "$1" /etc/hosts && shift && exec "$@"',
        'sh',
        join(folder, 'hosts'),
      ];
      const report = await checkFrom([
        ...inPrivate,
        process.execPath,
        PROGRAM,
        'check',
        '--format',
        'json',
        `twofold.test:${PORT}`,
      ]);
      await clean();
      rmSync(folder, { recursive: true });
      const { address, addresses, connect } = first(report);
      expect(addresses.toSorted()).toEqual([ipv4, ipv6].toSorted());
      expect({ address, kind: connect.kind }).toEqual({ address: ipv4, kind: 'connected' });
      expect(connect.durationMs).toBeLessThan(5000);
    });

    it('a host that is gone times out, and ping gets no answer either', async () => {
      await lab.setLink(lab.server, 'down');
      const report = await check(v4(), '--timeout', '1500ms');
      await lab.setLink(lab.server, 'up');
      expect(['timed-out', 'unreachable']).toContain(first(report).connect.kind); // the last router may say that nobody answers its ARP
      expect(first(report).ping.kind).not.toBe('answered');
      expect(report.exitCode).toBe(1);
    });
  });

  describe('that loses a fifth of all packets', () => {
    beforeAll(() => open({ lossPercent: 20 }));
    afterAll(() => lab.destroy());

    it('probes are answered all the same', async () => {
      // A probe and its answer both arrive with a chance of 0.64 at the least: all of 15 are lost once in 4.5 million times.
      const report = await check(...Array.from({ length: 20 }, v4), '--probes', '15', '--timeout', '60s');
      expect(report.data.targets.map(({ keepalive }) => keepalive.answer.kind)).toEqual(Array(20).fill('answered'));
    });
  });
});
