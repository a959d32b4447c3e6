import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  givenUpAfterMs,
  isSameKeepalive,
  plannedKeepalive,
  refusalOf,
  undoCommand,
} from '../../../src/commands/rescue/decide-rescue.ts';
import type { RescueAction } from '../../../src/commands/rescue/report.ts';
import { deadAfterMs } from '../../../src/keepalive/keepalive.ts';
import type { Keepalive } from '../../../src/report/values.ts';
import { liveSocket } from '../../helpers/live-socket.ts';

const OFF: Keepalive = { enabled: false, idleMs: 7_200_000, intervalMs: 75_000, count: 9, userTimeoutMs: 0 };
const ON: Keepalive = { enabled: true, idleMs: 60_000, intervalMs: 15_000, count: 4, userTimeoutMs: 0 };
const SHUTDOWN: RescueAction = { kind: 'shutdown' };
const SWITCH_ON: RescueAction = { kind: 'keepalive', keepalive: { ...ON, userTimeoutMs: null } };
const nobody = { own: 1000, ancestors: [900, 800, 1] };
const heldBy = (pid: number) => [{ pid, command: 'python3', fd: 3, blockedIn: null }];

describe('a socket is refused', () => {
  test.each([
    ['that listens', liveSocket({ state: 'listen' }), 'nobody waits on a connection in listen'],
    ['that is being made', liveSocket({ state: 'syn-sent' }), 'nobody waits on a connection in syn-sent'],
    ['that is over', liveSocket({ state: 'time-wait', inode: 0 }), 'nobody waits on a connection in time-wait'],
    [
      'that nobody was found to hold',
      liveSocket({ owners: [] }),
      'no process was found that holds it: run as root, where all processes show',
    ],
    [
      'that has no number',
      liveSocket({ cookie: null }),
      'this kernel gives sockets no number by which to be sure that it is still the same',
    ],
    ["of kaprobe's own", liveSocket({ owners: [...heldBy(4711), ...heldBy(1000)] }), "it is kaprobe's own"],
  ])('%s', (_, socket, reason) => {
    expect(refusalOf(socket, SWITCH_ON, nobody)).toBe(reason);
    expect(refusalOf(socket, SHUTDOWN, nobody)).toBe(reason);
  });

  test("that kaprobe's parents hold, where it is to be shut down; keepalive does them no harm", () => {
    const session = liveSocket({ owners: heldBy(800) });
    expect(refusalOf(session, SHUTDOWN, nobody)).toBe('process 800 started kaprobe: that may be your own session');
    expect(refusalOf(session, SWITCH_ON, nobody)).toBe(null);
  });
});

test.each(['established', 'close-wait', 'fin-wait-2'] as const)('a socket in %s is not refused', (state) => {
  expect(refusalOf(liveSocket({ state }), SHUTDOWN, nobody)).toBe(null);
});

test('what is not asked for stays as it is', () => {
  expect(plannedKeepalive({ ...OFF, userTimeoutMs: 5000 }, SWITCH_ON)).toEqual({ ...ON, userTimeoutMs: 5000 });
  const nothing = { idleMs: null, intervalMs: null, count: null, userTimeoutMs: null };
  expect(plannedKeepalive(ON, { kind: 'keepalive', keepalive: { enabled: false, ...nothing } })).toEqual({
    ...ON,
    enabled: false,
  });
  expect(plannedKeepalive(ON, SHUTDOWN)).toBe(null);
});

test('settings are the same only in every respect', () => {
  expect(isSameKeepalive(ON, { ...ON })).toBe(true);
  for (const key of ['idleMs', 'intervalMs', 'count', 'userTimeoutMs'] as const)
    expect(isSameKeepalive(ON, { ...ON, [key]: 1 })).toBe(false);
  expect(isSameKeepalive(ON, { ...ON, enabled: false })).toBe(false);
});

describe('a connection that gets no answer is given up', () => {
  test.each([
    ['never without keepalive', OFF, 2_460_000, null],
    ['after all probes, the first at once, when it was silent for longer than the idle time', ON, 2_460_000, 60_000],
    ['after the rest of the idle time and all probes', ON, 50_000, 70_000],
    [
      'after the first probe, when the silence so far exceeds the user timeout',
      { ...ON, userTimeoutMs: 120_000 },
      2_460_000,
      15_000,
    ],
    ['at the first probe time that reaches the user timeout', { ...ON, userTimeoutMs: 100_000 }, 50_000, 55_000],
  ])('%s', (_, keepalive, silence, expected) => {
    expect(givenUpAfterMs(keepalive, silence)).toBe(expected);
  });

  test('as the timeline has it, when the last segment came just now', () => {
    const seconds = (max: number) => fc.integer({ min: 1, max }).map((value) => value * 1000);
    const keepalive = fc.record({
      enabled: fc.constant(true),
      idleMs: seconds(10_000),
      intervalMs: seconds(1000),
      count: fc.integer({ min: 1, max: 127 }),
      userTimeoutMs: fc.oneof(fc.constant(0), seconds(20_000)),
    });
    fc.assert(
      fc.property(keepalive, (each) => {
        expect(givenUpAfterMs(each, 0)).toBe(deadAfterMs(each));
      }),
    );
  });
});

describe('the way back', () => {
  test('names process and both ends, and all settings', () => {
    expect(undoCommand(liveSocket(), { ...ON, userTimeoutMs: 1500 }, null)).toBe(
      'kaprobe rescue --pid 4711 --local 10.0.0.5:49152 --remote 10.0.0.9:5432 --idle 60s --interval 15s --count 4 --user-timeout 1500ms --yes',
    );
  });

  test('switches off what was off, in the namespace where it was', () => {
    expect(undoCommand(liveSocket({ local: '[::1]:49152', remote: '[::1]:5432' }), OFF, 4000)).toBe(
      'kaprobe rescue --netns 4000 --pid 4711 --local [::1]:49152 --remote [::1]:5432 --off --idle 7200s --interval 75s --count 9 --user-timeout 0ms --yes',
    );
  });

  test('is not known without a holder', () => {
    expect(undoCommand(liveSocket({ owners: [] }), OFF, null)).toBe(null);
  });
});
