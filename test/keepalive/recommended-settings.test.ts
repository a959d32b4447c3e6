import { expect, test } from 'vitest';
import { middleboxWithTimeout } from '../../src/commands/shared/options.ts';
import { proposeKeepalive } from '../../src/keepalive/recommended-settings.ts';
import { arm, settings, survival } from '../policy/facts.ts';

const box = (seconds: number) => middleboxWithTimeout(seconds * 1000);
const stalled = arm({ outcome: 'stalled', idleMs: 600_000 });
const saved = arm({ arm: 'keepalive' });

test('without any timeout it suits whatever keeps 100 s', () => {
  expect(proposeKeepalive({ survival: null, settings: null, middleboxes: [] })).toMatchObject({
    idleMs: 60_000,
    intervalMs: 15_000,
    count: 4,
  });
});

test('it suits the strictest middlebox given', () => {
  expect(proposeKeepalive({ survival: null, settings: settings(), middleboxes: [box(1800), box(60)] })).toMatchObject({
    idleMs: 20_000,
  });
});

test('what has just been shown to keep the connection is proposed as it is', () => {
  const known = { survival: survival({ arms: [stalled, saved] }), settings: settings({ idleMs: 47_000 }) };
  expect(proposeKeepalive({ ...known, middleboxes: [] })).toMatchObject({ idleMs: 47_000 });
});

test('but not when a middlebox given is stricter than that', () => {
  const known = { survival: survival({ arms: [stalled, saved] }), settings: settings({ idleMs: 60_000 }) };
  expect(proposeKeepalive({ ...known, middleboxes: [box(60)] })).toMatchObject({ idleMs: 20_000 });
});

test('where nothing kept it, half of the silence that was too long counts as the timeout', () => {
  const dead = survival({ arms: [stalled, { ...saved, outcome: 'stalled' as const }] });
  expect(proposeKeepalive({ survival: dead, settings: settings(), middleboxes: [box(1800)] })).toMatchObject({
    idleMs: 100_000,
  });
});

test('a silence too short for any keepalive proposes none', () => {
  const dead = survival({ idleMs: 8000, arms: [{ ...stalled, idleMs: 8000 }] });
  expect(proposeKeepalive({ survival: dead, settings: settings(), middleboxes: [] })).toBeNull();
});
