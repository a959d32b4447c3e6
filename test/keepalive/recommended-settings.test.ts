import { expect, test } from 'vitest';
import { middleboxWithTimeout } from '../../src/commands/shared/options.ts';
import { proposeKeepalive } from '../../src/keepalive/recommended-settings.ts';
import { settings } from './facts.ts';

const box = (seconds: number) => middleboxWithTimeout(seconds * 1000);
const kept = { tooLongMs: 600_000, settingsKeptIt: true };
const lost = { tooLongMs: 600_000, settingsKeptIt: false };

test('without any timeout it suits whatever keeps 100 s', () => {
  expect(proposeKeepalive({ middleboxes: [] })).toMatchObject({ idleMs: 60_000, intervalMs: 15_000, count: 4 });
});

test('it suits the strictest middlebox given', () => {
  expect(proposeKeepalive({ settings: settings(), middleboxes: [box(1800), box(60)] })).toMatchObject({
    idleMs: 20_000,
  });
});

test('what has just been shown to keep the connection is proposed as it is', () => {
  const asked = settings({ idleMs: 47_000 });
  expect(proposeKeepalive({ settings: asked, middleboxes: [], idleEvidence: kept })).toBe(asked.keepalive);
});

test('but not when a middlebox given is stricter than that', () => {
  expect(proposeKeepalive({ settings: settings(), middleboxes: [box(60)], idleEvidence: kept })).toMatchObject({
    idleMs: 20_000,
  });
});

test('where nothing kept it, half of the silence that was too long counts as the timeout', () => {
  expect(proposeKeepalive({ settings: settings(), middleboxes: [box(1800)], idleEvidence: lost })).toMatchObject({
    idleMs: 100_000,
  });
});

test('a silence too short for any keepalive proposes none', () => {
  const idleEvidence = { ...lost, tooLongMs: 8000 };
  expect(proposeKeepalive({ settings: settings(), middleboxes: [], idleEvidence })).toBeNull();
});
