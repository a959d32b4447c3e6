import { expect, test } from 'vitest';
import type { HttpFacts } from '../../../../src/commands/http/facts.ts';
import { rule } from '../../../../src/commands/http/rules/http-close-unannounced.ts';
import { httpServer } from '../../../helpers/http-server.ts';

const after = (count: number, announced: boolean | null = false) => ({
  count,
  limited: announced !== null,
  announced,
  localPort: 1,
});

test('a server that ends a connection in use without a word is named with the number of requests', () => {
  const [found] = rule.judge(httpServer({ requestsPerConnection: after(5) }));
  expect(found).toMatchObject({
    severity: 'warning',
    evidence: { requestsPerConnection: 5, announced: false },
    remedy: ['# the last response should carry', 'Connection: close'],
  });
});

test('it is an error when it does so after each response', () => {
  const persistent: HttpFacts['persistent'] = { value: false, why: 'closed-unannounced', also: [], detail: null };
  const [found] = rule.judge(httpServer({ persistent, requestsPerConnection: after(1) }));
  expect(found?.severity).toBe('error');
});

test.each([
  ['the end was announced', httpServer({ requestsPerConnection: after(5, true) })],
  ['the server allows more', httpServer({ requestsPerConnection: after(100, null) })],
  [
    'the response told otherwise that it ends',
    httpServer({
      requestsPerConnection: after(1),
      persistent: { value: false, why: 'body-without-length', also: [], detail: null },
    }),
  ],
  ['it was not tried', httpServer({ requestsPerConnection: null })],
])('there is none when %s', (_, known) => {
  expect(rule.judge(known)).toEqual([]);
});
