import { expect, test } from 'vitest';
import { rule } from '../../../../src/commands/http/rules/server-closes-before-client.ts';
import { httpServer } from '../../../helpers/http-server.ts';

const against = (...senders: [name: string, givesUpAfterMs: number | null][]) =>
  rule.judge(
    httpServer({ server: 'gunicorn', senders: senders.map(([name, givesUpAfterMs]) => ({ name, givesUpAfterMs })) }),
  );

test('a proxy that keeps connections for longer than the server is an error, with both ways out', () => {
  expect(against(['aws-alb', 60_000])).toEqual([
    {
      severity: 'error',
      message: expect.any(String),
      evidence: {
        sender: 'aws-alb',
        senderGivesUpAfterMs: 60_000,
        firstClosedAfterMs: 5000,
        outcome: 'closed',
        server: 'gunicorn',
      },
      remedy: [
        '# either the server closes later, here with a margin of 5 s',
        '# gunicorn.conf.py, with a worker class other than sync:',
        'keepalive = 65',
        '# or',
        '# let the sender give idle connections up first (client pool, upstream):',
        '# pool idle at most 4 s',
      ],
    },
  ]);
});

test('the same time on both sides is an error, whatever the timers take', () => {
  expect(against(['client', 4950])).toMatchObject([{ severity: 'error' }]);
});

test('less than a second between the two is a warning', () => {
  expect(against(['client', 4500])).toMatchObject([
    { severity: 'warning', message: expect.stringContaining('may meet the closing') },
  ]);
});

test('a client that never gives up can only be told to', () => {
  const [found] = against(['client', null]);
  expect(found).toMatchObject({
    severity: 'error',
    message: expect.stringContaining('never gives idle connections up'),
  });
  expect(found?.remedy).toHaveLength(2);
});

test('each sender is judged by itself', () => {
  expect(against(['client', 4000], ['proxy', 5000], ['aws-alb', 60_000])).toHaveLength(2);
});

test.each([
  ['the sender gives up first', httpServer({ senders: [{ name: 'client', givesUpAfterMs: 4000 }] })],
  ['nobody was named', httpServer()],
  [
    'the server closed nothing',
    httpServer({
      senders: [{ name: 'client', givesUpAfterMs: null }],
      idleClose: { lowerMs: 120_000, upperMs: null, outcome: 'alive' },
    }),
  ],
  ['nobody waited', httpServer({ senders: [{ name: 'client', givesUpAfterMs: null }], idleClose: null })],
])('there is none when %s', (_, known) => {
  expect(rule.judge(known)).toEqual([]);
});
