import { expect, test } from 'vitest';
import { rule } from '../../../../src/commands/chain/rules/proxy-gives-up-before-app.ts';
import type { Limit } from '../../../../src/knowledge/hop.ts';
import { appHop, hopFacts, inFile, lines, NOT_KNOWN, pairFacts, proxyHop } from '../hops.ts';

const waits = (ms: Limit) => proxyHop({ responseTimeoutMs: inFile(ms, 'proxy.conf:8', 'proxy_read_timeout') });
const works = (ms: Limit) => appHop({ requestTimeoutMs: inFile(ms, 'app.py:2', 'timeout') });

test('a proxy that waits a minute for an app that may work for two is a warning, with the line for the proxy', () => {
  expect(rule.judge(pairFacts(waits(60_000), works(120_000)))).toEqual([
    {
      severity: 'warning',
      message: expect.any(String),
      evidence: {
        responseTimeoutMs: 60_000,
        responseTimeoutSetBy: 'proxy.conf:8 proxy_read_timeout',
        requestTimeoutMs: 120_000,
        requestTimeoutSetBy: 'app.py:2 timeout',
      },
      remedy: [
        '# proxy.conf:8: wait longer than app works',
        ...lines('sender', { set: 'response-timeout', ms: 122_000 }),
      ],
    },
  ]);
});

test.each([
  ['both give up at the same time', pairFacts(waits(60_000), works(60_000))],
  ['the app gives up first', pairFacts(waits(60_000), works(30_000))],
  ['the app never gives up', pairFacts(waits(60_000), works('never'))],
  ['the proxy never gives up', pairFacts(waits('never'), works(60_000))],
  ['the one is not known', pairFacts(waits(60_000), appHop({ requestTimeoutMs: NOT_KNOWN }))],
  ['one hop is judged alone', hopFacts(appHop())],
])('says nothing when %s', (_, known) => {
  expect(rule.judge(known)).toEqual([]);
});
