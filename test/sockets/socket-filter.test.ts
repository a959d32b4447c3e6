import { describe, expect, test } from 'vitest';
import { parseNetwork } from '../../src/base/endpoint.ts';
import {
  isLocal,
  isUnfiltered,
  matchesEnds,
  matchesOwners,
  matchesRisk,
  type SocketFilter,
} from '../../src/sockets/socket-filter.ts';
import { liveSocket } from '../helpers/live-socket.ts';

const ANY: SocketFilter = { states: [], pids: [], commands: [], local: [], remote: [], ports: [], risks: [] };
const to = (network: string | null, port: number | null = null): SocketFilter => ({
  ...ANY,
  remote: [{ network: network === null ? null : parseNetwork(network), port }],
});

describe('matchesEnds', () => {
  test.each<[name: string, filter: SocketFilter, remote: string, expected: boolean]>([
    ['nothing asked for takes everything', ANY, '10.0.0.9:5432', true],
    ['a network takes its addresses', to('10.0.0.0/8'), '10.255.0.9:5432', true],
    ['a network takes no others', to('10.0.0.0/8'), '11.0.0.9:5432', false],
    ['a prefix within a byte counts bits', to('10.0.0.8/29'), '10.0.0.15:1', true],
    ['and no more', to('10.0.0.8/29'), '10.0.0.16:1', false],
    ['an address is itself', to('10.0.0.9'), '10.0.0.9:5432', true],
    ['an IPv4-mapped address is its IPv4 address', to('10.0.0.0/8'), '[::ffff:10.0.0.9]:5432', true],
    ['a mapped network takes IPv4 addresses', to('::ffff:10.0.0.0/104'), '10.0.0.9:5432', true],
    ['an IPv6 network', to('2001:db8::/32'), '[2001:db8:1::2]:443', true],
    ['another IPv6 network', to('2001:db8::/32'), '[2001:db9::2]:443', false],
    ['all IPv4 addresses hold no IPv6 address', to('0.0.0.0/0'), '[2001:db9::2]:443', false],
    ['all IPv6 addresses hold the mapped ones too', to('::/0'), '10.0.0.9:5432', true],
    ['a port at any address', to(null, 5432), '[::1]:5432', true],
    ['another port', to(null, 5433), '[::1]:5432', false],
    ['address and port', to('10.0.0.9', 5432), '10.0.0.9:5433', false],
  ])('%s', (_, filter, remote, expected) => {
    expect(matchesEnds(filter, liveSocket({ remote }))).toBe(expected);
  });

  test('one of several values is enough, but each option must be met', () => {
    const remote = [...to('10.0.0.0/8').remote, ...to('192.0.2.1').remote];
    expect(matchesEnds({ ...ANY, remote }, liveSocket({ remote: '192.0.2.1:1' }))).toBe(true);
    expect(matchesEnds({ ...ANY, remote, ports: [2] }, liveSocket({ remote: '192.0.2.1:1' }))).toBe(false);
    expect(matchesEnds({ ...ANY, states: ['listen'] }, liveSocket())).toBe(false);
  });

  test('a port is that of either end', () => {
    const filter = { ...ANY, ports: [80] };
    expect(matchesEnds(filter, liveSocket({ local: '[::1]:80' }))).toBe(true);
    expect(matchesEnds(filter, liveSocket({ remote: '10.0.0.1:80' }))).toBe(true);
    expect(matchesEnds(filter, liveSocket({ remote: '10.0.0.1:8080' }))).toBe(false);
  });
});

describe('matchesOwners', () => {
  const owners = [
    { pid: 1, command: 'systemd', fd: 40, blockedIn: null },
    { pid: 7, command: 'python3.11', fd: 3, blockedIn: null },
    { pid: 8, command: null, fd: 3, blockedIn: null },
  ];

  test.each<[pids: number[], commands: string[], expected: boolean]>([
    [[], [], true],
    [[7], [], true],
    [[9], [], false],
    [[], ['python'], true],
    [[], ['Python'], false],
    [[7, 9], ['python', 'ruby'], true],
    [[1], ['python'], false], // of one and the same process
    [[8], ['x'], false],
  ])('pids %j and commands %j: %j', (pids, commands, expected) => {
    expect(matchesOwners({ ...ANY, pids, commands }, { owners })).toBe(expected);
  });

  test('a socket without known owner is nobody in particular', () => {
    expect(matchesOwners(ANY, { owners: [] })).toBe(true);
    expect(matchesOwners({ ...ANY, pids: [1] }, { owners: [] })).toBe(false);
  });
});

test('a risk that was asked for is found, and what is not judged has none', () => {
  expect(matchesRisk({ ...ANY, risks: ['unprotected', 'late'] }, { risk: 'late' })).toBe(true);
  expect(matchesRisk({ ...ANY, risks: ['unprotected'] }, { risk: null })).toBe(false);
  expect(matchesRisk(ANY, { risk: null })).toBe(true);
});

test('states and risks alone name nobody in particular', () => {
  expect(isUnfiltered({ ...ANY, states: ['established'], risks: ['unprotected'] })).toBe(true);
  expect(isUnfiltered(to('10.0.0.0/8'))).toBe(false);
  expect(isUnfiltered({ ...ANY, pids: [1] })).toBe(false);
});

test.each<[local: string, remote: string, expected: boolean]>([
  ['127.0.0.1:1', '127.0.0.1:2', true],
  ['10.0.0.5:1', '10.0.0.5:2', true],
  ['[::1]:1', '[::1]:2', true],
  ['[::ffff:127.0.0.1]:1', '[::ffff:127.0.0.9]:2', true],
  ['10.0.0.5:1', '10.0.0.6:1', false],
  ['[fe80::1]:1', '[fe80::2]:1', false],
])('whether %s to %s stays on this host: %j', (local, remote, expected) => {
  expect(isLocal({ local, remote })).toBe(expected);
});
