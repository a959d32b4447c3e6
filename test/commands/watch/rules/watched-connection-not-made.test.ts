import { expect, test } from 'vitest';
import { rule } from '../../../../src/commands/watch/rules/watched-connection-not-made.ts';
import { watchEvent, watched } from '../watched.ts';

const error = '10.0.0.2:5432: could not connect (ECONNREFUSED)';
const first = [watchEvent('not-connected', { connection: null, evidence: { error } })];

test.each([
  [0, /^no connection/],
  [2, /^at times no connection/],
])('a connection that could not be made is an error beside %i that were', (seen, beginning) => {
  const given = { ...watched({ 'not-connected': 1 }, first), seen };
  expect(rule.judge(given)).toMatchObject([
    { severity: 'error', message: expect.stringMatching(beginning), evidence: { error, connectionsMade: seen } },
  ]);
});

test('connections that were all made are no finding', () => {
  expect(rule.judge(watched({ established: 3 }))).toEqual([]);
});
