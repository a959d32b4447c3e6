/** Live sockets in order and in numbers. */
import {
  type LiveSocket,
  SOCKET_RISKS,
  type SocketCount,
  type SocketRisk,
  type SocketsData,
} from '../report/sockets.ts';
import { silenceMs } from './live-keepalive.ts';
import { isLocal, portOf } from './socket-filter.ts';

/** What `--sort` takes. */
export const SOCKET_ORDERS = ['risk', 'silence', 'remote', 'local', 'command', 'pid', 'state'] as const;
export type SocketOrder = (typeof SOCKET_ORDERS)[number];

/** Longer lists help nobody; the sockets themselves follow. */
const LONGEST_COUNT_LIST = 10;

/** `risk`: the gravest first, and of these the longest silent. `silence`: the longest first. Otherwise ascending. The order is stable. */
export function sortSockets(sockets: readonly LiveSocket[], order: SocketOrder): LiveSocket[] {
  switch (order) {
    case 'risk':
    case 'silence':
      return sortByNumbers(sockets, order === 'risk');
    case 'pid':
      return [...sockets].sort((a, b) => (a.owners[0]?.pid ?? 0) - (b.owners[0]?.pid ?? 0));
    case 'command':
      return sortByText(sockets, ({ owners }) => owners[0]?.command ?? '\uffff');
    case 'remote':
    case 'local':
    case 'state':
      return sortByText(sockets, (socket) => socket[order]);
    default:
      return order satisfies never;
  }
}

function sortByText(sockets: readonly LiveSocket[], key: (socket: LiveSocket) => string): LiveSocket[] {
  return [...sockets].sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}

/**
 * Sorts by risk and silence as one number a socket, which of a hundred thousand takes a tenth of the time of a comparing function: three bits
 * of risk, 24 of silence in steps of a quarter of a second (up to 49 days), 26 of the place.
 */
function sortByNumbers(sockets: readonly LiveSocket[], byRisk: boolean): LiveSocket[] {
  const SILENCES = 2 ** 24;
  const PLACES = 2 ** 26;
  const keys = new Float64Array(sockets.length);
  sockets.forEach((socket, place) => {
    const silence = Math.min(SILENCES - 1, Math.floor((silenceMs(socket) ?? 0) / 256));
    const rank = byRisk ? rankOf(socket.risk) : 0;
    keys[place] = (rank * SILENCES + (SILENCES - 1 - silence)) * PLACES + place;
  });
  const sorted: LiveSocket[] = [];
  for (const key of keys.sort()) {
    const socket = sockets[key % PLACES];
    if (socket !== undefined) sorted.push(socket);
  }
  return sorted;
}

/** The gravest is 0; what is not judged comes last. */
function rankOf(risk: SocketRisk | null): number {
  return risk === null ? SOCKET_RISKS.length : SOCKET_RISKS.indexOf(risk);
}

/** Reports whether a connection in this state of affairs is lost, or will be. */
function isAtRisk(risk: SocketRisk | null): boolean {
  return risk === 'stuck' || risk === 'dying' || risk === 'none' || risk === 'late';
}

/**
 * Counts. `ownersSought`: whether a socket without owners has none that was found, rather than none that was looked for. Connections to one of
 * `listeningPorts` came from outside.
 */
export function summariseSockets(
  sockets: readonly LiveSocket[],
  {
    ownersSought,
    listeningPorts,
    judgesLocal,
  }: { ownersSought: boolean; listeningPorts: ReadonlySet<number>; judgesLocal: boolean },
): SocketsData['summary'] {
  const byRisk: Record<SocketRisk, number> = { stuck: 0, dying: 0, none: 0, late: 0, unmeasured: 0, ok: 0 };
  const byState: SocketsData['summary']['byState'] = {};
  const byCommand = new Map<string, SocketCount>();
  const byRemote = farEndCounter(listeningPorts);
  const withoutOwner = { closed: 0, unknown: 0 };
  let local = 0;
  for (const socket of sockets) {
    const { risk, owners } = socket;
    if (risk !== null) byRisk[risk] += 1;
    byState[socket.state] = (byState[socket.state] ?? 0) + 1;
    if (socket.state !== 'listen' && isLocal(socket)) local += 1;
    if (ownersSought && owners.length === 0) withoutOwner[socket.inode === 0 ? 'closed' : 'unknown'] += 1;
    const first = owners[0];
    if (owners.length === 1 && first !== undefined) count(byCommand, nameOf(first), risk);
    else if (owners.length > 1) for (const command of new Set(owners.map(nameOf))) count(byCommand, command, risk);
    if (socket.state !== 'listen') byRemote.count(socket);
  }
  return {
    sockets: sockets.length,
    local,
    judgesLocal,
    byRisk,
    byState,
    byCommand: most(byCommand),
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
  count(socket: LiveSocket): void;
  counts(): Map<string, SocketCount>;
} {
  const outgoing = new Map<string, SocketCount>();
  /** By own port and then by far address, so that no text is made for each. */
  const incoming = new Map<number, Map<string, SocketCount>>();
  return {
    count: ({ local, remote, risk }) => {
      const localPort = portOf(local);
      if (!listeningPorts.has(localPort)) {
        count(outgoing, remote, risk);
        return;
      }
      let from = incoming.get(localPort);
      if (from === undefined) {
        from = new Map();
        incoming.set(localPort, from);
      }
      count(from, remote.slice(0, remote.lastIndexOf(':')), risk);
    },
    counts: () => {
      const all = new Map(outgoing);
      for (const [port, from] of incoming) {
        for (const [host, counted] of from) {
          const name = `${host.replace(/^\[(.*)\]$/, '$1')} to :${port}`;
          all.set(name, { ...counted, name });
        }
      }
      return all;
    },
  };
}

function most(counts: ReadonlyMap<string, SocketCount>): SocketCount[] {
  return [...counts.values()]
    .sort((a, b) => b.atRisk - a.atRisk || b.sockets - a.sockets || (a.name < b.name ? -1 : 1))
    .slice(0, LONGEST_COUNT_LIST);
}
