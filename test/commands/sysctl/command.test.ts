import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { CapabilityError, UsageError } from '../../../src/base/errors.ts';
import { room, type SysctlSources, sysctlFrom } from '../../../src/commands/sysctl/command.ts';
import type { SysctlData } from '../../../src/commands/sysctl/report.ts';
import { readSysctl } from '../../../src/linux/sysctl.ts';
import { type Outcome, sealReport } from '../../../src/report/report.ts';
import { runRoom } from '../../rooms.ts';

const ROOT = fileURLToPath(new URL('../../fixtures/proc-sys/', import.meta.url));
const sourcesOf = (fixture: string): SysctlSources => ({
  read: (name) => readSysctl(name, ROOT + fixture),
  inNetworkNamespaceOf: async (_pid, look) => look(),
});

/** Runs the command on a fixture with what a user would type. */
function run(fixture: string, argv: string[] = [], sources: Partial<SysctlSources> = {}): Promise<Outcome<SysctlData>> {
  return runRoom(sysctlFrom({ ...sourcesOf(fixture), ...sources }), argv);
}

const exitCode = (outcome: Outcome<SysctlData>): number =>
  sealReport('sysctl', outcome, { version: '0', startedAt: new Date(0), durationMs: 0, failOn: 'error' }).exitCode;
const rulesOf = ({ findings }: Outcome<SysctlData>): string[] => findings.map(({ rule }) => rule);
const settingOf = ({ data }: Outcome<SysctlData>, name: string) =>
  data.settings.find((setting) => setting.name === name);

const STOCK = 'stock-6.18-conntrack-loaded';

describe('sysctl', () => {
  test('derives from a stock kernel what it comes to', async () => {
    const outcome = await run(STOCK);
    expect(outcome.data).toMatchObject({
      pid: null,
      keepalive: { enabled: true, idleMs: 7_200_000, intervalMs: 75_000, count: 9, userTimeoutMs: 0 },
      keepaliveAppliesTo: expect.stringContaining('SO_KEEPALIVE'),
      firstProbeAfterMs: 7_200_000,
      deadAfterMs: 7_875_000,
      deadWriteAfterMs: { lowerMs: 924_600 },
      connectionsPerSecond: 470.5,
      middleboxes: [],
      middlebox: null,
      recommended: null,
    });
    expect(exitCode(outcome)).toBe(0);
  });

  test('finds nothing that differs on a stock kernel', async () => {
    const { data } = await run(STOCK);
    expect(data.settings.filter(({ differs }) => differs === true)).toEqual([]);
  });

  test('marks what differs from the default, and leaves open what has none', async () => {
    const outcome = await run('tuned-with-short-conntrack');
    expect(settingOf(outcome, 'net.ipv4.tcp_keepalive_time')).toMatchObject({
      value: '300',
      default: '7200',
      differs: true,
    });
    expect(settingOf(outcome, 'net.ipv4.tcp_keepalive_probes')).toMatchObject({ value: '4', differs: true });
    expect(settingOf(outcome, 'net.ipv4.tcp_syn_retries')).toMatchObject({ value: '6', differs: false });
    expect(settingOf(outcome, 'net.ipv4.tcp_max_tw_buckets')).toMatchObject({
      value: '131072',
      default: null,
      differs: null,
    });
    // 10000-65535 without 20000-20099 and 65535, each blocked for half a second.
    expect(outcome.data.connectionsPerSecond).toBe((55_536 - 101) * 2);
  });

  test('says that tcp_tw_recycle is gone, not that it is missing', async () => {
    const outcome = await run(STOCK);
    expect(settingOf(outcome, 'net.ipv4.tcp_tw_recycle')).toMatchObject({
      value: null,
      reason: 'gone since Linux 4.12',
      differs: null,
    });
    expect(outcome.gaps).toEqual([]);
  });

  test('warns of tcp_tw_recycle where a kernel still has it on', async () => {
    const outcome = await run('old-kernel-without-newer-settings');
    expect(rulesOf(outcome)).toContain('time-wait-recycled');
    expect(settingOf(outcome, 'net.ipv4.tcp_tw_recycle')).toMatchObject({ value: '1', differs: true });
  });

  test('reckons with the fixed values of a kernel without the newer settings', async () => {
    const { data } = await run('old-kernel-without-newer-settings');
    expect(data.deadWriteAfterMs?.lowerMs).toBe(924_600);
    expect(data.connectionsPerSecond).toBe(28_232);
  });

  test('takes an absent conntrack for an answer, not for a gap', async () => {
    const outcome = await run('old-kernel-without-newer-settings');
    const conntrack = outcome.data.settings.filter(({ group }) => group === 'conntrack');
    expect(conntrack.map(({ reason }) => reason)).toEqual(conntrack.map(() => 'not loaded in this namespace'));
    expect(outcome.gaps).toEqual([]);
  });

  test('warns where this host’s own conntrack forgets before the first probe', async () => {
    expect(rulesOf(await run('tuned-with-short-conntrack'))).toContain('local-conntrack-forgets-first');
  });

  test('says why a setting cannot be read that every kernel has', async () => {
    const denied: SysctlSources['read'] = (name) => ({
      kind: 'unreadable',
      errno: 'EACCES',
      reason: `cannot read ${name}: EACCES`,
    });
    const outcome = await run(STOCK, [], { read: denied });
    expect(outcome.data.settings.map(({ reason }) => reason)).toEqual(
      outcome.data.settings.map(({ name }) => `cannot read ${name}: EACCES`),
    );
    expect(outcome.data).toMatchObject({
      deadWriteAfterMs: null,
      connectionsPerSecond: null,
      firstProbeAfterMs: null,
      deadAfterMs: null,
    });
    expect(exitCode(outcome)).toBe(2);
  });

  test.each(['keepalive-hidden', 'values-are-no-numbers'])(
    'cannot tell where the keepalive settings cannot be read: %s',
    async (fixture) => {
      const outcome = await run(fixture, ['--middlebox-timeout', '30m']);
      expect(outcome.data.keepalive).toMatchObject({ kind: 'unmeasured' });
      expect(outcome.gaps).toMatchObject([{ subject: 'sysctl', what: 'keepalive settings' }]);
      expect(exitCode(outcome)).toBe(2);
    },
  );

  test('leaves open what cannot be derived', async () => {
    const { data } = await run('values-are-no-numbers');
    expect(data).toMatchObject({ deadWriteAfterMs: null, connectionsPerSecond: null });
  });
});

