import { expect, test } from 'vitest';
import { afterLook, type SeenConnection, type Sighting } from '../../../src/commands/run/connection-log.ts';
import type { Keepalive } from '../../../src/report/values.ts';

const OFF: Keepalive = { enabled: false, idleMs: 7_200_000, intervalMs: 75_000, count: 9, userTimeoutMs: 0 };
const ON: Keepalive = { ...OFF, enabled: true };

const sighting = (different: Partial<Sighting> = {}): Sighting => ({
  direction: 'outgoing',
  local: '10.0.0.5:49152',
  remote: '10.0.0.9:5432',
  pid: 4711,
  command: 'python3',
  state: 'established',
  keepalive: OFF,
  ...different,
});

/** One look after another, 20 ms apart from 100 ms on. */
function looks(...sightings: Partial<Sighting>[]): SeenConnection | null {
  return sightings.reduce<SeenConnection | null>(
    (before, different, index) =>
      afterLook(before, sighting(different), { atMs: 100 + 20 * index, previousMs: 80 + 20 * index }),
    null,
  );
}

test('a connection was opened between the last look without it and the first with it', () => {
  expect(looks({})).toMatchObject({ openedAfterMs: 80, firstSeenMs: 100, lastSeenMs: 100, timesSeen: 1 });
});

test('what is on at the first look was switched on since the last look without the connection', () => {
  expect(looks({ keepalive: ON })?.keepaliveOnAfter).toEqual({ lowerMs: 0, upperMs: 20 });
});

test('what comes on later lies between the last look that found it off and the first that found it on', () => {
  // Opened at 80 to 100, off at 120, on at 140: 20 ms after it was opened at least, 60 ms at most.
  expect(looks({}, {}, { keepalive: ON }, { keepalive: ON })?.keepaliveOnAfter).toEqual({ lowerMs: 20, upperMs: 60 });
});

test('what never comes on has no time at which it did', () => {
  expect(looks({}, {}, {})?.keepaliveOnAfter).toBe(null);
});

test('settings and state are those of the last look; process and times those of the first', () => {
  const connection = looks({ state: 'syn-sent' }, { keepalive: ON, pid: 4712, command: 'child', state: 'close-wait' });
  expect(connection).toMatchObject({ pid: 4711, command: 'python3', state: 'close-wait', keepalive: ON });
  expect(connection).toMatchObject({ firstSeenMs: 100, lastSeenMs: 120, timesSeen: 2 });
});
