import { describe, expect, test } from 'vitest';
import { keepaliveFromTimer, nextProbeMs, silenceMs } from '../../src/sockets/keepalive-from-timer.ts';
import { recognisedKeepalive } from '../../src/sockets/recognise-runtime.ts';
import { exactly } from '../helpers/live-socket.ts';

describe('keepaliveFromTimer', () => {
  test.each(['established', 'close-wait'] as const)('in %s no timer means off, its timer means on', (state) => {
    expect(keepaliveFromTimer(state, null, 0)).toEqual({ source: 'timer', enabled: false });
    expect(keepaliveFromTimer(state, 'keepalive', 5000)).toEqual({
      source: 'timer',
      enabled: true,
      periodAtLeastMs: 5000,
    });
  });

  test.each(['retransmit', 'window-probe'] as const)('a %s timer hides it', (kind) => {
    expect(keepaliveFromTimer('established', kind, 5)).toEqual({
      source: 'unmeasured',
      kind: 'unmeasured',
      reason: `the ${kind} timer hides it`,
    });
  });

  test('in other states the timer means something else', () => {
    expect(keepaliveFromTimer('fin-wait-2', 'keepalive', 5000)).toMatchObject({ source: 'unmeasured' });
    expect(keepaliveFromTimer('listen', null, 0)).toMatchObject({ source: 'unmeasured' });
  });
});

describe('nextProbeMs', () => {
  const quiet = { lastReceivedMs: 10_000, lastAcknowledgedMs: 20_000, unansweredProbes: 0 };

  test.each<[name: string, expected: number | null, expiresMs: number, different: object]>([
    ['silent since the timer was set: when it fires', 50_000, 50_000, {}],
    ['after traffic it fires in vain and waits for the rest', 50_000, 5000, {}],
    ['switched on late: when it fires', 58_000, 58_000, {}],
    ['a probe is unanswered: when it fires', 5000, 5000, { unansweredProbes: 1 }],
    ['silence not known: at the earliest when it fires', 5000, 5000, { lastReceivedMs: null }],
  ])('%s', (_, expected, expiresMs, different) => {
    expect(nextProbeMs({ enabled: true, idleMs: 60_000 }, expiresMs, { ...quiet, ...different })).toBe(expected);
  });

  test('switched off since the timer was seen: none', () => {
    expect(nextProbeMs({ enabled: false, idleMs: 60_000 }, 5000, quiet)).toBeNull();
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
