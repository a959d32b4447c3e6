import { expect, test } from 'vitest';
import { rule } from '../../../../src/commands/http/rules/middlebox-forgets-before-server.ts';
import { httpServer } from '../../../helpers/http-server.ts';
import { middlebox } from '../../../keepalive/facts.ts';

test('a box that forgets while the server still holds the connection is a warning', () => {
  const idleClose = { lowerMs: 3_600_000, upperMs: 3_600_010, outcome: 'closed' } as const;
  expect(rule.judge(httpServer({ idleClose, middleboxes: [middlebox()] }))).toEqual([
    {
      severity: 'warning',
      message: expect.any(String),
      evidence: { middlebox: 'box', middleboxIdleTimeoutMs: 1_800_000, firstClosedAfterMs: 3_600_000 },
      remedy: [
        '# let the sender give idle connections up first (client pool, upstream):',
        '# pool idle at most 29 m 55 s',
        '# or let TCP keepalive refresh the box: see kaprobe check --middlebox',
      ],
    },
  ]);
});

test('a server that closed nothing holds it for at least as long as was waited', () => {
  const idleClose = { lowerMs: 120_000, upperMs: null, outcome: 'alive' } as const;
  const boxes = [middlebox({ idleTimeoutMs: 60_000, keepaliveRefreshes: false })];
  const [found] = rule.judge(httpServer({ idleClose, middleboxes: boxes }));
  expect(found?.message).toContain('for at least 2 m');
  expect(found?.remedy.join('\n')).not.toContain('TCP keepalive');
});

test.each([
  ['the server closes first', httpServer()],
  ['the path is known to stall', httpServer({ idleClose: { lowerMs: 3_600_000, upperMs: null, outcome: 'stalled' } })],
  ['nobody waited', httpServer({ idleClose: null })],
])('there is none when %s', (_, known) => {
  expect(rule.judge({ ...known, middleboxes: [middlebox()] })).toEqual([]);
});
