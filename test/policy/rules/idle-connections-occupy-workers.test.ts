import { expect, test } from 'vitest';
import { idleConnectionsOccupyWorkers } from '../../../src/policy/rules/idle-connections-occupy-workers.ts';
import type { Limit } from '../../../src/report/chain.ts';
import { facts } from '../facts.ts';
import { appHop, clientHop, inFile, joint, NOT_KNOWN, proxyHop } from '../hops.ts';

const server = (idleMs: Limit) =>
  appHop({
    capacity: inFile(150, 'httpd.conf:2', 'MaxRequestWorkers'),
    idleCloseMs: inFile(idleMs, 'httpd.conf:3', 'KeepAliveTimeout'),
  });

test('more idle clients than workers are a warning, with the time at which they would fit', () => {
  const known = joint(clientHop(), server(15_000), { requestsPerSecond: 50 });
  expect(idleConnectionsOccupyWorkers(facts({ joint: known }))).toEqual([
    {
      severity: 'warning',
      message:
        'app holds 150 connections at once (httpd.conf:2 MaxRequestWorkers), but 50 requests a second from different clients leave 750 idle ones, each kept 15 s (httpd.conf:3 KeepAliveTimeout)',
      evidence: {
        capacity: 150,
        capacitySetBy: 'httpd.conf:2 MaxRequestWorkers',
        idleClose: '15 s',
        idleCloseSetBy: 'httpd.conf:3 KeepAliveTimeout',
        requestsPerSecond: 50,
        idleCount: 750,
      },
      remedy: [
        '# httpd.conf:3: shorter',
        'receiver idle-close 3000 file',
        '# or a proxy with a bounded pool in front of app',
      ],
    },
  ]);
});

test.each([
  [10, 0],
  [10.1, 1],
])('at %d requests a second 15 s of 150 workers make %d findings', (requestsPerSecond, count) => {
  const known = joint(clientHop(), server(15_000), { requestsPerSecond });
  expect(idleConnectionsOccupyWorkers(facts({ joint: known }))).toHaveLength(count);
});

test('idle connections that are never closed fill it at any rate', () => {
  expect(idleConnectionsOccupyWorkers(facts({ joint: joint(clientHop(), server('never')) }))).toMatchObject([
    { message: expect.stringContaining('never closes idle ones'), evidence: { idleCount: null } },
  ]);
});

test('no line is given where not even a second fits', () => {
  const known = joint(clientHop(), server(5000), { requestsPerSecond: 200 });
  expect(idleConnectionsOccupyWorkers(facts({ joint: known }))).toMatchObject([
    { remedy: ['# or a proxy with a bounded pool in front of app'] },
  ]);
});

test.each([
  ['the rate is not known', joint(clientHop(), server(15_000))],
  ['the capacity is not known', joint(clientHop(), appHop({ capacity: NOT_KNOWN }), { requestsPerSecond: 50 })],
  ['a proxy with a pool stands before it', joint(proxyHop(), server('never'), { requestsPerSecond: 50 })],
  [
    'the server makes room',
    joint(clientHop(), appHop({ ...server(15_000).server, makesRoom: true }), { requestsPerSecond: 50 }),
  ],
  ['there is no chain', null],
])('says nothing when %s', (_, known) => {
  expect(idleConnectionsOccupyWorkers(facts({ joint: known }))).toEqual([]);
});
