import { expect, test } from 'vitest';
import { rule } from '../../../../src/commands/chain/rules/request-limit-unannounced.ts';
import { appHop, given, hopFacts, inFile, lines, NOT_KNOWN, pairFacts, proxyHop } from '../hops.ts';

const limited = {
  maxRequests: inFile(100, 'app.py:5', 'max_requests'),
  announcesClose: false,
};

test('a close after so many requests that is not announced is a warning; the sender can close one earlier', () => {
  expect(rule.judge(pairFacts(proxyHop(), appHop(limited)))).toEqual([
    {
      severity: 'warning',
      message: expect.any(String),
      evidence: { maxRequests: 100, maxRequestsSetBy: 'app.py:5 max_requests', senderMaxRequests: null },
      remedy: [
        '# in the configuration of proxy, given as given: let it close before app does',
        ...lines('sender', { set: 'pool-requests', count: 99 }),
      ],
    },
  ]);
});

test('a limit of a worker cannot be met by counting on a connection', () => {
  const sender = proxyHop({ maxRequests: given(10) });
  const syntax = { sender: { kind: 'stack', id: 'python-requests' }, receiver: null } as const;
  const [finding] = rule.judge(pairFacts(sender, appHop({ ...limited, requestLimitOf: 'worker' }), { syntax }));
  expect(finding?.message).toContain('app replaces a worker after 100 requests');
  expect(finding?.remedy).toEqual([
    '# proxy: send again what may be sent twice',
    ...lines('sender', { set: 'retry-safely' }, syntax),
  ]);
});

test.each([
  [99, 0],
  [100, 1],
  [101, 1],
])('a sender that closes after %d requests itself makes %d findings', (own, count) => {
  const sender = proxyHop({ maxRequests: given(own) });
  expect(rule.judge(pairFacts(sender, appHop(limited)))).toHaveLength(count);
});

test('a limit of age is the same', () => {
  const old = appHop({ maxAgeMs: inFile(3_600_000, 'app.py:6', 'max_age'), announcesClose: false });
  expect(rule.judge(pairFacts(proxyHop(), old))).toMatchObject([
    { message: expect.stringContaining('app closes connections that are 1 h old (app.py:6 max_age)') },
  ]);
  const younger = proxyHop({ maxAgeMs: given(60_000) });
  expect(rule.judge(pairFacts(younger, old))).toEqual([]);
});

test.each([
  ['it is announced', pairFacts(proxyHop(), appHop({ ...limited, announcesClose: true }))],
  ['it is not known whether it is announced', pairFacts(proxyHop(), appHop({ ...limited, announcesClose: null }))],
  ['there is no limit', pairFacts(proxyHop(), appHop({ announcesClose: false }))],
  ['the limit is not known', pairFacts(proxyHop(), appHop({ ...limited, maxRequests: NOT_KNOWN }))],
  ['each connection has one request anyway', pairFacts(proxyHop({ reuse: given(false) }), appHop(limited))],
  ['one hop is judged alone', hopFacts(appHop())],
])('says nothing when %s', (_, known) => {
  expect(rule.judge(known)).toEqual([]);
});
