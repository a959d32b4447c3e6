/** Which sockets are meant: pure matching of what the command line asked for. */

import type { TcpState } from '../base/tcp-state.ts';
import type { LiveSocket, SocketRisk } from './live-socket.ts';

/** Addresses with a common beginning: 16 bytes, IPv4 as IPv4-mapped (RFC 4291, 2.5.5.2), and how many bits of them count. */
export interface Network {
  bytes: readonly number[];
  prefixBits: number;
}

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
  if (filter.pids.length === 0 && filter.commands.length === 0) return true;
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
  return [filter.pids, filter.commands, filter.local, filter.remote, filter.ports].every((list) => list.length === 0);
}

function matchesEnd(wanted: readonly EndFilter[], endpoint: string): boolean {
  if (wanted.length === 0) return true;
  const port = portOf(endpoint);
  const bytes = wanted.some(({ network }) => network !== null) ? parseAddress(hostOf(endpoint)) : null;
  return wanted.some(
    (end) =>
      (end.port === null || end.port === port) &&
      (end.network === null || (bytes !== null && isWithin(end.network, bytes))),
  );
}

/** An address with its port: `192.0.2.1:5432`, `[2001:db8::1]:5432`. */
export function endpoint(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** The address of `192.0.2.1:5432` or `[2001:db8::1]:5432`, without brackets. */
export function hostOf(endpoint: string): string {
  return endpoint.slice(0, endpoint.lastIndexOf(':')).replace(/^\[(.*)\]$/, '$1');
}

/** The port of `192.0.2.1:5432` or `[2001:db8::1]:5432`. */
export function portOf(endpoint: string): number {
  let port = 0;
  for (let at = endpoint.lastIndexOf(':') + 1; at < endpoint.length; at += 1)
    port = 10 * port + endpoint.charCodeAt(at) - 48;
  return port;
}

/** Reports whether no packet of the connection leaves this host: to a loopback address, or to the address that it comes from. */
export function isLocal({ local, remote }: Pick<LiveSocket, 'local' | 'remote'>): boolean {
  if (remote.startsWith('127.') || remote.startsWith('[::ffff:127.') || remote.startsWith('[::1]:')) return true;
  return local.startsWith(remote.slice(0, remote.lastIndexOf(':') + 1));
}

/** Reads `10.0.0.0/8`, `2001:db8::/32` or a single address; null when it is neither. */
export function parseNetwork(text: string): Network | null {
  const [, address = '', , digits] = /^([0-9a-f.:]+)(\/(\d{1,3}))?$/i.exec(text) ?? [];
  const bytes = parseAddress(address);
  if (bytes === null) return null;
  const offset = address.includes(':') ? 0 : 96;
  const prefixBits = offset + (digits === undefined ? 128 - offset : Number(digits));
  return prefixBits <= 128 ? { bytes, prefixBits } : null;
}

function isWithin({ bytes, prefixBits }: Network, address: readonly number[]): boolean {
  return bytes.every((byte, index) => {
    const bits = Math.min(8, Math.max(0, prefixBits - 8 * index));
    return (byte ^ (address[index] ?? 0)) >> (8 - bits) === 0;
  });
}

/** Sixteen bytes, an IPv4 address IPv4-mapped; null for what is no address. */
function parseAddress(text: string): number[] | null {
  const [, head = '', dotted] = /^(.*?)(\d+\.\d+\.\d+\.\d+)?$/.exec(text) ?? [];
  const four = dotted === undefined ? [] : dotted.split('.').map(Number);
  if (four.some((byte) => byte > 255)) return null;
  if (head === '') return four.length === 4 ? [...new Array<number>(10).fill(0), 255, 255, ...four] : null;
  // `::ffff:192.0.2.1` and `64:ff9b::192.0.2.1`: the dotted part stands for two groups.
  const groups = dotted === undefined ? text : `${head}${hex(four, 0)}:${hex(four, 2)}`;
  const halves = groups.split('::');
  if (halves.length > 2) return null;
  const [left = [], right = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - left.length - right.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const all = [...left, ...new Array<string>(missing).fill('0'), ...right];
  if (!all.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return null;
  return all.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]);
}

function hex(bytes: readonly number[], at: number): string {
  return ((bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0)).toString(16);
}
