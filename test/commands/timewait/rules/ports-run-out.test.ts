import { expect, test } from 'vitest';
import type { PortsLeft } from '../../../../src/commands/timewait/report.ts';
import { rule } from '../../../../src/commands/timewait/rules/ports-run-out.ts';
import { judgedFlow, ports } from '../time-wait-flow.ts';

const about = (different: Partial<PortsLeft> | null, twReuse = 2) => ({
  table: null,
  flow: judgedFlow({ side: 'client', ports: different === null ? null : ports(different), twReuse }),
});

test('ports that will be gone are an error that says when', () => {
  expect(rule.judge(about({ left: 900, waiting: 27_312, runsOutInMs: 12_000 }))).toMatchObject([
    {
      severity: 'error',
      evidence: { portsLeft: 900, portsUsable: 28_232, portsBusy: 20, portsInTimeWait: 27_312, runsOutInMs: 12_000 },
    },
  ]);
});

test('no port is an error', () => {
  expect(rule.judge(about({ left: 0, runsOutInMs: 0 }))).toMatchObject([
    { severity: 'error', message: expect.stringMatching(/^no port is left of the 28232 .* by TIME_WAIT; without one/) },
  ]);
});

test('few ports, at a rate that leaves them, are a warning', () => {
  expect(rule.judge(about({ left: 1 }))).toMatchObject([
    { severity: 'warning', message: expect.stringMatching(/^1 port is left of/) },
  ]);
});

test('tcp_tw_reuse is proposed where it is not on, and never what it is not', () => {
  const proposed = (twReuse: number): string[] => rule.judge(about({ left: 0 }, twReuse))[0]?.remedy ?? [];
  expect(proposed(0)).toContain('sysctl -w net.ipv4.tcp_tw_reuse=1');
  expect(proposed(1)).not.toContain('sysctl -w net.ipv4.tcp_tw_reuse=1');
  expect(proposed(0).filter((line) => /recycle|fin_timeout/.test(line) && !line.startsWith('# not'))).toEqual([]);
});

test.each([
  ['a fifth is left', about({ left: 5647 })],
  ['this side takes no ports of the range', about(null)],
  ['there is no flow', { table: null, flow: null }],
])('says nothing when %s', (_, given) => {
  expect(rule.judge(given)).toEqual([]);
});
