import { expect, test } from 'vitest';
import { rule } from '../../../../src/commands/watch/rules/watched-connection-not-made.ts';
import { facts } from '../../../policy/facts.ts';
import { watchEvent, watched } from '../watched.ts';

const error = '10.0.0.2:5432: could not connect (ECONNREFUSED)';
const first = [watchEvent('not-connected', { connection: null, evidence: { error } })];

test.each([
  [0, /^no connection/],
  [2, /^at times no connection/],
])('a connection that could not be made is an error beside %i that were', (seen, beginning) => {
  const given = { ...watched({ 'not-connected': 1 }, first), seen };
  expect(rule.judge(facts({ watched: given }))).toMatchObject([
    { severity: 'error', message: expect.stringMatching(beginning), evidence: { error, connectionsMade: seen } },
  ]);
});

test.each([
  ['all were made', watched({ established: 3 })],
  ['nothing was watched', null],
])('says nothing when %s', (_, given) => {
  expect(rule.judge(facts({ watched: given }))).toEqual([]);
});
