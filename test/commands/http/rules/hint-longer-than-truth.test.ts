import { expect, test } from 'vitest';
import { rule } from '../../../../src/commands/http/rules/hint-longer-than-truth.ts';
import { httpServer } from '../../../helpers/http-server.ts';

const promising = (seconds: number) => ({ timeoutMs: seconds * 1000, max: null });

test('a promise far beyond the truth is an error', () => {
  expect(rule.judge(httpServer({ hint: promising(20) }))).toEqual([
    {
      severity: 'error',
      message: expect.any(String),
      evidence: { hintMs: 20_000, firstClosedAfterMs: 5000, outcome: 'closed', server: 'some/1.0' },
      remedy: [
        '# promise less than is kept, in the header',
        'Keep-Alive: timeout=4',
        '# let the sender give idle connections up first (client pool, upstream):',
        '# pool idle at most 4 s',
      ],
    },
  ]);
});

test('a promise that only the margin of clients saves is a warning', () => {
  const [found] = rule.judge(httpServer({ hint: promising(6) }));
  expect(found).toMatchObject({ severity: 'warning', message: expect.stringContaining('only the margin') });
});

test('nginx is told which of its two values is the promise', () => {
  const [found] = rule.judge(httpServer({ server: 'nginx/1.22.1', hint: promising(20) }));
  expect(found?.remedy).toContain('keepalive_timeout 5s 4s;');
});

test('a time shorter than clients leave as a margin is better not promised', () => {
  const idleClose = { lowerMs: 1500, upperMs: 1510, outcome: 'closed' } as const;
  const [found] = rule.judge(httpServer({ server: 'nginx', hint: promising(20), idleClose }));
  expect(found?.remedy[0]).toBe('# so short a time is better not promised: leave the header Keep-Alive out');
});

test.each([
  ['the promise is kept', httpServer({ hint: promising(5) })],
  [
    'timers take a little of it',
    httpServer({ hint: promising(5), idleClose: { lowerMs: 4750, upperMs: 5000, outcome: 'closed' } }),
  ],
  ['nothing was promised', httpServer()],
  ['only a number of requests was promised', httpServer({ hint: { timeoutMs: null, max: 3 } })],
  [
    'nothing was closed',
    httpServer({ hint: promising(500), idleClose: { lowerMs: 120_000, upperMs: null, outcome: 'alive' } }),
  ],
  ['nobody waited', httpServer({ hint: promising(20), idleClose: null })],
])('there is none when %s', (_, known) => {
  expect(rule.judge(known)).toEqual([]);
});
