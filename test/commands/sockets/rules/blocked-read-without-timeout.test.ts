import { expect, test } from 'vitest';
import { rule } from '../../../../src/commands/sockets/rules/blocked-read-without-timeout.ts';
import type { LiveSocket } from '../../../../src/sockets/live-socket.ts';
import { exactly, liveSocket } from '../../../helpers/live-socket.ts';
import { facts, middlebox } from '../facts.ts';

const blocked = (different: Partial<LiveSocket> = {}): LiveSocket =>
  liveSocket({
    owners: [{ pid: 4711, command: 'python3', fd: 3, blockedIn: 'recvfrom' }],
    receiveTimeoutMs: 0,
    ...different,
  });

test('says who waits in what, and for how long nothing has come', () => {
  expect(rule.judge(facts({ liveSockets: [blocked()], middleboxes: [middlebox()] }))).toEqual([
    {
      severity: 'error',
      message: expect.any(String),
      evidence: {
        sockets: 1,
        pids: ['4711'],
        remotes: ['10.0.0.9:5432'],
        longestSilenceMs: 2_460_000,
        receiveTimeout: 'none',
      },
      remedy: ['# in the program: a timeout of its own, such as setsockopt(SO_RCVTIMEO), and SO_KEEPALIVE'],
    },
  ]);
});

test('several are told as one, and without a middlebox it is a warning', () => {
  expect(rule.judge(facts({ liveSockets: [blocked(), blocked()] }))).toMatchObject([
    {
      severity: 'warning',
    },
  ]);
});

test.each<[name: string, different: Partial<LiveSocket>]>([
  ['the read has a timeout', { receiveTimeoutMs: 30_000 }],
  ['the timeout could not be read', { receiveTimeoutMs: null }],
  ['keepalive will wake it', { keepalive: exactly() }],
  ['it waits in a write', { owners: [{ pid: 1, command: 'x', fd: 3, blockedIn: 'sendto' }] }],
  ['nobody waits', { owners: [{ pid: 1, command: 'x', fd: 3, blockedIn: null }] }],
  ['it stays within this host', { risk: null }],
])('says nothing when %s', (_, different) => {
  expect(rule.judge(facts({ liveSockets: [blocked(different)] }))).toEqual([]);
});
