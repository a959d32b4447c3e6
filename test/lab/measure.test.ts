import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, type ExpectStatic, it, vi } from 'vitest';
import type { ReportOf } from '../../src/commands/index.ts';
import { createLab, type Lab, probeLab } from '../../src/commands/lab/lab.ts';
import type { LabOptions } from '../../src/commands/lab/options.ts';
import { writeNotes } from '../../src/commands/measure/measurement-file.ts';
import type { MeasuredDirection } from '../../src/commands/measure/report.ts';

import { runToEnd, startPeer, until } from './helpers.ts';

// These tests do little but wait: all side by side, and a good part of each is waiting for its turn.
vi.setConfig({ maxConcurrency: 40, testTimeout: 300_000 });

let nextPort = 7000;
const PROGRAM = fileURLToPath(new URL('../../bin/kaprobe.js', import.meta.url));
const ability = await probeLab();
const lacking = ability.kind === 'available' ? '' : ` (skipped, no lab here: ${ability.reason})`;

/** Wall time in units of the timeout that so many connections may take, besides six seconds: the goal, which ladder.sweep.test.ts holds to exactly. */
const FACTOR: Readonly<Record<number, number>> = { 16: 1.6, 64: 1.25, 128: 1.1 };
/** What a machine with more to do than it can (a load of 8 on two cores) may take longer, program starts included. Right it has to be all the same. */
const BUSY_MS = 20_000;

function longestMs(connections: number, timeoutMs: number): number {
  return (FACTOR[connections] ?? 0) * timeoutMs + 6000 + BUSY_MS;
}

/** A measurement through a lab. */
interface Run {
  report: ReportOf<'measure'>;
  wallMs: number;
}

/** What listens at the far end, unless another target is named: nothing but a sink, or `kaprobe serve`. */
type FarEnd = { serve?: boolean; room?: number };

/**
 * Labs are built and programs started one after the other, and one in a lab that is there before the next lab: what has been started waits,
 * side by side, and hardly computes.
 */
const turns: (() => Promise<void>)[] = [];
let turning = false;
function inTurn<T>(start: () => Promise<T>, { first = false } = {}): Promise<T> {
  return new Promise((resolve, reject) => {
    const turn = (): Promise<void> => start().then(resolve, reject);
    if (first) turns.unshift(turn);
    else turns.push(turn);
    void takeTurns();
  });
}
async function takeTurns(): Promise<void> {
  if (turning) return;
  turning = true;
  for (let turn = turns.shift(); turn !== undefined; turn = turns.shift()) await turn();
  turning = false;
}
/** What a program takes to start and to open its connections. */
const STARTING_MS = 400;

