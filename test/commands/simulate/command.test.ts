import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/base/errors.ts';
import { simulateFrom } from '../../../src/commands/simulate/command.ts';
import type { SimulateData } from '../../../src/commands/simulate/report.ts';
import type { SysctlReading } from '../../../src/linux/sysctl.ts';
import type { Outcome } from '../../../src/report/report.ts';
import { runRoom } from '../../rooms.ts';

const HOST: Record<string, string> = {
  'net.ipv4.tcp_keepalive_time': '300',
  'net.ipv4.tcp_keepalive_intvl': '30',
  'net.ipv4.tcp_keepalive_probes': '4',
  'net.ipv4.tcp_retries2': '8',
  'net.ipv4.tcp_rto_min_us': '100000',
};

/** Runs the command with these words, on a host with these sysctls; those it is without read ENOENT. */
function simulate(words: string[], host: Record<string, string> = HOST): Promise<Outcome<SimulateData>> {
  const read = (name: string): SysctlReading => {
    const text = host[name];
    return text === undefined ? { kind: 'unreadable', errno: 'ENOENT', reason: `no ${name}` } : { kind: 'text', text };
  };
  return runRoom(simulateFrom({ read }), words);
}

const ends = ({ data }: Outcome<SimulateData>) =>
  data.scenarios.map(({ scenario, end }) => [scenario, end.kind === 'given-up' ? end.atMs : end.kind]);

describe('simulate', () => {
  test('takes the defaults of the kernel, whatever the host has', async () => {
    const outcome = await simulate([]);
    expect(outcome.data).toMatchObject({
      defaults: 'kernel',
      keepalive: { enabled: true, idleMs: 7_200_000, intervalMs: 75_000, count: 9, userTimeoutMs: 0 },
      retries2: 15,
      rtoMs: 201,
      probePeriodMs: 7_200_001,
    });
    expect(ends(outcome)).toEqual([
      ['idle', 'alive'],
      ['dead-peer-idle', 7_875_000],
      ['dead-peer-data', 925_824],
      ['zero-window', 'alive'],
      ['dead-peer-zero-window', 925_623],
    ]);
    expect(outcome.findings.map(({ rule }) => rule)).toEqual(['dead-peer-noticed-after']);
  });

  test('takes the sysctls of this host when asked, and the kernel’s default for one that it is without', async () => {
    const { data } = await simulate(['--from-sysctl', '--count', '5']);
    expect(data).toMatchObject({
      defaults: 'sysctl',
      keepalive: { idleMs: 300_000, intervalMs: 30_000, count: 5 },
      retries2: 8,
      rtoMinMs: 100,
      rtoMaxMs: 120_000,
      rtoMs: 101,
    });
  });

  test('names the sysctl only where the value is the host’s', async () => {
    const rulesOf = async (...words: string[]) =>
      (await simulate([...words, '--middlebox-timeout', '2m'])).findings.map(({ rule }) => rule);
    expect(await rulesOf()).not.toContain('keepalive-inherits-slow-sysctl');
    expect(await rulesOf('--from-sysctl')).toContain('keepalive-inherits-slow-sysctl');
    expect(await rulesOf('--from-sysctl', '--idle', '4m')).not.toContain('keepalive-inherits-slow-sysctl');
  });

  test.each([
    ['net.ipv4.tcp_keepalive_time', 'x'],
    ['net.ipv4.tcp_retries2', 'x'],
    ['net.ipv4.tcp_keepalive_intvl', '0'],
  ])('refuses a host whose %s reads %s', async (name, text) => {
    await expect(async () => simulate(['--from-sysctl'], { ...HOST, [name]: text })).rejects.toThrow(UsageError);
  });

  test('lets a middlebox that no probe reaches have its way, and one that is refreshed not', async () => {
    const { data } = await simulate(['--idle', '30s', '--middlebox', 'aws-alb', '--middlebox-timeout', '2m']);
    const boxes = data.scenarios.filter(({ scenario }) => scenario === 'middlebox');
    expect(boxes.map(({ middlebox, end }) => [middlebox?.kind, end])).toEqual([
      ['preset', { kind: 'forgotten', atMs: 60_000 }],
      ['timeout', { kind: 'alive' }],
    ]);
  });
});
