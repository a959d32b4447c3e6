import { expect, test } from 'vitest';
import { rule } from '../../../../src/commands/http/rules/http-not-persistent.ts';
import type { HttpPersistence } from '../../../../src/connections/http/observation.ts';
import { httpServer } from '../../../helpers/http-server.ts';

const not = (why: HttpPersistence, also: HttpPersistence[] = []) => ({ value: false, why, also, detail: null });

test('a server that says Connection: close is named, as a warning', () => {
  expect(rule.judge(httpServer({ persistent: not('connection-close') }))).toEqual([
    {
      severity: 'warning',
      message: expect.any(String),
      evidence: {
        reason: 'connection-close',
        method: 'GET',
        status: 200,
        framing: 'content-length',
        server: 'some/1.0',
      },
      remedy: [],
    },
  ]);
});

test.each<[HttpPersistence, string, string]>([
  ['request-without-keep-alive', 'the request was HTTP/1.0', 'proxy_http_version 1.1;'],
  ['body-without-length', 'neither Content-Length nor chunks', 'Content-Length'],
  ['error-status', 'after an error', 'without an error'],
])('the reason %s has a sentence and a remedy of its own', (why, sentence, remedy) => {
  const [found] = rule.judge(httpServer({ persistent: not(why, ['connection-close']), server: null }));
  expect(found?.message).toContain(sentence);
  expect(found?.remedy.join('\n')).toContain(remedy);
  expect(found?.evidence).toMatchObject({ reason: why, otherReasons: ['connection-close'] });
  expect(found?.evidence).not.toHaveProperty('server');
});

test.each([
  ['the connection is kept', httpServer()],
  ['it is not known', httpServer({ persistent: { value: null, why: null, also: [], detail: null } })],
  ['another rule says so', httpServer({ persistent: not('closed-unannounced') })],
])('there is none when %s', (_, known) => {
  expect(rule.judge(known)).toEqual([]);
});
