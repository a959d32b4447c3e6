import { expect, test } from 'vitest';
import { rule } from '../../../../src/commands/sockets/rules/held-by-forked-child.ts';
import { liveSocket } from '../../../helpers/live-socket.ts';
import { facts } from '../facts.ts';

const owner = (pid: number, fd = 3) => ({ pid, command: 'python3', fd, blockedIn: null });
const shared = liveSocket({ owners: [owner(4711), owner(4712)] });

test('a connection of two processes is worth knowing', () => {
  expect(rule.judge(facts({ liveSockets: [shared, liveSocket()] }))).toEqual([
    {
      severity: 'info',
      message: expect.any(String),
      evidence: { sockets: 1, pids: ['4711', '4712'], remotes: ['10.0.0.9:5432'], longestSilenceMs: 2_460_000 },
      remedy: [],
    },
  ]);
});

test.each([
  ['two descriptors of one process', liveSocket({ owners: [owner(4711), owner(4711, 4)] })],
  ['a listener, which workers share on purpose', { ...shared, state: 'listen' as const }],
])('says nothing of %s', (_, socket) => {
  expect(rule.judge(facts({ liveSockets: [socket] }))).toEqual([]);
});
