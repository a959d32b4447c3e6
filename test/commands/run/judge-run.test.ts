import { describe, expect, test } from 'vitest';
import type { SeenConnection } from '../../../src/commands/run/connection-log.ts';
import { judgeRun } from '../../../src/commands/run/judge-run.ts';
import type { Keepalive } from '../../../src/report/values.ts';
import { middlebox } from '../../keepalive/facts.ts';

const OFF: Keepalive = { enabled: false, idleMs: 7_200_000, intervalMs: 75_000, count: 9, userTimeoutMs: 0 };
const GOOD: Keepalive = { enabled: true, idleMs: 60_000, intervalMs: 15_000, count: 4, userTimeoutMs: 0 };

/** An outgoing connection that was watched for a second, keepalive off. */
const seen = (different: Partial<SeenConnection> = {}): SeenConnection => ({
  direction: 'outgoing',
  local: '10.0.0.5:49152',
  remote: '10.0.0.9:5432',
  pid: 4711,
  command: 'python3',
  openedAfterMs: 90,
  firstSeenMs: 100,
  lastSeenMs: 1100,
  timesSeen: 50,
  state: 'established',
  keepalive: OFF,
  keepaliveOnAfter: null,
  ...different,
});

const rulesOf = (connections: SeenConnection[], middleboxes = [middlebox()]) =>
  judgeRun(connections, middleboxes)
    .findings.filter(({ severity }) => severity !== 'info')
    .map(({ rule, severity, subject }) => ({ rule, severity, subject }));

test('an outgoing connection without keepalive is an error towards a middlebox and a warning without one', () => {
  const subject = 'python3 to 10.0.0.9:5432';
  expect(rulesOf([seen()])).toEqual([{ rule: 'keepalive-off', severity: 'error', subject }]);
  expect(rulesOf([seen()], [])).toEqual([{ rule: 'keepalive-off', severity: 'warning', subject }]);
});

test('of one that was watched for less than 100 ms it is a warning only: it may have been about to be switched on', () => {
  expect(rulesOf([seen({ lastSeenMs: 199 })])).toMatchObject([
    { rule: 'keepalive-off-when-last-seen', severity: 'warning' },
  ]);
  expect(rulesOf([seen({ lastSeenMs: 200 })])).toMatchObject([{ rule: 'keepalive-off' }]);
});

test('keepalive slower than the middlebox is an error however short the connection', () => {
  const keepalive = { ...GOOD, idleMs: 7_200_000 };
  expect(rulesOf([seen({ keepalive, lastSeenMs: 100 })])).toMatchObject([{ rule: 'keepalive-slower-than-middlebox' }]);
});

test.each([
  ['what others connected to', seen({ direction: 'incoming' })],
  ['what never connected', seen({ state: 'syn-sent' })],
  ['what keeps alive in time', seen({ keepalive: GOOD })],
])('nothing is wrong with %s', (_, connection) => {
  expect(rulesOf([connection])).toEqual([]);
});

test('connections alike are one finding, with their number; a difference makes two', () => {
  const connections = [seen(), seen({ pid: 4712, local: '10.0.0.5:49153' }), seen({ remote: '10.0.0.10:5432' })];
  expect(rulesOf(connections).map(({ subject }) => subject)).toEqual([
    'python3 to 10.0.0.9:5432 (2 connections)',
    'python3 to 10.0.0.10:5432',
  ]);
});

test('the remedy names the lines of the language that the process name tells of', () => {
  const { findings } = judgeRun([seen()], [middlebox()], (command) => [`# for ${command}`]);
  expect(findings[0]?.remedy).toContain('# for python3');
});

describe('the risk of each', () => {
  test.each([
    [seen(), 'unprotected'],
    [seen({ keepalive: GOOD }), 'ok'],
    [seen({ keepalive: { ...GOOD, idleMs: 1_800_000 } }), 'late'],
    [seen({ keepalive: { ...GOOD, intervalMs: 1_800_000 } }), 'late'],
    [seen({ direction: 'incoming' }), null],
    [seen({ state: 'syn-sent' }), null],
  ])('%j is %s', (connection, risk) => {
    expect(judgeRun([connection], [middlebox()]).connections).toEqual([{ ...connection, risk }]);
  });

  test('without a middlebox every keepalive is in time', () => {
    expect(judgeRun([seen({ keepalive: { ...GOOD, idleMs: 7_200_000 } })], []).connections).toMatchObject([
      { risk: 'ok' },
    ]);
  });
});
