import { describe, expect, test } from 'vitest';
import { recognisedKeepalive } from '../../src/policy/keepalive-signs.ts';
import { keepaliveFromTimer, nextProbeMs, silenceMs } from '../../src/policy/live-keepalive.ts';
import type { LiveKeepalive } from '../../src/report/sockets.ts';
import { exactly } from '../fixtures/live-socket.ts';

const keepaliveIn = (expiresMs: number) => ({ kind: 'keepalive' as const, expiresMs });

describe('keepaliveFromTimer', () => {
  test.each(['established', 'close-wait'] as const)('in %s no timer means off, its timer means on', (state) => {
    expect(keepaliveFromTimer(state, null)).toEqual({ source: 'timer', enabled: false });
    expect(keepaliveFromTimer(state, keepaliveIn(5000))).toEqual({
      source: 'timer',
      enabled: true,
      periodAtLeastMs: 5000,
    });
  });

  test.each(['retransmit', 'window-probe'] as const)('a %s timer hides it', (kind) => {
    expect(keepaliveFromTimer('established', { kind, expiresMs: 5 })).toEqual({
      source: 'unmeasured',
      kind: 'unmeasured',
      reason: `the ${kind} timer hides it`,
    });
  });

  test('in other states the timer means something else', () => {
    expect(keepaliveFromTimer('fin-wait-2', keepaliveIn(5000))).toMatchObject({ source: 'unmeasured' });
    expect(keepaliveFromTimer('listen', null)).toMatchObject({ source: 'unmeasured' });
  });
});

describe('nextProbeMs', () => {
  const quiet = { lastReceivedMs: 10_000, lastAcknowledgedMs: 20_000, unansweredProbes: 0 };
  const idle60 = exactly({ idleMs: 60_000 });

  test.each<[name: string, expected: number | null, keepalive: LiveKeepalive, expiresMs: number, different: object]>([
    ['silent since the timer was set: when it fires', 50_000, idle60, 50_000, {}],
    ['after traffic it fires in vain and waits for the rest', 50_000, idle60, 5000, {}],
    ['switched on late: when it fires', 58_000, idle60, 58_000, {}],
    ['a probe is unanswered: when it fires', 5000, idle60, 5000, { unansweredProbes: 1 }],
    [
      'idle time not known: at the earliest when it fires',
      5000,
      { source: 'timer', enabled: true, periodAtLeastMs: 5000 },
      5000,
      {},
    ],
    ['silence not known: at the earliest when it fires', 5000, idle60, 5000, { lastReceivedMs: null }],
    ['off: none', null, exactly({ enabled: false }), 5000, {}],
  ])('%s', (_, expected, keepalive, expiresMs, different) => {
    expect(nextProbeMs(keepalive, keepaliveIn(expiresMs), { ...quiet, ...different })).toBe(expected);
  });

  test('none is known while another timer runs', () => {
    expect(nextProbeMs(idle60, { kind: 'retransmit', expiresMs: 1 }, quiet)).toBeNull();
    expect(nextProbeMs(idle60, null, quiet)).toBeNull();
  });
});

test('the silence is as long as nothing went or came', () => {
  expect(silenceMs({ lastReceivedMs: 3, lastSentMs: 2, lastAcknowledgedMs: 4 })).toBe(2);
  expect(silenceMs({ lastReceivedMs: 3, lastSentMs: 5, lastAcknowledgedMs: 4 })).toBe(3);
  expect(silenceMs({ lastReceivedMs: null, lastSentMs: 5, lastAcknowledgedMs: 4 })).toBeNull();
});

test.each<[name: string | null, different: Parameters<typeof exactly>[0]]>([
  ['Node.js (libuv)', { idleMs: 30_000, intervalMs: 1000, count: 10 }],
  ['Go (net package)', { idleMs: 15_000, intervalMs: 15_000, count: 9 }],
  [null, { intervalMs: 1000, count: 9 }],
  [null, { enabled: false, intervalMs: 1000, count: 10 }],
])('recognises %j by %j', (name, different) => {
  const keepalive = exactly(different);
  expect(keepalive.source === 'getsockopt' && recognisedKeepalive(keepalive)).toBe(name);
});
