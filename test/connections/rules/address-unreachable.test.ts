import { expect, test } from 'vitest';
import { rule } from '../../../src/connections/rules/address-unreachable.ts';
import { connection, facts } from '../facts.ts';

const unreachable = (error: string | null, address: string | null = '10.0.0.5') =>
  facts({ connection: connection({ kind: 'unreachable', error, address, rttMs: null }) });

test.each([
  ['ENETUNREACH', 'this host has no route to that network'],
  [
    'EHOSTUNREACH',
    'a router reports that the host cannot be reached or that a filter forbids it, or nobody answers ARP or neighbour discovery',
  ],
  ['EPERM', "this host's own firewall forbids the packet"],
  ['EACCES', "this host's own policy forbids the packet, or the route to that address is set to prohibit"],
  ['EADDRNOTAVAIL', 'this host has no address of that family to send from'],
  ['EINVAL', 'the address cannot be sent to, as a link-local address without its zone (fe80::1%eth0)'],
  ['ENETDOWN', 'a router on the way, or this host, says so'],
])('%s is explained, with the line that shows the route', (error, cause) => {
  expect(rule.judge(unreachable(error))).toEqual([
    {
      severity: 'error',
      message: expect.stringContaining(cause),
      evidence: { address: '10.0.0.5', port: 5432, error, durationMs: 3, ping: null },
      remedy: ['# which way would it go?', 'ip route get 10.0.0.5'],
    },
  ]);
});

test('a zone goes into the line as ip(8) wants it', () => {
  expect(rule.judge(unreachable('EHOSTUNREACH', 'fe80::1%eth0'))).toMatchObject([
    { remedy: ['# which way would it go?', 'ip route get fe80::1 dev eth0'] },
  ]);
});

test('without an address there is no line to paste, without an error no guess', () => {
  expect(rule.judge(unreachable(null, null))).toMatchObject([
    { message: expect.stringContaining('(unknown error)'), remedy: [] },
  ]);
});

test.each(['connected', 'unresolved', 'refused', 'timed-out', 'unmeasured'] as const)(
  'says nothing when %s',
  (kind) => {
    expect(rule.judge(facts({ connection: connection({ kind, error: 'EPERM' }) }))).toEqual([]);
  },
);

test('says nothing when no connection was asked for', () => {
  expect(rule.judge(facts({}))).toEqual([]);
});
