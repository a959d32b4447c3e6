import { expect, test } from 'vitest';
import { rule } from '../../../../src/commands/watch/rules/watched-connection-reset.ts';
import { watchEvent, watched } from '../watched.ts';

test('a reset is an error that says when, and how old the connection was', () => {
  const given = watched({ reset: 1 }, [watchEvent('reset', { evidence: { livedForMs: 11_000 } })]);
  expect(rule.judge(given)).toMatchObject([
    {
      severity: 'error',
      evidence: { reset: 1, failed: 0, livedForMs: 11_000, error: null },
    },
  ]);
});

test('another error of a connection counts with it, and is named', () => {
  const given = watched({ reset: 1, failed: 1 }, [watchEvent('failed', { evidence: { error: 'EHOSTUNREACH' } })]);
  expect(rule.judge(given)).toMatchObject([
    { message: expect.stringMatching(/^2 connections were reset or failed/), evidence: { error: 'EHOSTUNREACH' } },
  ]);
});

test('a connection that is gone is not taken for a reset', () => {
  expect(rule.judge(watched({ gone: 1 }))).toEqual([]);
});
