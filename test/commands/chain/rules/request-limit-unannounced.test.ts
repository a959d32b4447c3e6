import { expect, test } from 'vitest';
import { rule } from '../../../../src/commands/chain/rules/request-limit-unannounced.ts';
import { facts } from '../../../policy/facts.ts';
import { appHop, given, inFile, joint, NOT_KNOWN, proxyHop } from '../hops.ts';

const limited = {
  maxRequests: inFile(100, 'app.py:5', 'max_requests'),
  announcesClose: false,
};

test('a close after so many requests that is not announced is a warning; the sender can close one earlier', () => {
  expect(rule.judge(facts({ joint: joint(proxyHop(), appHop(limited)) }))).toEqual([
    {
      severity: 'warning',
      message: expect.any(String),
      evidence: { maxRequests: 100, maxRequestsSetBy: 'app.py:5 max_requests', senderMaxRequests: null },
      remedy: [
        '# in the configuration of proxy, given as given: let it close before app does',
        'sender pool-requests 99',
      ],
    },
  ]);
});

test('a limit of a worker cannot be met by counting on a connection', () => {
  const [finding] = rule.judge(
    facts({ joint: joint(proxyHop({ maxRequests: given(10) }), appHop({ ...limited, requestLimitOf: 'worker' })) }),
  );
  expect(finding?.message).toContain('app replaces a worker after 100 requests');
  expect(finding?.remedy).toEqual(['# proxy: send again what may be sent twice', 'sender retry-safely']);
});

test.each([
  [99, 0],
  [100, 1],
  [101, 1],
])('a sender that closes after %d requests itself makes %d findings', (own, count) => {
  const sender = proxyHop({ maxRequests: given(own) });
  expect(rule.judge(facts({ joint: joint(sender, appHop(limited)) }))).toHaveLength(count);
});

test('a limit of age is the same', () => {
  const old = appHop({ maxAgeMs: inFile(3_600_000, 'app.py:6', 'max_age'), announcesClose: false });
  expect(rule.judge(facts({ joint: joint(proxyHop(), old) }))).toMatchObject([
    { message: expect.stringContaining('app closes connections that are 1 h old (app.py:6 max_age)') },
  ]);
  const younger = proxyHop({ maxAgeMs: given(60_000) });
  expect(rule.judge(facts({ joint: joint(younger, old) }))).toEqual([]);
});

test.each([
  ['it is announced', joint(proxyHop(), appHop({ ...limited, announcesClose: true }))],
  ['it is not known whether it is announced', joint(proxyHop(), appHop({ ...limited, announcesClose: null }))],
  ['there is no limit', joint(proxyHop(), appHop({ announcesClose: false }))],
  ['the limit is not known', joint(proxyHop(), appHop({ ...limited, maxRequests: NOT_KNOWN }))],
  ['each connection has one request anyway', joint(proxyHop({ reuse: given(false) }), appHop(limited))],
  ['there is no chain', null],
])('says nothing when %s', (_, known) => {
  expect(rule.judge(facts({ joint: known }))).toEqual([]);
});