async function listen(lab: Lab, { serve = false, room = 1000 }: FarEnd): Promise<string> {
  const port = nextPort++;
  if (serve) {
    const where = ['--host', '0.0.0.0', '--port', String(port), '--max-connections', String(room)];
    const argv = [process.execPath, PROGRAM, 'serve', ...where];
    const { stderr } = lab.server.spawn(argv, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    stderr?.on('data', (text) => {
      said = `${said}${text}`.slice(0, 1000);
    });
    await until('kaprobe serve listens', () => said.includes('listening on'), 30_000);
  } else {
    await startPeer(lab.server, 'sink', [String(port)]).next({ event: 'listening' });
  }
  return `${lab.server.addresses.ipv4}:${port}`;
}

async function measureIn(
  lab: Lab,
  args: readonly string[],
  { interruptWhen, target: named, ...farEnd }: FarEnd & { interruptWhen?: () => boolean; target?: string } = {},
): Promise<Run> {
  const { startedAtMs, ended } = await inTurn(
    async () => {
      const target = named ?? (await listen(lab, farEnd));
      const argv = [process.execPath, PROGRAM, 'measure', target, ...args, '--format', 'json'];
      const started = {
        startedAtMs: performance.now(),
        ended: runToEnd(lab.client, argv, (child) => {
          if (interruptWhen !== undefined)
            void until('it is time to interrupt', interruptWhen, 60_000).finally(() => child.kill('SIGINT'));
        }),
      };
      await sleep(STARTING_MS);
      return started;
    },
    { first: true },
  );
  const { stdout, stderr } = await ended;
  const wallMs = performance.now() - startedAtMs;
  if (stdout === '') throw new Error(stderr);
  return { report: JSON.parse(stdout), wallMs };
}

async function measureThrough(
  options: LabOptions,
  args: readonly string[],
  farEnd: FarEnd = {},
): Promise<Run & { lab: Lab }> {
  await using lab = await inTurn(() => createLab(options));
  return { ...(await measureIn(lab, args, farEnd)), lab };
}

function expectBracket(
  expect: ExpectStatic,
  { idleTimeout, tests, doubts }: MeasuredDirection,
  timeoutMs: number,
  widestMs = Math.max(1000, 0.02 * timeoutMs),
): void {
  const { lowerMs, upperMs } = idleTimeout;
  const seen = JSON.stringify({ idleTimeout, doubts, tests });
  expect(lowerMs, seen).not.toBeNull();
  expect(upperMs, seen).not.toBeNull();
  expect(lowerMs ?? 0, seen).toBeLessThanOrEqual(timeoutMs);
  expect(upperMs ?? 0, seen).toBeGreaterThanOrEqual(timeoutMs);
  expect((upperMs ?? 0) - (lowerMs ?? 0), seen).toBeLessThanOrEqual(widestMs);
}

describe.skipIf(ability.kind !== 'available').concurrent(`measure across a real firewall${lacking}`, () => {
  // All of them wait at the same time, so those that take longest come first.
  it('Ctrl-C prints the bracket so far, and --resume goes on with it', async ({ expect }) => {
    await using lab = await inTurn(() => createLab({ firewall: { idleTimeoutMs: 14_000 } }));
    const folder = mkdtempSync(join(tmpdir(), 'kaprobe-'));
    const file = join(folder, 'notes');
    try {
      const knownMs = (): number => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).lowerMs : 0);
      const cut = await measureIn(lab, ['--resume', file], { interruptWhen: () => knownMs() > 7000 });
      expect(cut.report.exitCode).toBe(130);
      expect(cut.report.data.idleTimeout).toEqual({ lowerMs: expect.any(Number), upperMs: null, outcome: 'alive' });
      const { target } = cut.report.data;
      const { report } = await measureIn(lab, ['--resume', file, '--connections', '16'], { target });
      expectBracket(expect, report.data, 14_000);
      expect(report.data.tests.every(({ plannedMs }) => plannedMs > 7000)).toBe(true);
      await expect(measureIn(lab, ['--resume', file, '--direction', 'server'], { target })).rejects.toThrow(
        'is about another direction: --direction client',
      );
      writeFileSync(file, writeNotes({ target: 'h:1', direction: 'client', lowerMs: 1, upperMs: null }));
      await expect(measureIn(lab, ['--resume', file])).rejects.toThrow('is about another target');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('a tenth of all packets lost each way does not hide after how long the far end is lost', async ({ expect }) => {
    const { report } = await measureThrough(
      { firewall: { idleTimeoutMs: 10_000 }, lossPercent: 10 },
      ['--direction', 'server'],
      { serve: true },
    );
    // When the far end spoke is known less well where the call to it, or its word that it did, had to be sent again.
    expectBracket(expect, report.data, 10_000, 4000);
  });

  it.for([45, 30, 20, 11, 7].flatMap((seconds) => [[seconds, 'drop'] as const, [seconds, 'reset'] as const]))(
    '%i s, %s: the truth in the bracket, in time, with 16, 64 and 128 connections',
    async ([seconds, onExpiry], { expect }) => {
      const timeoutMs = seconds * 1000;
      await using lab = await inTurn(() => createLab({ firewall: { idleTimeoutMs: timeoutMs, onExpiry } }));
      const runs = [16, 128, 64].map(async (connections) => {
        const { report, wallMs } = await measureIn(lab, ['--connections', String(connections)]);
        const { data, findings } = report;
        expectBracket(expect, data, timeoutMs);
        expect(data.idleTimeout.outcome).toBe(onExpiry === 'drop' ? 'stalled' : 'reset');
        expect(data).toMatchObject({ direction: 'client', endedBy: 'path', keepaliveRefreshes: true, doubts: [] });
        expect(data.connections).toBeLessThanOrEqual(connections);
        expect(wallMs, `${connections} connections`).toBeLessThanOrEqual(longestMs(connections, timeoutMs));
        expect(findings.map(({ rule }) => rule)).toEqual(['path-idle-timeout']);
      });
      await Promise.all(runs);
    },
  );

  it.for([
    [11, 'drop', 16],
    [11, 'reset', 128],
    [7, 'drop', 64],
  ] as const)(
    '%i s, %s: what the far end says first is lost from then on, in the same time with %i connections',
    async ([seconds, onExpiry, connections], { expect }) => {
      const timeoutMs = seconds * 1000;
      const { report, wallMs } = await measureThrough(
        { firewall: { idleTimeoutMs: timeoutMs, onExpiry } },
        ['--direction', 'server', '--connections', String(connections)],
        { serve: true },
      );
      const { data, findings } = report;
      expectBracket(expect, data, timeoutMs);
      // A RST goes to the far end, which sent what drew it: here it is silent.
      expect(data.idleTimeout.outcome).toBe('stalled');
      expect(data).toMatchObject({ direction: 'server', endedBy: 'path', keepaliveRefreshes: true, doubts: [] });
      expect(data.connections).toBeLessThanOrEqual(connections);
      // What is lost the far end sends again after ever longer times, so that a verdict takes longer than one by probes.
      expect(wallMs).toBeLessThanOrEqual(longestMs(connections, timeoutMs) + 2000);
      expect(findings.map(({ rule }) => rule)).toEqual(['path-idle-timeout']);
    },
  );

  it('a firewall that forgets both directions at once gives two brackets that agree', async ({ expect }) => {
    const { report, lab } = await measureThrough(
      { firewall: { idleTimeoutMs: 9000 } },
      ['--direction', 'both', '--locate'],
      { serve: true },
    );
    const { data, findings } = report;
    expectBracket(expect, data, 9000);
    if (data.farEndFirst === null) throw new Error('there are two');
    expectBracket(expect, data.farEndFirst, 9000);
    expect(findings.map(({ rule }) => rule)).toEqual(['path-idle-timeout', 'dropper-named']);
    expect(findings[0]?.message).toMatch(/, whichever side it comes from$/);
    expect([data.dropper?.lastAnsweringAddress, data.dropper?.address]).toContain(lab.firewall.addresses.ipv4);
  });

  it('a firewall that learns again from inside only holds for this side, and is measured by what the far end says first', async ({
    expect,
  }) => {
    await using lab = await inTurn(() => createLab({ firewall: { idleTimeoutMs: 8000, onExpiry: 'relearn' } }));
    // As in cloud networks that let everything out: a segment from inside makes a new entry, one from outside does not.
    await lab.firewall.nft('add rule inet lab adhoc iifname "toserver" ct state new drop');
    const { report } = await measureIn(lab, ['--direction', 'both', '--max', '16s'], { serve: true });
    const { data, findings } = report;
    expect(data.idleTimeout).toEqual({ lowerMs: expect.any(Number), upperMs: null, outcome: 'alive' });
    expect(data.idleTimeout.lowerMs).toBeGreaterThan(15_500);
    if (data.farEndFirst === null) throw new Error('there are two');
    expectBracket(expect, data.farEndFirst, 8000);
    expect(data.farEndFirst).toMatchObject({ endedBy: 'path', keepaliveRefreshes: true });
    expect(findings.map(({ rule }) => rule)).toEqual(['path-idle-timeout', 'directions-differ']);
  });

  it.for(['client', 'server'])(
    'a far end that has room for fewer connections is measured with those, direction %s',
    async (direction, { expect }) => {
      const { report } = await measureThrough(
        { firewall: { idleTimeoutMs: 8000 } },
        ['--direction', direction, '--connections', '64'],
        { serve: true, room: 20 },
      );
      expectBracket(expect, report.data, 8000, 2000); // there may be none left to narrow it
      expect(report.data.doubts).toContainEqual(expect.stringMatching(/^fewer connections than asked for: the peer/));
    },
  );

  it('a far end that is not kaprobe serve cannot be made to speak, which is said', async ({ expect }) => {
    await using lab = await inTurn(() => createLab());
    await expect(measureIn(lab, ['--direction', 'server'])).rejects.toThrow(
      /does not speak when it is asked to, as kaprobe serve does: .*\nhint: run kaprobe serve --host 0.0.0.0 --port \d+ there, or leave --direction out/,
    );
  });

  it('a firewall that keepalive does not refresh is told, with the same bracket', async ({ expect }) => {
    const { report } = await measureThrough({ firewall: { idleTimeoutMs: 9000, keepaliveBlind: true } }, []);
    expectBracket(expect, report.data, 9000);
    expect(report.data.keepaliveRefreshes).toBe(false);
    expect(report.exitCode).toBe(1);
    expect(report.findings.map(({ rule }) => rule)).toEqual(['keepalive-does-not-refresh', 'path-idle-timeout']);
  });

  it('a tenth of all packets lost each way changes neither the truth nor the width', async ({ expect }) => {
    const { report } = await measureThrough({ firewall: { idleTimeoutMs: 12_000 }, lossPercent: 10 }, []);
    expectBracket(expect, report.data, 12_000);
  });

  it('the firewall is named with --locate', async ({ expect }) => {
    const { report, lab } = await measureThrough({ firewall: { idleTimeoutMs: 6000 } }, ['--locate', '--max', '1m']);
    expectBracket(expect, report.data, 6000);
    const { dropper } = report.data;
    expect([dropper?.lastAnsweringAddress, dropper?.address]).toContain(lab.firewall.addresses.ipv4);
  });

  it.for([5, 8.3])(
    'a server that closes after %f s is told from the path, within 0.3 s',
    async (seconds, { expect }) => {
      await using lab = await inTurn(() => createLab({ firewall: { idleTimeoutMs: 30_000 } }));
      const port = nextPort++;
      const server = startPeer(lab.server, 'sink', [String(port), String(seconds * 1000)]);
      await server.next({ event: 'listening' });
      const { report } = await measureIn(lab, [], { target: `${lab.server.addresses.ipv4}:${port}` });
      const { idleTimeout, endedBy } = report.data;
      expect(endedBy).toBe('peer');
      expect(idleTimeout.outcome).toBe('closed');
      // On a busy machine it closes late itself.
      const closedAfterMs = server.events.flatMap(({ event, afterMs = 0 }) => (event === 'closed' ? [afterMs] : []));
      expect(idleTimeout.lowerMs).toBeGreaterThan(Math.min(...closedAfterMs) - 300);
      expect(idleTimeout.upperMs).toBeLessThan(Math.max(...closedAfterMs) + 300);
      expect(report.findings.map(({ rule }) => rule)).toEqual(['peer-closes-first']);
    },
  );

  it('nothing that dies within the limit is said so, and is no finding', async ({ expect }) => {
    const { report } = await measureThrough({}, ['--min', '2s', '--max', '7s', '--connections', '16']);
    expect(report.data.idleTimeout).toEqual({ lowerMs: expect.any(Number), upperMs: null, outcome: 'alive' });
    expect(report.data.idleTimeout.lowerMs).toBeGreaterThan(6900);
    expect(report).toMatchObject({ exitCode: 0, findings: [] });
  });
});
