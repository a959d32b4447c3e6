import { expect, test } from 'vitest';
import { rule } from '../../../../src/commands/sockets/rules/keepalive-later-than-middlebox.ts';
import { exactly, liveSocket } from '../../../helpers/live-socket.ts';
import { facts, middlebox, socketLines } from '../facts.ts';

const twoHours = liveSocket({ keepalive: exactly({ idleMs: 7_200_000 }), risk: 'late' });
const quiet = { lastReceivedMs: 600_000, lastSentMs: 600_000, lastAcknowledgedMs: 600_000 };

test('names the shortest period, read from sockets or concluded from timers', () => {
  const byTimer = liveSocket({
    ...quiet,
    keepalive: { source: 'timer', enabled: true, periodAtLeastMs: 1_500_000 },
    nextProbeMs: 1_500_000,
    risk: 'late',
  });
  const middleboxes = [middlebox()];
  expect(rule.judge(facts({ liveSockets: [twoHours, byTimer], middleboxes }))).toEqual([
    {
      severity: 'error',
      message: expect.any(String),
      evidence: {
        sockets: 2,
        pids: ['4711'],
        remotes: ['10.0.0.9:5432'],
        longestSilenceMs: 2_460_000,
        shortestPeriodMs: 2_100_000,
        readFromSocket: 1,
        concludedFromTimer: 1,
        middlebox: 'box',
        middleboxIdleTimeoutMs: 1_800_000,
      },
      remedy: [
        '# in the running process, without a restart (shows what it would do; --yes does it):',
        'kaprobe rescue --pid 4711 --risk late --middlebox box --idle 300s --interval 15s --count 4',
        ...socketLines(300, 15, 4, 360_000),
      ],
    },
  ]);
});

test('says nothing without a middlebox, and nothing of sockets whose probes are in time', () => {
  expect(rule.judge(facts({ liveSockets: [twoHours] }))).toEqual([]);
  const inTime = liveSocket({ keepalive: exactly(), risk: 'ok' });
  expect(rule.judge(facts({ liveSockets: [inTime], middleboxes: [middlebox()] }))).toEqual([]);
});
