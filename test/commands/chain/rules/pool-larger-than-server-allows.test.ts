import { expect, test } from 'vitest';
import { rule } from '../../../../src/commands/chain/rules/pool-larger-than-server-allows.ts';
import type { Limit } from '../../../../src/knowledge/hop.ts';
import { appHop, given, hopFacts, inFile, lines, NOT_KNOWN, pairFacts, proxyHop } from '../hops.ts';

const pool = (size: Limit) => proxyHop({ poolSize: inFile(size, 'proxy.conf:5', 'keepalive') });
const holds = (count: number) => appHop({ capacity: inFile(count, 'app.py:4', 'threads') });

test('a pool of 32 in front of eight threads is a warning, with both numbers and their lines', () => {
  expect(rule.judge(pairFacts(pool(32), holds(8)))).toEqual([
    {
      severity: 'warning',
      message: expect.any(String),
      evidence: {
        poolSize: 32,
        poolSizeSetBy: 'proxy.conf:5 keepalive',
        capacity: 8,
        capacitySetBy: 'app.py:4 threads',
      },
      remedy: ['# proxy.conf:5: at most 8 in all', ...lines('sender', { set: 'pool-size', count: 8 })],
    },
  ]);
});

test('a pool that just fits is none', () => {
  expect([7, 8, 9].map((size) => rule.judge(pairFacts(pool(size), holds(8))).length)).toEqual([0, 0, 1]);
});

test.each([
  ['the pool has no known size', pairFacts(proxyHop(), holds(8))],
  ['the pool has no limit, which is another matter', pairFacts(pool('never'), holds(8))],
  ['the capacity is not known', pairFacts(pool(32), appHop({ capacity: NOT_KNOWN }))],
  ['the server has no such limit', pairFacts(pool(32), appHop())],
  ['the server keeps no connection', pairFacts(pool(32), appHop({ capacity: given(1), reuse: given(false) }))],
  ['the server makes room', pairFacts(pool(32), appHop({ capacity: given(8), makesRoom: true }))],
  ['one hop is judged alone', hopFacts(appHop())],
])('says nothing when %s', (_, known) => {
  expect(rule.judge(known)).toEqual([]);
});
