import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createLab, type Lab, probeLab } from '../../src/lab/lab.ts';
import type { LabOptions } from '../../src/lab/options.ts';
import type { MeasureData } from '../../src/report/measure.ts';
import type { Report } from '../../src/report.ts';
import { runToEnd, startPeer } from './helpers.ts';

let nextPort = 7000;
const PROGRAM = fileURLToPath(new URL('../../bin/kaprobe.js', import.meta.url));
const ability = await probeLab();
const lacking = ability.kind === 'available' ? '' : ` (skipped, no lab here: ${ability.reason})`;

/** Wall time in units of the timeout that so many connections may take, besides six seconds. */
const FACTOR: Readonly<Record<number, number>> = { 16: 1.6, 64: 1.25, 128: 1.1 };

/** A measurement through a lab, and what its firewall really is. */
interface Run {
  report: Report<'measure'>;
  wallMs: number;
}

async function measureIn(
  lab: Lab,
  args: readonly string[],
  {
    closeAfterMs = 0,
    interruptAfterMs,
    target: named,
  }: { closeAfterMs?: number; interruptAfterMs?: number; target?: string } = {},
): Promise<Run> {
  const port = nextPort++;
  await startPeer(lab.server, 'sink', [String(port), String(closeAfterMs)]).next({ event: 'listening' });
  const target = named ?? `${lab.server.addresses.ipv4}:${port}`;
  const startedAtMs = performance.now();
  const { stdout, stderr } = await runToEnd(
    lab.client,
    [process.execPath, PROGRAM, 'measure', target, ...args, '--format', 'json'],
    (child) => {
      if (interruptAfterMs !== undefined) setTimeout(() => child.kill('SIGINT'), interruptAfterMs);
    },
  );
  const wallMs = performance.now() - startedAtMs;
  if (stdout === '') throw new Error(stderr);
  return { report: JSON.parse(stdout), wallMs };
}

async function measureThrough(options: LabOptions, args: readonly string[]): Promise<Run & { lab: Lab }> {
  await using lab = await createLab(options);
  return { ...(await measureIn(lab, args)), lab };
}

function expectBracket({ idleTimeout }: MeasureData, timeoutMs: number): void {
  const { lowerMs, upperMs } = idleTimeout;
  const seen = JSON.stringify(idleTimeout);
  expect(lowerMs, seen).not.toBeNull();
  expect(upperMs, seen).not.toBeNull();
  expect(lowerMs ?? 0, seen).toBeLessThanOrEqual(timeoutMs);
  expect(upperMs ?? 0, seen).toBeGreaterThanOrEqual(timeoutMs);
  expect((upperMs ?? 0) - (lowerMs ?? 0), seen).toBeLessThanOrEqual(Math.max(1000, 0.02 * timeoutMs));
}

describe.skipIf(ability.kind !== 'available').concurrent(`measure across a real firewall${lacking}`, () => {
  it.each([
    [7, 'drop', 128],
    [7, 'reset', 64],
    [7, 'drop', 16],
    [11, 'drop', 64],
    [11, 'reset', 128],
    [20, 'drop', 128],
    [20, 'drop', 16],
    [20, 'reset', 16],
    [30, 'drop', 64],
  ] as const)('%i s, %s, %i connections: the truth in the bracket, in time', async (seconds, onExpiry, connections) => {
    const timeoutMs = seconds * 1000;
    const { report, wallMs } = await measureThrough({ firewall: { idleTimeoutMs: timeoutMs, onExpiry } }, [
      '--connections',
      String(connections),
    ]);
    const { data, findings } = report;
    expectBracket(data, timeoutMs);
    expect(data.idleTimeout.outcome).toBe(onExpiry === 'drop' ? 'stalled' : 'reset');
    expect(data).toMatchObject({ endedBy: 'path', keepaliveRefreshes: true, doubts: [] });
    expect(data.connections).toBeLessThanOrEqual(connections);
    expect(wallMs).toBeLessThanOrEqual((FACTOR[connections] ?? 0) * timeoutMs + 6000);
    expect(findings.map(({ rule }) => rule)).toEqual(['path-idle-timeout']);
  });

  it('a firewall that keepalive does not refresh is told, with the same bracket', async () => {
    const { report } = await measureThrough({ firewall: { idleTimeoutMs: 9000, keepaliveBlind: true } }, []);
    expectBracket(report.data, 9000);
    expect(report.data.keepaliveRefreshes).toBe(false);
    expect(report.exitCode).toBe(1);
    expect(report.findings.map(({ rule }) => rule)).toEqual(['keepalive-does-not-refresh', 'path-idle-timeout']);
  });

  it('a tenth of all packets lost each way changes neither the truth nor the width', async () => {
    const { report } = await measureThrough({ firewall: { idleTimeoutMs: 12_000 }, lossPercent: 10 }, []);
    expectBracket(report.data, 12_000);
  });

  it('the firewall is named with --locate', async () => {
    const { report, lab } = await measureThrough({ firewall: { idleTimeoutMs: 6000 } }, ['--locate', '--max', '1m']);
    expectBracket(report.data, 6000);
    const { dropper } = report.data;
    expect([dropper?.lastAnsweringAddress, dropper?.address]).toContain(lab.firewall.addresses.ipv4);
  });

  it.each([5, 8.3])('a server that closes after %f s is told from the path, within 0.3 s', async (seconds) => {
    await using lab = await createLab({ firewall: { idleTimeoutMs: 30_000 } });
    const { report } = await measureIn(lab, [], { closeAfterMs: seconds * 1000 });
    const { idleTimeout, endedBy } = report.data;
    expect(endedBy).toBe('peer');
    expect(idleTimeout.outcome).toBe('closed');
    for (const ms of [idleTimeout.lowerMs, idleTimeout.upperMs])
      expect(Math.abs((ms ?? 0) - seconds * 1000)).toBeLessThan(300);
    expect(report.findings.map(({ rule }) => rule)).toEqual(['peer-closes-first']);
  });

  it('nothing that dies within the limit is said so, and is no finding', async () => {
    const { report } = await measureThrough({}, ['--min', '2s', '--max', '7s', '--connections', '16']);
    expect(report.data.idleTimeout).toEqual({ lowerMs: expect.any(Number), upperMs: null, outcome: 'alive' });
    expect(report.data.idleTimeout.lowerMs).toBeGreaterThan(6900);
    expect(report).toMatchObject({ exitCode: 0, findings: [] });
  });

  it('Ctrl-C prints the bracket so far, and --resume goes on with it', async () => {
    await using lab = await createLab({ firewall: { idleTimeoutMs: 14_000 } });
    const folder = mkdtempSync(join(tmpdir(), 'kaprobe-'));
    const file = join(folder, 'notes');
    try {
      const cut = await measureIn(lab, ['--resume', file], { interruptAfterMs: 9500 });
      expect(cut.report.exitCode).toBe(130);
      expect(cut.report.data.idleTimeout).toEqual({ lowerMs: expect.any(Number), upperMs: null, outcome: 'alive' });
      expect(JSON.parse(readFileSync(file, 'utf8')).lowerMs).toBeGreaterThan(7000);
      const { target } = cut.report.data;
      const { report } = await measureIn(lab, ['--resume', file, '--connections', '16'], { target });
      expectBracket(report.data, 14_000);
      expect(report.data.rungs.every(({ plannedMs }) => plannedMs > 7000)).toBe(true);
      writeFileSync(file, '{"format":"kaprobe-measure-1","target":"h:1","lowerMs":1,"upperMs":null}');
      await expect(measureIn(lab, ['--resume', file])).rejects.toThrow('is about another target');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
