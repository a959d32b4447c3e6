import { expect, test } from 'vitest';
import { middleboxWithTimeout } from '../../../../src/commands/shared/options.ts';
import { rule } from '../../../../src/commands/sockets/rules/keepalive-missing-on-live-socket.ts';
import { exactly, liveSocket } from '../../../helpers/live-socket.ts';
import { facts, middlebox, socketLines } from '../facts.ts';

const rescue = '# in the running process, without a restart (shows what it would do; --yes does it):';

test('without a middlebox it is a warning, with the line that repairs the running process', () => {
  expect(rule.judge(facts({ liveSockets: [liveSocket()] }))).toEqual([
    {
      severity: 'warning',
      message: expect.any(String),
      evidence: { sockets: 1, pids: ['4711'], remotes: ['10.0.0.9:5432'], longestSilenceMs: 2_460_000 },
      remedy: [
        rescue,
        'kaprobe rescue --pid 4711 --risk unprotected --idle 60s --interval 15s --count 4',
        ...socketLines(60, 15, 4, 120_000),
      ],
    },
  ]);
});

test('with a middlebox it is an error, and many are told as one', () => {
  const liveSockets = Array.from({ length: 7 }, (_, index) =>
    liveSocket({
      remote: `10.0.1.${index}:5432`,
      owners: [{ pid: 4711 + index, command: 'python3', fd: 3, blockedIn: null }],
      risk: index === 0 ? 'stuck' : 'unprotected',
    }),
  );
  const librarySwitches = ['# Python', 'keepalive = True'];
  expect(rule.judge(facts({ liveSockets, middleboxes: [middlebox()], librarySwitches }))).toEqual([
    {
      severity: 'error',
      message: expect.any(String),
      evidence: {
        sockets: 7,
        pids: ['4711', '4712', '4713', '4714', '3 more'],
        remotes: ['10.0.1.0:5432', '10.0.1.1:5432', '10.0.1.2:5432', '10.0.1.3:5432', '3 more'],
        longestSilenceMs: 2_460_000,
        middlebox: 'box',
        middleboxIdleTimeoutMs: 1_800_000,
      },
      remedy: [
        rescue,
        'kaprobe rescue --command python3 --risk stuck --risk unprotected --middlebox box --idle 300s --interval 15s --count 4',
        ...librarySwitches,
      ],
    },
  ]);
});

test.each([
  ['nobody is known to hold it', [liveSocket({ owners: [] })]],
  [
    'the names of many holders would have to be quoted',
    [1, 2, 3, 4].map((pid) => liveSocket({ owners: [{ pid, command: '$(reboot)', fd: 3, blockedIn: null }] })),
  ],
])('offers no line to repair it where %s', (_, liveSockets) => {
  const [finding] = rule.judge(facts({ liveSockets }));
  expect(finding?.remedy).toEqual(socketLines(60, 15, 4, 120_000));
});

test.each([
  ['it is on', liveSocket({ keepalive: exactly(), risk: 'ok' })],
  ['it stays within this host', liveSocket({ risk: null })],
  [
    'it is not known',
    liveSocket({ keepalive: { source: 'unmeasured', kind: 'unmeasured', reason: 'x' }, risk: 'unmeasured' }),
  ],
])('says nothing when %s', (_, socket) => {
  expect(rule.judge(facts({ liveSockets: [socket] }))).toEqual([]);
});

test('says nothing of what is no socket', () => {
  expect(rule.judge(facts({}))).toEqual([]);
});

test('the line to repair chooses the same sockets: with the timeout given, and within this host', () => {
  const middleboxes = [middleboxWithTimeout(90_500)];
  const socket = liveSocket({ local: '127.0.0.1:1', remote: '127.0.0.1:2' });
  expect(rule.judge(facts({ liveSockets: [socket], middleboxes }))[0]?.remedy[1]).toBe(
    'kaprobe rescue --pid 4711 --risk unprotected --middlebox-timeout 90500ms --loopback --idle 30s --interval 7s --count 4',
  );
});

test('the line to repair looks into the network namespace that they were found in', () => {
  const middleboxes = [middleboxWithTimeout(1_800_000)];
  const [finding] = rule.judge(facts({ liveSockets: [liveSocket()], middleboxes, netnsPid: 99 }));
  expect(finding?.remedy[1]).toBe(
    'kaprobe rescue --netns 99 --pid 4711 --risk unprotected --middlebox-timeout 30m --idle 300s --interval 15s --count 4',
  );
});

test('where nobody is known to hold it, that is what the evidence says', () => {
  const [finding] = rule.judge(facts({ liveSockets: [liveSocket({ owners: [] })] }));
  expect(finding?.evidence).toMatchObject({ pids: null });
});
