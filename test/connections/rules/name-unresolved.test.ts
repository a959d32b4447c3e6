import { expect, test } from 'vitest';
import { rule } from '../../../src/connections/rules/name-unresolved.ts';
import { connection, facts } from '../facts.ts';

const unresolved = (error: string | null) =>
  facts({ connection: connection({ kind: 'unresolved', address: null, durationMs: null, rttMs: null, error }) });

test.each([
  ['ENOTFOUND', 'no such name, or none with an address of the family asked for'],
  ['ENODATA', 'the name exists but has no address of the family asked for'],
  ['EAI_AGAIN', "no name server answered: the resolver's configuration or the way to it is broken"],
  ['ETIMEDOUT', 'no name server answered in time'],
  ['EAI_FAIL', 'the resolver failed'],
])('%s is explained, with the lines to look further', (error, cause) => {
  expect(rule.judge(unresolved(error))).toEqual([
    {
      severity: 'error',
      message: expect.stringContaining(cause),
      evidence: { host: 'db.example', error },
      remedy: ['# what do the resolver and its servers say?', 'getent ahosts db.example', 'cat /etc/resolv.conf'],
    },
  ]);
});

test('an error without a name is still one', () => {
  expect(rule.judge(unresolved(null))).toMatchObject([{ message: expect.stringContaining('(unknown error)') }]);
});

test.each(['connected', 'refused', 'timed-out', 'unreachable', 'unmeasured'] as const)(
  'says nothing when %s',
  (kind) => {
    expect(rule.judge(facts({ connection: connection({ kind }) }))).toEqual([]);
  },
);

test('says nothing when no connection was asked for', () => {
  expect(rule.judge(facts({}))).toEqual([]);
});
