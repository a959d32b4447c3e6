/** Live sockets in order and in numbers. */

import { silenceMs } from '../../sockets/keepalive-from-timer.ts';
import { type LiveSocket, SOCKET_RISKS, type SocketCount, type SocketRisk } from '../../sockets/live-socket.ts';
import { eachSocket, type SocketCursor, type SocketRows } from '../../sockets/socket-table.ts';
import type { SocketsData } from './report.ts';

/** What `--sort` takes. */
export const SOCKET_ORDERS = ['risk', 'silence', 'remote', 'local', 'command', 'pid', 'state'] as const;
export type SocketOrder = (typeof SOCKET_ORDERS)[number];

/** Longer lists help nobody; the sockets themselves follow. */
const LONGEST_COUNT_LIST = 10;

/** `risk`: the gravest first, and of these the longest silent. `silence`: the longest first. Otherwise ascending. The order is stable. */
export function sortSockets(list: SocketRows, order: SocketOrder): SocketRows {
  switch (order) {
    case 'risk':
    case 'silence':
      return sortByNumbers(list, order === 'risk');
    case 'pid':
      return sortByKey(list, ({ owners }) => owners[0]?.pid ?? 0);
    case 'command':
      return sortByKey(list, ({ owners }) => owners[0]?.command ?? '\uffff');
    case 'remote':
    case 'local':
    case 'state':
      return sortByKey(list, (socket) => socket[order]);
    default:
      return order satisfies never;
  }
}

function sortByKey<K extends string | number>(list: SocketRows, keyOf: (socket: SocketCursor) => K): SocketRows {
  const keyed: { key: K; row: number }[] = [];
  eachSocket(list, (socket) => keyed.push({ key: keyOf(socket), row: socket.row }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return { table: list.table, rows: Uint32Array.from(keyed, ({ row }) => row) };
}

/**
 * Sorts by risk and silence as one number a socket, which of a hundred thousand takes a tenth of the time of a comparing function: three bits
 * of risk, 24 of silence in steps of a quarter of a second (up to 49 days), 26 of the place.
 */
function sortByNumbers(list: SocketRows, byRisk: boolean): SocketRows {
  const SILENCES = 2 ** 24;
  const PLACES = 2 ** 26;
  const keys = new Float64Array(list.rows.length);
  eachSocket(list, (socket, place) => {
    const silence = Math.min(SILENCES - 1, Math.floor((silenceMs(socket) ?? 0) / 256));
    const rank = byRisk ? rankOf(socket.risk) : 0;
    keys[place] = (rank * SILENCES + (SILENCES - 1 - silence)) * PLACES + place;
  });
  keys.sort();
  return { table: list.table, rows: list.rows.map((_, place) => list.rows[(keys[place] ?? 0) % PLACES] ?? 0) };
}

/** The gravest is 0; what is not judged comes last. */
function rankOf(risk: SocketRisk | null): number {
  return risk === null ? SOCKET_RISKS.length : SOCKET_RISKS.indexOf(risk);
}

/** Reports whether a connection in this state of affairs is lost, or will be. */
function isAtRisk(risk: SocketRisk | null): boolean {
  return risk === 'stuck' || risk === 'dying' || risk === 'unprotected' || risk === 'late';
}

/**
 * Counts. `ownersSought`: whether a socket without owners has none that was found, rather than none that was looked for. Connections to one of
 * `listeningPorts` came from outside.
 */
export function summariseSockets(
  list: SocketRows,
  {
    ownersSought,
    listeningPorts,
    judgesLocal,
  }: { ownersSought: boolean; listeningPorts: ReadonlySet<number>; judgesLocal: boolean },
): SocketsData['summary'] {
  const byRisk: Record<SocketRisk, number> = { stuck: 0, dying: 0, unprotected: 0, late: 0, unmeasured: 0, ok: 0 };
  const byState: SocketsData['summary']['byState'] = {};
  const byCommand = new Map<string, SocketCount>();
  const byRemote = farEndCounter(listeningPorts);
  const withoutOwner = { closed: 0, unknown: 0 };
  let local = 0;
  eachSocket(list, (socket) => {
    const { risk, state } = socket;
    if (risk !== null) byRisk[risk] += 1;
    byState[state] = (byState[state] ?? 0) + 1;
    if (state !== 'listen') {
      if (socket.isLocal) local += 1;
      byRemote.count(socket);
    }
    if (!ownersSought) return;
    const { owners } = socket;
    const first = owners[0];
    if (first === undefined) withoutOwner[socket.inode === 0 ? 'closed' : 'unknown'] += 1;
    else if (owners.length === 1) count(byCommand, nameOf(first), risk);
    else for (const command of new Set(owners.map(nameOf))) count(byCommand, command, risk);
  });
  return {
    sockets: list.rows.length,
    local,
    judgesLocal,
    byRisk,
    byState,
    byCommand: most([...byCommand.values()]),
    byRemote: most(byRemote.counts()),
    withoutOwner,
  };
}

function nameOf({ command, pid }: LiveSocket['owners'][number]): string {
  return command ?? `pid ${pid}`;
}

function count(counts: Map<string, SocketCount>, name: string, risk: SocketRisk | null): void {
  let entry = counts.get(name);
  if (entry === undefined) {
    entry = { name, sockets: 0, atRisk: 0 };
    counts.set(name, entry);
  }
  entry.sockets += 1;
  if (isAtRisk(risk)) entry.atRisk += 1;
}

/**
 * Counts connections to the same service together: `10.0.0.9:5432`, or `10.0.0.9 to :80` for those that came from there, whose port is only
 * the next that was free.
 */
function farEndCounter(listeningPorts: ReadonlySet<number>): {
  count(socket: SocketCursor): void;
  counts(): SocketCount[];
} {
  /** By port and then by address, so that no text is made for each. */
  const outgoing = new Map<number, Map<string, SocketCount>>();
  const incoming = new Map<number, Map<string, SocketCount>>();
  return {
    count: ({ localPort, remoteHost, remotePort, risk }) => {
      const comesIn = listeningPorts.has(localPort);
      const port = comesIn ? localPort : remotePort;
      const byPort = comesIn ? incoming : outgoing;
      let byHost = byPort.get(port);
      if (byHost === undefined) {
        byHost = new Map();
        byPort.set(port, byHost);
      }
      count(byHost, remoteHost, risk);
    },
    counts: () => [
      ...named(outgoing, (host, port) => `${host}${port}`),
      ...named(incoming, (host, port) => `${host.slice(0, -1).replace(/^\[(.*)\]$/, '$1')} to :${port}`),
    ],
  };
}

function named(
  byPort: ReadonlyMap<number, ReadonlyMap<string, SocketCount>>,
  nameOf: (host: string, port: number) => string,
): SocketCount[] {
  return [...byPort].flatMap(([port, byHost]) =>
    [...byHost].map(([host, counted]) => ({ ...counted, name: nameOf(host, port) })),
  );
}

function most(counts: SocketCount[]): SocketCount[] {
  return counts
    .sort((a, b) => b.atRisk - a.atRisk || b.sockets - a.sockets || (a.name < b.name ? -1 : 1))
    .slice(0, LONGEST_COUNT_LIST);
}
