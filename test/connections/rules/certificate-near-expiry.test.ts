import { describe, expect, test } from 'vitest';
import { rule } from '../../../src/connections/rules/certificate-near-expiry.ts';
import { unmeasured } from '../../../src/report/values.ts';
import { certificate, DAY_MS, facts } from '../facts.ts';

const about = (remainingMs: number | null, lifetimeMs: number | null = 90 * DAY_MS, marginMs = 14 * DAY_MS) =>
  facts({ certificate: certificate({ remainingMs, lifetimeMs }), marginMs });

test('one that ends within the margin is a warning', () => {
  expect(rule.judge(about(13 * DAY_MS))).toEqual([
    {
      severity: 'warning',
      message: expect.any(String),
      evidence: {
        subject: 'CN=h',
        validTo: '2026-04-01T00:00:00.000Z',
        remainingMs: 13 * DAY_MS,
        marginMs: 14 * DAY_MS,
      },
      remedy: [],
    },
  ]);
});

test('one that has expired is an error', () => {
  expect(rule.judge(about(-2 * DAY_MS))).toMatchObject([{ severity: 'error' }]);
});

describe('the margin', () => {
  test.each<[what: string, remainingMs: number, lifetimeMs: number | null, severity: string | null]>([
    ['holds exactly at its end', 14 * DAY_MS, 90 * DAY_MS, null],
    ['is passed a millisecond later', 14 * DAY_MS - 1, 90 * DAY_MS, 'warning'],
    ['is a third of a short life', 2 * DAY_MS, 6 * DAY_MS, null],
    ['is passed after two thirds of a short life', 2 * DAY_MS - 1, 6 * DAY_MS, 'warning'],
    ['is as given when the life is not known', 14 * DAY_MS - 1, null, 'warning'],
    ['is passed when nothing is left', 0, 90 * DAY_MS, 'warning'],
    ['does not excuse an expired one', -1, 90 * DAY_MS, 'error'],
    ['does not excuse an expired one whose end lies before its beginning', -1, -30 * DAY_MS, 'error'],
  ])('%s', (_, remainingMs, lifetimeMs, severity) => {
    expect(rule.judge(about(remainingMs, lifetimeMs)).map((judgement) => judgement.severity)).toEqual(
      severity === null ? [] : [severity],
    );
  });

  test('of 0 leaves only the expired', () => {
    expect(rule.judge(about(0, 90 * DAY_MS, 0))).toEqual([]);
    expect(rule.judge(about(-1, 90 * DAY_MS, 0))).toMatchObject([{ severity: 'error' }]);
  });
});

test.each([
  ['its end cannot be read', certificate({ remainingMs: null, validTo: null })],
  ['the handshake failed', { kind: 'handshake-failed', error: 'EPROTO' } as const],
  ['none was seen', unmeasured('no certificate')],
  ['TLS was not asked for', null],
])('says nothing when %s', (_, shown) => {
  expect(rule.judge(facts({ certificate: shown }))).toEqual([]);
});
