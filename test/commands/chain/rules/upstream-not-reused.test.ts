import { expect, test } from 'vitest';
import { rule } from '../../../../src/commands/chain/rules/upstream-not-reused.ts';
import { appHop, hopFacts, inFile, lines, NOT_KNOWN, pairFacts, proxyHop } from '../hops.ts';

const off = inFile(false, 'proxy.conf:9', 'proxy_http_version');
const http10 = proxyHop({ reuse: off, noReuseBecause: 'http-1.0' });
const noPool = proxyHop({ reuse: off, noReuseBecause: 'no-pool' });

test('the cost at the rate given is what a minute of TIME_WAIT holds, at the faster side', () => {
  expect(rule.judge(pairFacts(http10, appHop(), { requestsPerSecond: 200 }))).toEqual([
    {
      severity: 'warning',
      message: expect.any(String),
      evidence: {
        reuseSetBy: 'proxy.conf:9 proxy_http_version',
        closesFirst: 'either',
        requestsPerSecond: 200,
        timeWaitCount: 12_000,
        connectionsPerSecondLimit: 470.5,
        portCount: 28_232,
      },
      remedy: ['# proxy.conf:9: reuse connections', ...lines('sender', { set: 'reuse' })],
    },
  ]);
});

test('a sender that closes first runs out of ports beyond 28232 connections a minute', () => {
  const at = (requestsPerSecond: number) => rule.judge(pairFacts(noPool, appHop(), { requestsPerSecond }));
  expect(at(470)).toMatchObject([
    {
      severity: 'warning',
      message: expect.stringContaining('at the side that closes first, proxy; more than 470.5 a second'),
      evidence: { closesFirst: 'proxy', timeWaitCount: 28_200, connectionsPerSecondLimit: 470.5, portCount: 28_232 },
    },
  ]);
  expect(at(471)).toMatchObject([{ severity: 'error' }]);
});

test('without a rate it says what each request costs', () => {
  expect(rule.judge(pairFacts(http10, appHop()))).toMatchObject([
    {
      message: expect.stringContaining('each leaves a socket in TIME_WAIT for 60 s'),
      evidence: { requestsPerSecond: null, timeWaitCount: null },
    },
  ]);
});

test('with reuse comes the race: the server is told to outlast the pool as well', () => {
  const early = appHop({ idleCloseMs: inFile(2000, 'app.py:3', 'keepalive') });
  const known = pairFacts(http10, early);
  expect(rule.judge(known)).toMatchObject([
    {
      remedy: [
        '# proxy.conf:9: reuse connections',
        ...lines('sender', { set: 'reuse' }),
        '# app.py:3: and then let it outlast the pool of proxy, 1 m',
        ...lines('receiver', { set: 'idle-close', ms: 65_000 }),
      ],
    },
  ]);
});

test('a server that closes after each response is told to keep open; so are both when neither reuses', () => {
  const sync = appHop({ reuse: inFile(false, 'app.py:1', 'worker_class') });
  const remedyOf = (sender: typeof http10): string[] =>
    rule.judge(pairFacts(sender, sync)).flatMap(({ remedy }) => remedy);
  expect(remedyOf(proxyHop())).toEqual([
    '# app.py:1: keep connections open',
    ...lines('receiver', { set: 'keep-open' }),
  ]);
  expect(remedyOf(http10)).toEqual([
    '# proxy.conf:9: reuse connections',
    ...lines('sender', { set: 'reuse' }),
    '# app.py:1: keep connections open',
    ...lines('receiver', { set: 'keep-open' }),
  ]);
});

test.each([
  ['connections are reused', pairFacts(proxyHop(), appHop())],
  ['it is not known whether they are', pairFacts(proxyHop({ reuse: NOT_KNOWN }), appHop())],
  ['one hop is judged alone', hopFacts(appHop())],
])('says nothing when %s', (_, known) => {
  expect(rule.judge(known)).toEqual([]);
});
