/** Which sockets are meant: pure matching of what the command line asked for. */

import { hostOf, isWithin, type Network, portOf } from '../base/endpoint.ts';
import type { TcpState } from '../base/tcp-state.ts';
import type { LiveSocket, SocketRisk } from './live-socket.ts';

/** One end of a connection; null: any. */
export interface EndFilter {
  network: Network | null;
  port: number | null;
}

/** What a socket must be to be selected. An empty list asks for nothing. */
export interface SocketFilter {
  states: readonly TcpState[];
  /** One of its owners. */
  pids: readonly number[];
  /** A part of the name of one of its owners. */
  commands: readonly string[];
  local: readonly EndFilter[];
  remote: readonly EndFilter[];
  /** Of either end. */
  ports: readonly number[];
  risks: readonly SocketRisk[];
}

/** Asks for nothing. */
export const ANY_SOCKET: SocketFilter = {
  states: [],
  pids: [],
  commands: [],
  local: [],
  remote: [],
  ports: [],
  risks: [],
};

/** Reports whether the filter asks for some processes' sockets. */
export function asksForProcesses({ pids, commands }: SocketFilter): boolean {
  return pids.length + commands.length > 0;
}

/** Reports whether the filter asks for addresses or ports. */
export function asksForEnds({ local, remote, ports }: SocketFilter): boolean {
  return local.length + remote.length + ports.length > 0;
}

/** Reports whether state and both ends are as asked: what is known before anybody looks for owners. */
export function matchesEnds(filter: SocketFilter, socket: Pick<LiveSocket, 'state' | 'local' | 'remote'>): boolean {
  return (
    (filter.states.length === 0 || filter.states.includes(socket.state)) &&
    matchesEnd(filter.local, socket.local) &&
    matchesEnd(filter.remote, socket.remote) &&
    (filter.ports.length === 0 ||
      filter.ports.includes(portOf(socket.local)) ||
      filter.ports.includes(portOf(socket.remote)))
  );
}

/** Reports whether one owner is as asked in every respect. */
export function matchesOwners(filter: SocketFilter, { owners }: Pick<LiveSocket, 'owners'>): boolean {
  if (!asksForProcesses(filter)) return true;
  return owners.some(
    ({ pid, command }) =>
      (filter.pids.length === 0 || filter.pids.includes(pid)) &&
      (filter.commands.length === 0 || filter.commands.some((part) => command?.includes(part) === true)),
  );
}

/** Reports whether the risk is one of those asked for. */
export function matchesRisk(filter: SocketFilter, { risk }: Pick<LiveSocket, 'risk'>): boolean {
  return filter.risks.length === 0 || (risk !== null && filter.risks.includes(risk));
}

/** Reports whether the filter leaves the choice of sockets open in every respect but state and risk: then it names nobody's sockets in particular. */
export function isUnfiltered(filter: SocketFilter): boolean {
  return !asksForProcesses(filter) && !asksForEnds(filter);
}

function matchesEnd(wanted: readonly EndFilter[], endpoint: string): boolean {
  if (wanted.length === 0) return true;
  const port = portOf(endpoint);
  const address = hostOf(endpoint);
  return wanted.some(
    (end) => (end.port === null || end.port === port) && (end.network === null || isWithin(end.network, address)),
  );
}

/** What a command line needs to mean the sockets in the network namespace of that process; nothing for kaprobe's own. */
export function namespaceArgument(netnsPid: number | null): string[] {
  return netnsPid === null ? [] : [`--netns ${netnsPid}`];
}

/** Reports whether no packet of the connection leaves this host: to a loopback address, or to the address that it comes from. */
export function isLocal({ local, remote }: Pick<LiveSocket, 'local' | 'remote'>): boolean {
  if (remote.startsWith('127.') || remote.startsWith('[::ffff:127.') || remote.startsWith('[::1]:')) return true;
  return local.startsWith(remote.slice(0, remote.lastIndexOf(':') + 1));
}
