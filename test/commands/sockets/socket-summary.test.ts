import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  SOCKET_ORDERS,
  type SocketOrder,
  sortSockets,
  summariseSockets,
} from '../../../src/commands/sockets/socket-summary.ts';
import { type LiveSocket, SOCKET_RISKS } from '../../../src/sockets/live-socket.ts';
import { socketsOf } from '../../../src/sockets/socket-table.ts';
import { liveSocket } from '../../helpers/live-socket.ts';
import { socketRows } from '../../helpers/socket-rows.ts';

const quietFor = (ms: number) => ({ lastReceivedMs: ms, lastSentMs: ms, lastAcknowledgedMs: ms });
const how = { ownersSought: true, listeningPorts: new Set([80]), judgesLocal: false };

const sorted = (sockets: readonly LiveSocket[], order: SocketOrder) =>
  socketsOf(sortSockets(socketRows(sockets), order));
const summary = (sockets: readonly LiveSocket[], given = how) => summariseSockets(socketRows(sockets), given);

describe('sortSockets', () => {
  test('the gravest come first, of these the longest silent, and what is not judged last', () => {
    const sockets = [
      liveSocket({ inode: 1, risk: null }),
      liveSocket({ inode: 2, risk: 'ok' }),
      liveSocket({ inode: 3, risk: 'stuck', ...quietFor(5000) }),
      liveSocket({ inode: 4, risk: 'late' }),
      liveSocket({ inode: 5, risk: 'stuck', ...quietFor(90_000_000) }),
      liveSocket({ inode: 6, risk: 'stuck', ...quietFor(2 ** 32 - 1) }),
    ];
    expect(sorted(sockets, 'risk').map(({ inode }) => inode)).toEqual([6, 5, 3, 4, 2, 1]);
    expect(sorted(sockets, 'silence').map(({ inode }) => inode)).toEqual([6, 5, 1, 2, 4, 3]);
  });

  test('by risk and silence, what is alike stays in the order that it had', () => {
    const anySocket = fc
      .record({
        risk: fc.constantFrom(...SOCKET_RISKS, null),
        ms: fc.oneof(fc.nat(2000), fc.nat({ max: 2 ** 32 - 2 })),
      })
      .map(({ risk, ms }) => liveSocket({ risk, ...quietFor(ms) }));
    const keyOf = ({ risk, lastSentMs }: LiveSocket) => [
      risk === null ? SOCKET_RISKS.length : SOCKET_RISKS.indexOf(risk),
      -Math.floor((lastSentMs ?? 0) / 256),
    ];
    const compare = (a: LiveSocket, b: LiveSocket) => {
      const [[riskA = 0, silenceA = 0], [riskB = 0, silenceB = 0]] = [keyOf(a), keyOf(b)];
      return riskA - riskB || silenceA - silenceB;
    };
    fc.assert(
      fc.property(fc.array(anySocket), (sockets) => {
        const numbered = sockets.map((socket, inode) => ({ ...socket, inode }));
        expect(sorted(numbered, 'risk')).toEqual(numbered.toSorted(compare));
      }),
    );
  });

  test('in every order none is lost, none comes twice, and the list given stays as it was', () => {
    const anySocket = fc
      .record({
        inode: fc.nat(),
        risk: fc.constantFrom(...SOCKET_RISKS, null),
        lastReceivedMs: fc.option(fc.nat()),
        owners: fc.array(
          fc.record({ pid: fc.nat(), command: fc.option(fc.string()), fd: fc.nat(), blockedIn: fc.constant(null) }),
        ),
      })
      .map(liveSocket);
    fc.assert(
      fc.property(fc.array(anySocket), fc.constantFrom(...SOCKET_ORDERS), (sockets, order) => {
        const list = socketRows(sockets);
        const { rows } = sortSockets(list, order);
        expect([...list.rows]).toEqual(sockets.map((_, row) => row));
        expect([...rows].sort((a, b) => a - b)).toEqual([...list.rows]);
      }),
    );
  });
});

describe('summariseSockets', () => {
  const owner = (pid: number, command: string | null) => ({ pid, command, fd: 3, blockedIn: null });

  test('counts a socket of several programs for each, once', () => {
    const shared = liveSocket({ owners: [owner(1, 'a'), owner(2, 'a'), owner(3, 'b'), owner(4, null)] });
    expect(summary([shared, liveSocket({ risk: 'ok' })]).byCommand).toEqual([
      { name: 'a', sockets: 1, atRisk: 1 },
      { name: 'b', sockets: 1, atRisk: 1 },
      { name: 'pid 4', sockets: 1, atRisk: 1 },
      { name: 'python3', sockets: 1, atRisk: 0 },
    ]);
  });

  test('counts what came in by service and address, what went out by far end', () => {
    const incoming = ['10.0.0.1:1000', '10.0.0.1:2000', '[2001:db8::1]:3000'].map((remote) =>
      liveSocket({ local: remote.startsWith('[') ? '[2001:db8::5]:80' : '10.0.0.5:80', remote, risk: 'ok' }),
    );
    expect(summary([...incoming, liveSocket()]).byRemote).toEqual([
      { name: '10.0.0.9:5432', sockets: 1, atRisk: 1 },
      { name: '10.0.0.1 to :80', sockets: 2, atRisk: 0 },
      { name: '2001:db8::1 to :80', sockets: 1, atRisk: 0 },
    ]);
  });

  test('tells what its process closed from what nobody was found for, and listeners from connections within this host', () => {
    const sockets: LiveSocket[] = [
      liveSocket({ owners: [], inode: 0, risk: null }),
      liveSocket({ owners: [] }),
      liveSocket({ state: 'listen', local: '127.0.0.1:80', remote: '0.0.0.0:0', risk: null }),
      liveSocket({ local: '127.0.0.1:80', remote: '127.0.0.1:1000', risk: null }),
    ];
    const counted = summary(sockets);
    expect(counted).toMatchObject({ sockets: 4, local: 1, withoutOwner: { closed: 1, unknown: 1 } });
    expect(counted.byState).toEqual({ established: 3, listen: 1 });
    expect(summary(sockets, { ...how, ownersSought: false }).withoutOwner).toEqual({ closed: 0, unknown: 0 });
  });
});
