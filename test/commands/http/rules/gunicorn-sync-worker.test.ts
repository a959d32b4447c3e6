import { expect, test } from 'vitest';
import type { HttpFacts } from '../../../../src/commands/http/facts.ts';
import { rule } from '../../../../src/commands/http/rules/gunicorn-sync-worker.ts';
import { httpServer } from '../../../helpers/http-server.ts';

const closing: HttpFacts['persistent'] = { value: false, why: 'connection-close', also: [], detail: null };

test.each(['gunicorn', 'gunicorn/19.9.0'])(
  '%s that closes after a response is suspected of its sync worker',
  (server) => {
    expect(rule.judge(httpServer({ server, persistent: closing }))).toEqual([
      {
        severity: 'info',
        message: expect.stringMatching(/^a sync worker is suspected/),
        evidence: { server, reason: 'connection-close' },
        remedy: ['# gunicorn.conf.py', "worker_class = 'gthread'", 'threads = 8', 'keepalive = 75'],
      },
    ]);
  },
);

test.each([
  ['another server', httpServer({ server: 'nginx/1.22.1', persistent: closing })],
  ['a server without a name', httpServer({ server: null, persistent: closing })],
  ['a gunicorn that keeps connections', httpServer({ server: 'gunicorn' })],
  [
    'a gunicorn that was asked to close',
    httpServer({ server: 'gunicorn', persistent: { ...closing, why: 'request-says-close' } }),
  ],
])('%s is not suspected', (_, known) => {
  expect(rule.judge(known)).toEqual([]);
});
