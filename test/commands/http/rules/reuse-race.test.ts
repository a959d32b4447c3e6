import { expect, test } from 'vitest';
import { rule } from '../../../../src/commands/http/rules/reuse-race.ts';
import type { HttpRace } from '../../../../src/connections/http/observation.ts';
import { httpServer } from '../../../helpers/http-server.ts';

const race: HttpRace = {
  samples: [],
  answeredCount: 48,
  unforeseenCount: 2,
  foreseeableCount: 50,
  firstFailureMs: 5000,
  lastAnswerMs: 5003,
  windowMs: { estimate: 0.47, atMost: 1.04 },
  perMillion: { meanGapMs: 5000, whoLooks: { estimate: 34.6, atMost: 76.5 }, whoDoesNotLook: 367_879 },
};

test('failures without a sign are a warning, with the window and its cost', () => {
  expect(rule.judge(httpServer({ race }))).toEqual([
    {
      severity: 'warning',
      message: expect.any(String),
      evidence: {
        answered: 48,
        failedUnforeseen: 2,
        failedAfterSign: 50,
        firstFailureMs: 5000,
        lastAnswerMs: 5003,
        windowMs: 0.47,
        windowAtMostMs: 1.04,
        meanGapMs: 5000,
      },
      remedy: [expect.stringContaining('never meets the window'), expect.stringContaining('idempotent')],
    },
  ]);
});

test('without any, the bound is told, as information', () => {
  const [found] = rule.judge(
    httpServer({
      race: {
        ...race,
        unforeseenCount: 0,
        windowMs: { estimate: 0, atMost: 0.5 },
        perMillion: { meanGapMs: 5000, whoLooks: { estimate: 0, atMost: 37 }, whoDoesNotLook: 367_879 },
      },
    }),
  );
  expect(found?.severity).toBe('info');
  expect(found?.message).toMatch(
    /^none of 98 requests .* narrower than 0.5 ms here; .* that is at most 37 failures per million/,
  );
});

test.each([
  ['there was no race', httpServer()],
  ['the window was not seen', httpServer({ race: { ...race, windowMs: null, perMillion: null } })],
])('there is none when %s', (_, known) => {
  expect(rule.judge(known)).toEqual([]);
});
