import { expect, test } from 'vitest';
import { unmeasured } from '../../src/report/values.ts';
import type { LiveSocket, SocketRisk } from '../../src/sockets/live-socket.ts';
import { isLocal } from '../../src/sockets/socket-filter.ts';
import { type RiskContext, riskJudge } from '../../src/sockets/socket-risk.ts';
import { exactly, liveSocket } from '../helpers/live-socket.ts';
import { middlebox } from '../keepalive/facts.ts';

const MINUTE = 60_000;
const socketRisk = (socket: LiveSocket, context: RiskContext) => riskJudge(context)(socket, isLocal(socket));
/** Forgets after 30 minutes. */
const box = [middlebox()];
const quietFor = (ms: number) => ({ lastReceivedMs: ms, lastSentMs: ms, lastAcknowledgedMs: ms });
const timer = (periodAtLeastMs: number): Partial<LiveSocket> => ({
  keepalive: { source: 'timer', enabled: true, periodAtLeastMs },
});

test.each<[name: string, expected: SocketRisk | null, socket: Partial<LiveSocket>]>([
  ['probes in time are fine', 'ok', { keepalive: exactly() }],
  ['the first probe as late as the timeout is late', 'late', { keepalive: exactly({ idleMs: 30 * MINUTE }) }],
  ['a second probe that is too late is late', 'late', { keepalive: exactly({ intervalMs: 31 * MINUTE }) }],
  ['no keepalive, still in time', 'unprotected', { keepalive: exactly({ enabled: false }), ...quietFor(29 * MINUTE) }],
  ['no keepalive, silent for longer than the timeout', 'stuck', quietFor(30 * MINUTE)],
  ['one that still sends is not silent', 'unprotected', { ...quietFor(31 * MINUTE), lastSentMs: 5 }],
  [
    'an answered probe of its own breaks the silence',
    'unprotected',
    { ...quietFor(31 * MINUTE), lastAcknowledgedMs: 5 },
  ],
  ['no timer means no keepalive', 'unprotected', { keepalive: { source: 'timer', enabled: false }, ...quietFor(5) }],
  ['a silence not known proves nothing', 'unprotected', { lastReceivedMs: null, lastAcknowledgedMs: null }],
  ['a timer that fires too late is late', 'late', { ...timer(25 * MINUTE), ...quietFor(5 * MINUTE) }],
  [
    'a timer that fires in time does not show the period',
    'unmeasured',
    { ...timer(24 * MINUTE), ...quietFor(5 * MINUTE) },
  ],
  ['what is not known is not judged', 'unmeasured', { keepalive: { source: 'unmeasured', ...unmeasured('x') } }],
  ['an unanswered probe', 'dying', { keepalive: exactly(), unansweredProbes: 1, ...quietFor(80_000) }],
  [
    'unanswered beyond what its settings allow',
    'stuck',
    { keepalive: exactly(), unansweredProbes: 1, ...quietFor(120_001) },
  ],
  ['retransmission without keepalive', 'dying', { retransmits: 3 }],
  ['retransmission for longer than keepalive would have', 'stuck', { keepalive: exactly(), retransmits: 3 }],
  [
    'verified to be dead, and keepalive would tell',
    'dying',
    {
      keepalive: exactly({ idleMs: 60 * MINUTE }),
      verified: { kind: 'unanswered', probes: 2, afterMs: 3000, by: { method: 'window-probe' } },
    },
  ],
  [
    'verified to be dead, and nobody would ever tell',
    'stuck',
    { ...quietFor(5), verified: { kind: 'unanswered', probes: 2, afterMs: 3000, by: { method: 'window-probe' } } },
  ],
  ['left unanswered by an earlier look, and silent for longer than the timeout', 'stuck', { unansweredProbes: 3 }],
  ['left unanswered by an earlier look, still in time', 'dying', { unansweredProbes: 3, ...quietFor(5 * MINUTE) }],
  ['a listener', null, { state: 'listen' }],
  ['one that is closing', null, { state: 'last-ack' }],
  ['half closed by this side', 'stuck', { state: 'fin-wait-2' }],
  ['half closed by this side and left to the kernel', null, { state: 'fin-wait-2', inode: 0 }],
  ['one end as the other', null, { local: '10.0.0.9:1', remote: '10.0.0.9:2' }],
  ['within this host, and yet unanswered', 'dying', { local: '10.0.0.9:1', remote: '10.0.0.9:2', retransmits: 1 }],
])('%s: %j', (_, expected, socket) => {
  expect(socketRisk(liveSocket(socket), { middleboxes: box, judgeLocal: false })).toBe(expected);
});

test.each<[name: string, expected: SocketRisk, socket: Partial<LiveSocket>]>([
  ['keepalive off is unprotected', 'unprotected', {}],
  ['keepalive on is fine, however slow', 'ok', { keepalive: exactly({ idleMs: 120 * MINUTE }) }],
  ['and so is a keepalive timer', 'ok', timer(120 * MINUTE)],
])('without a middlebox %s', (_, expected, socket) => {
  expect(socketRisk(liveSocket(socket), { middleboxes: [], judgeLocal: false })).toBe(expected);
  const terminating = [middlebox({ keepaliveRefreshes: false, idleTimeoutMs: 1000 })];
  expect(socketRisk(liveSocket(socket), { middleboxes: terminating, judgeLocal: false })).toBe(expected);
});

test('connections within this host are judged when asked for', () => {
  const socket = liveSocket({ local: '[::1]:1', remote: '[::1]:2' });
  expect(socketRisk(socket, { middleboxes: box, judgeLocal: true })).toBe('stuck');
});
