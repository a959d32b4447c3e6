import { expect, test } from 'vitest';
import { rule } from '../../../../src/commands/watch/rules/watched-connection-stalled.ts';
import { watchEvent, watched } from '../watched.ts';

test('a stall is an error with its evidence, and with how to find out about the path', () => {
  const evidence = { unansweredProbes: 3, probeLimit: 9, retransmits: 0, lastAcknowledgedMs: 14_000 };
  const given = watched({ stalled: 2, recovered: 1 }, [watchEvent('quiet'), watchEvent('stalled', { evidence })]);
  expect(rule.judge(given)).toEqual([
    {
      severity: 'error',
      message: expect.any(String),
      evidence: {
        ...{ stalled: 2, recovered: 1, timedOut: 0, firstAt: '2026-01-02T03:04:17.006Z' },
        ...{ unansweredProbes: 3, retransmits: 0, lastAcknowledgedMs: 14_000 },
      },
      remedy: ['# how long that path keeps an idle connection, and who drops it:', 'kaprobe measure 10.0.0.2:5432'],
    },
  ]);
});

test('a connection that the kernel gave up before anybody saw it stall counts as well', () => {
  const given = watched({ 'timed-out': 1 }, [watchEvent('timed-out')]);
  expect(rule.judge(given)).toMatchObject([
    { message: expect.stringMatching(/^1 stall was seen.*1 the kernel gave up$/) },
  ]);
});

test('what was unanswered once and then answered is no stall', () => {
  expect(rule.judge(watched({ established: 3, 'probe-unanswered': 1, recovered: 1 }))).toEqual([]);
});
