/** Addresses with ports as people write them, `192.0.2.1:5432` and `[2001:db8::1]:5432`, and networks of addresses. */
import { BlockList, isIP } from 'node:net';

/** An address, without brackets, and a port in one text. A host name is written as it is. */
export function endpoint(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** The address in what endpoint() returned, without brackets. */
export function hostOf(endpoint: string): string {
  return endpoint.slice(0, endpoint.lastIndexOf(':')).replace(/^\[(.*)\]$/, '$1');
}

/** The port in what endpoint() returned. */
export function portOf(endpoint: string): number {
  let port = 0;
  for (let at = endpoint.lastIndexOf(':') + 1; at < endpoint.length; at += 1)
    port = 10 * port + endpoint.charCodeAt(at) - 48;
  return port;
}

/** Addresses with a common beginning. An IPv4 address and its IPv4-mapped form (RFC 4291, 2.5.5.2) are the same. */
export type Network = BlockList;

/** Reads `10.0.0.0/8`, `2001:db8::/32` or a single address; null when it is neither. */
export function parseNetwork(text: string): Network | null {
  const [, address = '', digits] = /^([0-9a-f.:]+)(?:\/(\d{1,3}))?$/i.exec(text) ?? [];
  const family = isIP(address);
  const longest = family === 4 ? 32 : 128;
  const prefixBits = digits === undefined ? longest : Number(digits);
  if (family === 0 || prefixBits > longest) return null;
  const network = new BlockList();
  network.addSubnet(address, prefixBits, family === 4 ? 'ipv4' : 'ipv6');
  return network;
}

/** Reports whether an address, without brackets and zone, is in the network. */
export function isWithin(network: Network, address: string): boolean {
  return network.check(address, address.includes(':') ? 'ipv6' : 'ipv4');
}
