import { expect, test } from 'vitest';
import { rule } from '../../../../src/commands/chain/rules/idle-connections-occupy-workers.ts';
import type { Limit } from '../../../../src/knowledge/hop.ts';
import { appHop, clientHop, given, hopFacts, inFile, lines, NOT_KNOWN, pairFacts, proxyHop } from '../hops.ts';

/** A client that gives up no idle connection: the server decides. */
const patient = clientHop({ poolIdleMs: given<Limit>('never') });

const server = (idleMs: Limit) =>
  appHop({
    capacity: inFile(150, 'httpd.conf:2', 'MaxRequestWorkers'),
    idleCloseMs: inFile(idleMs, 'httpd.conf:3', 'KeepAliveTimeout'),
  });

test('more idle clients than workers are a warning, with the time at which they would fit', () => {
  const known = pairFacts(patient, server(15_000), { requestsPerSecond: 50 });
  expect(rule.judge(known)).toEqual([
    {
      severity: 'warning',
      message: expect.any(String),
      evidence: {
        capacity: 150,
        capacitySetBy: 'httpd.conf:2 MaxRequestWorkers',
        idlesFor: '15 s',
        idlesForSetBy: 'httpd.conf:3 KeepAliveTimeout',
        requestsPerSecond: 50,
        idleCount: 750,
      },
      remedy: [
        '# httpd.conf:2: room for them',
        ...lines('receiver', { set: 'capacity', count: 750 }),
        '# or',
        '# httpd.conf:3: shorter',
        ...lines('receiver', { set: 'idle-close', ms: 3_000 }),
        '# or a proxy with a bounded pool in front of app',
      ],
    },
  ]);
});

test.each([
  [10, 0],
  [10.1, 1],
])('at %d requests a second 15 s of 150 workers make %d findings', (requestsPerSecond, count) => {
  const known = pairFacts(clientHop(), server(15_000), { requestsPerSecond });
  expect(rule.judge(known)).toHaveLength(count);
});

test('idle connections that are never closed fill it at any rate', () => {
  expect(rule.judge(pairFacts(patient, server('never')))).toMatchObject([
    { message: expect.stringContaining('never closes idle ones'), evidence: { idleCount: null } },
  ]);
});

test('nothing shorter is asked for where not even a second fits', () => {
  const known = pairFacts(patient, server(5000), { requestsPerSecond: 200 });
  expect(rule.judge(known)).toMatchObject([
    {
      remedy: [
        '# httpd.conf:2: room for them',
        ...lines('receiver', { set: 'capacity', count: 1000 }),
        '# or a proxy with a bounded pool in front of app',
      ],
    },
  ]);
});

test('a client that gives up first decides how many there are, and is what may be shorter', () => {
  const client = clientHop({ poolIdleMs: inFile<Limit>(10_000, 'client.py:4', 'keepalive_timeout') });
  const at = (requestsPerSecond: number) => rule.judge(pairFacts(client, server(75_000), { requestsPerSecond }));
  expect(at(15)).toEqual([]);
  expect(at(50)).toMatchObject([
    {
      message: expect.stringContaining('leave 500 idle ones, each kept 10 s (client.py:4 keepalive_timeout)'),
      evidence: { idlesFor: '10 s', idlesForSetBy: 'client.py:4 keepalive_timeout', idleCount: 500 },
      remedy: [
        '# httpd.conf:2: room for them',
        ...lines('receiver', { set: 'capacity', count: 500 }),
        '# or',
        '# client.py:4: shorter',
        ...lines('sender', { set: 'pool-idle', ms: 3_000 }),
        '# or a proxy with a bounded pool in front of app',
      ],
    },
  ]);
});

test.each([10_000, 15_000, 60_000])(
  'no server is told to close before a client that gives up after %d ms',
  (poolIdleMs) => {
    const client = clientHop({ poolIdleMs: given<Limit>(poolIdleMs) });
    const [found] = rule.judge(pairFacts(client, server(15_000), { requestsPerSecond: 50 }));
    expect(found?.remedy.join()).not.toContain('keepalive = ');
  },
);

test.each([
  ['the rate is not known', pairFacts(clientHop(), server(15_000))],
  ['the capacity is not known', pairFacts(clientHop(), appHop({ capacity: NOT_KNOWN }), { requestsPerSecond: 50 })],
  ['a proxy with a pool stands before it', pairFacts(proxyHop(), server('never'), { requestsPerSecond: 50 })],
  [
    'the server makes room',
    pairFacts(clientHop(), appHop({ ...server(15_000).server, makesRoom: true }), { requestsPerSecond: 50 }),
  ],
  ['one hop is judged alone', hopFacts(appHop())],
])('says nothing when %s', (_, known) => {
  expect(rule.judge(known)).toEqual([]);
});