describe('sysctl against middleboxes', () => {
  test('finds a stock host too slow for a 30 minute firewall', async () => {
    const outcome = await run(STOCK, ['--middlebox', 'juniper-srx-tcp']);
    expect(outcome.data.middlebox).toMatchObject({ id: 'juniper-srx-tcp', idleTimeoutMs: 1_800_000 });
    expect(rulesOf(outcome)).toContain('keepalive-slower-than-middlebox');
    expect(exitCode(outcome)).toBe(1);
  });

  test('finds nothing wrong with a tuned host behind the same firewall', async () => {
    expect(exitCode(await run('tuned-with-short-conntrack', ['--middlebox', 'juniper-srx-tcp']))).toBe(0);
  });

  test('judges against the strictest of several, and reports all', async () => {
    const { data } = await run(STOCK, [
      '--middlebox',
      'juniper-srx-tcp',
      '--middlebox-timeout',
      '6m',
      '--middlebox-timeout',
      '1h',
    ]);
    expect(data.middlebox).toMatchObject({ kind: 'timeout', idleTimeoutMs: 360_000 });
    expect(data.middleboxes.map(({ idleTimeoutMs }) => idleTimeoutMs)).toEqual([1_800_000, 360_000, 3_600_000]);
  });
});

describe('sysctl --recommend', () => {
  const recommend = async (...argv: string[]): Promise<string[]> =>
    (await run(STOCK, ['--recommend', ...argv])).data.recommended ?? [];
  const values = (lines: string[]): string[] => lines.filter((line) => !line.startsWith('#'));
  const prose = (lines: string[]): string => lines.map((line) => line.replace(/^# ?/, '')).join(' ');

  test('gives a complete file for the strictest middlebox', async () => {
    const lines = await recommend('--middlebox', 'juniper-srx-tcp', '--middlebox-timeout', '6m');
    expect(values(lines)).toEqual([
      'net.ipv4.tcp_keepalive_time = 120',
      'net.ipv4.tcp_keepalive_intvl = 15',
      'net.ipv4.tcp_keepalive_probes = 4',
    ]);
    const text = prose(lines);
    expect(text).toContain('For the middlebox, which forgets an idle connection after 6 m, the shortest of 2 given.');
    expect(text).toContain('/etc/sysctl.d/60-kaprobe.conf');
    expect(text).toContain('sysctl --system');
    expect(text).toContain('never sets SO_KEEPALIVE');
    expect(text).toContain('--sysctl net.ipv4.tcp_keepalive_time=120');
    expect(text).toContain('securityContext.sysctls');
  });

  test('is a file that sysctl(8) reads: comments and assignments of at most 80 columns', async () => {
    for (const argv of [
      [],
      ['--middlebox', 'aws-alb'],
      ['--middlebox-timeout', '10s'],
      ['--middlebox-timeout', '6m', '--middlebox', 'aws-alb'],
    ]) {
      for (const line of await recommend(...argv)) {
        expect(line).toMatch(/^(#( .*)?|net\.ipv4\.tcp_keepalive_\w+ = \d+)$/);
        expect(line.length).toBeLessThanOrEqual(80);
      }
    }
  });

  test('clears what it was recommended for', async () => {
    const lines = values(await recommend('--middlebox-timeout', '6m'));
    const recommended = new Map(lines.map((line) => line.split(' = ')).map(([name = '', value = '']) => [name, value]));
    const outcome = await run(STOCK, ['--middlebox-timeout', '6m'], {
      read: (name) => {
        const text = recommended.get(name);
        return text === undefined ? sourcesOf(STOCK).read(name) : { kind: 'text', text };
      },
    });
    expect(outcome.findings.filter(({ severity }) => severity !== 'info')).toEqual([]);
  });

  test('without a middlebox suits any that keeps 100 s, and says so', async () => {
    const lines = await recommend();
    expect(values(lines)[0]).toBe('net.ipv4.tcp_keepalive_time = 60');
    expect(prose(lines)).toContain('100 s or more');
  });

  test('gives no values where no keepalive can meet the timeout, and says what to do', async () => {
    const lines = await recommend('--middlebox-timeout', '10s');
    expect(values(lines)).toEqual([]);
    expect(prose(lines)).toContain('application heartbeat');
  });

  test('gives no values for a proxy whose idle timer no keepalive reaches', async () => {
    const lines = await recommend('--middlebox', 'aws-alb');
    expect(values(lines)).toEqual([]);
    expect(prose(lines)).toContain('No keepalive reaches the idle timer of aws-alb');
  });
});

describe('sysctl --pid', () => {
  test('reads everything inside the namespace of that process', async () => {
    let inside: number | null = null;
    const outcome = await run(STOCK, ['--pid', '812', '--middlebox-timeout', '30m'], {
      read: (name) => {
        expect(inside).toBe(812);
        return sourcesOf(STOCK).read(name);
      },
      inNetworkNamespaceOf: async (pid, look) => {
        inside = pid;
        const result = look();
        inside = null;
        return result;
      },
    });
    expect(outcome.data.pid).toBe(812);
  });

  test('aims the lines to paste at that namespace, since here they would change another', async () => {
    const { findings } = await run(STOCK, ['--pid', '812', '--middlebox-timeout', '30m']);
    const lines = findings.flatMap(({ remedy }) => remedy).filter((line) => line.includes('sysctl -w'));
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(line).toMatch(/^nsenter --target 812 --net sysctl -w /);
  });

  test('passes a refusal on', async () => {
    const refused = run(STOCK, ['--pid', '812'], {
      inNetworkNamespaceOf: () =>
        Promise.reject(new CapabilityError('cannot enter the network namespace of pid 812: EPERM')),
    });
    await expect(refused).rejects.toThrow(CapabilityError);
  });

  test.each(['0', '-1', 'init', '', '1.5', '4194305', '9'.repeat(40)])('refuses %o, which is no process id', (text) => {
    expect(() => run(STOCK, [`--pid=${text}`])).toThrow(UsageError);
  });
});

test('sysctl reads this host as it is', async () => {
  const outcome = await runRoom(room, []);
  expect(outcome.data.settings.length).toBeGreaterThan(20);
});
