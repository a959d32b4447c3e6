import { expect, test } from 'vitest';
import { rule } from '../../../../src/commands/sockets/rules/half-open-suspected.ts';
import type { LiveSocket } from '../../../../src/sockets/live-socket.ts';
import { exactly, liveSocket } from '../../../helpers/live-socket.ts';
import { facts, middlebox } from '../facts.ts';

/** What it says of one socket behind a box that forgets after 30 minutes. */
const said = (socket: Partial<LiveSocket>) =>
  rule
    .judge(facts({ liveSockets: [liveSocket(socket)], middleboxes: [middlebox()] }))
    .map(({ severity, message }) => [severity, message.replace(/^1 connection /, '')]);

test('a silence longer than the timeout is a suspicion, and says how to prove it', () => {
  const [finding] = rule.judge(facts({ liveSockets: [liveSocket({ risk: 'stuck' })], middleboxes: [middlebox()] }));
  expect(finding).toEqual({
    severity: 'error',
    message: expect.any(String),
    evidence: { sockets: 1, pids: ['4711'], remotes: ['10.0.0.9:5432'], longestSilenceMs: 2_460_000 },
    remedy: [
      '# proof, without payload:',
      'kaprobe sockets --verify',
      '# kaprobe rescue --shutdown wakes those that wait in a read on one of them',
    ],
  });
});

test.each<[what: string, severity: string, socket: Partial<LiveSocket>]>([
  [
    'did not answer the probes of --verify: half-open or ended',
    'error',
    { verified: { kind: 'unanswered', probes: 3, afterMs: 3000, by: { method: 'window-probe' } }, risk: 'stuck' },
  ],
  [
    'did not answer the probes of --verify: half-open or ended',
    'error',
    { verified: { kind: 'ended', afterMs: 3, by: { method: 'window-probe' } }, risk: 'unprotected' },
  ],
  [
    'unanswered for longer than their own keepalive takes to give up: half-open, data in flight keeps them from noticing',
    'error',
    { keepalive: exactly(), retransmits: 4, risk: 'stuck' },
  ],
  [
    'with probes unanswered and no keepalive of their own, which would ask again: half-open',
    'error',
    { unansweredProbes: 3, risk: 'stuck' },
  ],
  [
    'with probes or data unanswered right now: dying, unless an answer comes',
    'warning',
    { keepalive: exactly(), unansweredProbes: 1, risk: 'dying' },
  ],
])('%s', (what, severity, socket) => {
  expect(said(socket)).toEqual([[severity, what]]);
});

test.each<[name: string, socket: Partial<LiveSocket>]>([
  ['it has answered', { verified: { kind: 'answered', afterMs: 1, by: { method: 'window-probe' } }, risk: 'stuck' }],
  ['it is not silent for that long', { lastReceivedMs: 5, risk: 'unprotected' }],
  ['it stays within this host', { risk: null }],
  ['the silence is not known', { lastReceivedMs: null, risk: 'unprotected' }],
])('says nothing when %s', (_, socket) => {
  expect(said(socket)).toEqual([]);
});

test('without a middlebox silence proves nothing', () => {
  expect(rule.judge(facts({ liveSockets: [liveSocket()] }))).toEqual([]);
});

test('the proof that it offers looks into the network namespace that they were found in', () => {
  const liveSockets = [liveSocket({ risk: 'stuck' })];
  const [finding] = rule.judge(facts({ liveSockets, middleboxes: [middlebox()], netnsPid: 99 }));
  expect(finding?.remedy).toContain('kaprobe sockets --verify --netns 99');
});
