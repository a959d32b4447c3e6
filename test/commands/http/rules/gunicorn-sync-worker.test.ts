import { expect, test } from 'vitest';
import { rule } from '../../../../src/commands/http/rules/gunicorn-sync-worker.ts';
import type { HttpFacts } from '../../../../src/policy/facts.ts';
import { facts, http } from '../../../policy/facts.ts';

const closing: HttpFacts['persistent'] = { value: false, why: 'connection-close', also: [], detail: null };

test.each(['gunicorn', 'gunicorn/19.9.0'])(
  '%s that closes after a response is suspected of its sync worker',
  (server) => {
    expect(rule.judge(facts({ http: http({ server, persistent: closing }) }))).toEqual([
      {
        severity: 'info',
        message: expect.stringMatching(/^a sync worker is suspected/),
        evidence: { server, reason: 'connection-close' },
        remedy: ['# gunicorn.conf.py', 'worker_class = "gthread"', 'threads = 4', 'keepalive = 75'],
      },
    ]);
  },
);

test.each([
  ['another server', http({ server: 'nginx/1.22.1', persistent: closing })],
  ['a server without a name', http({ server: null, persistent: closing })],
  ['a gunicorn that keeps connections', http({ server: 'gunicorn' })],
  [
    'a gunicorn that was asked to close',
    http({ server: 'gunicorn', persistent: { ...closing, why: 'request-says-close' } }),
  ],
  ['nothing', null],
])('%s is not suspected', (_, known) => {
  expect(rule.judge(facts({ http: known }))).toEqual([]);
});
