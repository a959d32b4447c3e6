import { expect, test } from 'vitest';
import { rule } from '../../../../src/commands/watch/rules/watched-connection-closed.ts';
import { watchEvent, watched } from '../watched.ts';

const first = [watchEvent('closed-by-peer', { evidence: { livedForMs: 60_000 } })];

test('a peer that closes a held connection is a warning that says after how long', () => {
  expect(rule.judge(watched({ 'closed-by-peer': 2 }, first))).toMatchObject([
    {
      severity: 'warning',
      evidence: { closedByPeer: 2, livedForMs: 60_000 },
    },
  ]);
});

test.each([
  ['it is somebody else’s, for whom that is how connections end', watched({ 'closed-by-peer': 2 }, first, 'observed')],
  ['none was closed', watched({ 'closed-here': 1 })],
])('says nothing when %s', (_, given) => {
  expect(rule.judge(given)).toEqual([]);
});
