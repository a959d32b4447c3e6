import { expect, test } from 'vitest';
import { rule } from '../../../../src/commands/chain/rules/pool-larger-than-server-allows.ts';
import type { Limit } from '../../../../src/knowledge/hop.ts';
import { facts } from '../../../policy/facts.ts';
import { appHop, given, inFile, joint, NOT_KNOWN, proxyHop } from '../hops.ts';

const pool = (size: Limit) => proxyHop({ poolSize: inFile(size, 'proxy.conf:5', 'keepalive') });
const holds = (count: number) => appHop({ capacity: inFile(count, 'app.py:4', 'threads') });

test('a pool of 32 in front of eight threads is a warning, with both numbers and their lines', () => {
  expect(rule.judge(facts({ joint: joint(pool(32), holds(8)) }))).toEqual([
    {
      severity: 'warning',
      message: expect.any(String),
      evidence: {
        poolSize: 32,
        poolSizeSetBy: 'proxy.conf:5 keepalive',
        capacity: 8,
        capacitySetBy: 'app.py:4 threads',
      },
      remedy: ['# proxy.conf:5: at most 8 in all', 'sender pool-size 8'],
    },
  ]);
});

test('a pool that just fits is none', () => {
  expect([7, 8, 9].map((size) => rule.judge(facts({ joint: joint(pool(size), holds(8)) })).length)).toEqual([0, 0, 1]);
});

test.each([
  ['the pool has no known size', joint(proxyHop(), holds(8))],
  ['the pool has no limit, which is another matter', joint(pool('never'), holds(8))],
  ['the capacity is not known', joint(pool(32), appHop({ capacity: NOT_KNOWN }))],
  ['the server has no such limit', joint(pool(32), appHop())],
  ['the server keeps no connection', joint(pool(32), appHop({ capacity: given(1), reuse: given(false) }))],
  ['the server makes room', joint(pool(32), appHop({ capacity: given(8), makesRoom: true }))],
  ['there is no chain', null],
])('says nothing when %s', (_, known) => {
  expect(rule.judge(facts({ joint: known }))).toEqual([]);
});
