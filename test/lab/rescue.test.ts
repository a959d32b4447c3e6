import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { ReportOf } from '../../src/commands/index.ts';
import { createLab, type Lab, probeLab } from '../../src/commands/lab/lab.ts';

import { kaprobe, PROGRAM } from '../cli/kaprobe.ts';
import { BLOCKED_WORKER, follow, python, type Worker } from '../cli/workers.ts';
import { forgottenCount, startPeer, until } from './helpers.ts';

const PORT = 7000;
const FORGETS_AFTER_MS = 2000;
const ability = await probeLab();
const lacking =
  ability.kind !== 'available'
    ? ` (skipped, no lab here: ${ability.reason})`
    : python === ''
      ? ' (skipped: needs python3)'
      : '';

/** A worker on the client host that waits in recv() on a connection which the firewall has forgotten. */
async function stuckWorker(lab: Lab): Promise<Worker> {
  const server = startPeer(lab.server, 'tcp-server', [String(PORT)]);
  await server.next({ event: 'listening' });
  const { ipv4 } = lab.server.addresses;
  const child = lab.client.spawn([python, '-u', '-c', BLOCKED_WORKER(ipv4, PORT)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const worker = follow(child);
  expect(await worker.line()).toBe('reading');
  await sleep(FORGETS_AFTER_MS + 1500);
  return worker;
}

const reportOf = (stdout: string): ReportOf<'rescue'> => JSON.parse(stdout);
const QUICK = ['--idle', '1s', '--interval', '1s', '--count', '3'];

describe
  .skipIf(lacking !== '')
  .concurrent(`a worker stuck in recv() behind a firewall that has forgotten${lacking}`, () => {
    it('gets ETIMEDOUT once keepalive is switched on in it, and goes on', async ({ expect }) => {
      await using lab = await createLab({ firewall: { idleTimeoutMs: FORGETS_AFTER_MS } });
      const worker = await stuckWorker(lab);
      const remote = `${lab.server.addresses.ipv4}:${PORT}`;

      const found: ReportOf<'sockets'> = JSON.parse(
        (await kaprobe(['sockets', '--pid', String(worker.pid), '--middlebox-timeout', '2s', '--format', 'json']))
          .stdout,
      );
      expect(found).toMatchObject({
        exitCode: 1,
        data: {
          sockets: [
            { remote, risk: 'stuck', owners: [{ pid: worker.pid, fd: 3, blockedIn: 'recvfrom' }], receiveTimeoutMs: 0 },
          ],
        },
      });
      expect(found.data.sockets[0]?.lastReceivedMs).toBeGreaterThan(FORGETS_AFTER_MS);
      expect(found.findings.map(({ rule }) => rule)).toContain('half-open-suspected');
      expect(found.findings.find(({ rule }) => rule === 'blocked-read-without-timeout')?.message).toMatch(
        new RegExp(
          `^\\S+ ${worker.pid} waits in recvfrom on descriptor 3 to ${remote}, from where nothing has come for [\\d. ms]+;`,
        ),
      );

      const args = ['--netns', String(worker.pid), '--pid', String(worker.pid), ...QUICK];

      const shown = reportOf((await kaprobe(['rescue', ...args, '--format', 'json'])).stdout);
      expect(shown.data.sockets).toMatchObject([
        {
          remote,
          owners: [{ pid: worker.pid, blockedIn: 'recvfrom' }],
          before: { enabled: false },
          givenUpAfterMs: 3000,
        },
      ]);
      // Nothing has been sent through the firewall, and the worker still waits.
      expect(await forgottenCount(lab.firewall)).toBe(0);

      const rescuedAtMs = performance.now();
      const done = kaprobe(['rescue', ...args, '--yes', '--wait', '15s', '--format', 'json']);
      expect(await worker.line()).toBe('ETIMEDOUT');
      const tookMs = performance.now() - rescuedAtMs;
      // Three probes, the first at once; and kaprobe's own start.
      expect(tookMs).toBeGreaterThan(2900);
      expect(await worker.line()).toBe('connected again');
      expect(worker.child.exitCode).toBe(null);
      const { data, exitCode } = reportOf((await done).stdout);
      expect(exitCode).toBe(0);
      expect(data.sockets).toMatchObject([{ result: { kind: 'changed' }, followUp: { kind: 'ended' } }]);
      await until('the firewall has met the probes', async () => (await forgottenCount(lab.firewall)) >= 3);
    });

    it('gets the end of the stream at once by --shutdown, from within its namespace too, and goes on', async ({
      expect,
    }) => {
      await using lab = await createLab({ firewall: { idleTimeoutMs: FORGETS_AFTER_MS } });
      const worker = await stuckWorker(lab);
      const { stdout } = await lab.client.run([
        ...[process.execPath, PROGRAM, 'rescue', '--format', 'json', '--pid', String(worker.pid)],
        ...['--shutdown', '--yes'],
      ]);
      expect(await worker.line()).toBe('end of stream');
      expect(await worker.line()).toBe('connected again');
      expect(reportOf(stdout).data.sockets).toMatchObject([{ result: { kind: 'shut-down' } }]);
    });

    it('gets ECONNRESET where the firewall resets what it has forgotten', async ({ expect }) => {
      await using lab = await createLab({ firewall: { idleTimeoutMs: FORGETS_AFTER_MS, onExpiry: 'reset' } });
      const worker = await stuckWorker(lab);
      await kaprobe(['rescue', '--netns', String(worker.pid), '--remote', `:${PORT}`, ...QUICK, '--yes']);
      expect(await worker.line()).toBe('ECONNRESET');
      expect(await worker.line()).toBe('connected again');
    });

    it('is kept, and the firewall remembers, where it was rescued in time', async ({ expect }) => {
      await using lab = await createLab({ firewall: { idleTimeoutMs: 10_000 } });
      const server = startPeer(lab.server, 'tcp-server', [String(PORT)]);
      await server.next({ event: 'listening' });
      const script = BLOCKED_WORKER(lab.server.addresses.ipv4, PORT);
      const worker = follow(lab.client.spawn([python, '-u', '-c', script], { stdio: ['pipe', 'pipe', 'inherit'] }));
      expect(await worker.line()).toBe('reading');
      const args = ['rescue', '--netns', String(worker.pid), '--pid', String(worker.pid), ...QUICK, '--yes'];
      const { stdout } = await kaprobe([...args, '--wait', '10s', '--format', 'json']);
      expect(reportOf(stdout).data.sockets, stdout).toMatchObject([{ followUp: { kind: 'answered' } }]);
      await sleep(11_500);
      expect(await forgottenCount(lab.firewall)).toBe(0);
      expect(worker.child.exitCode).toBe(null);
    });
  });
