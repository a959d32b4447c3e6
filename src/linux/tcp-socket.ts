/** What a descriptor of a TCP socket tells of it: socket(7), tcp(7), ip(7), ipv6(7). */
import { endpoint } from '../base/endpoint.ts';
import { formatIpv4, formatIpv6 } from './addresses.ts';
import type { Libc } from './libc.ts';
import { StructView } from './struct-view.ts';

const SOL_SOCKET = 1;
const SO_PROTOCOL = 38;
const IPPROTO_TCP = 6;
const AF_INET6 = 10;

/** Reports whether it is one. Throws a KernelError when it is no socket at all. */
export function isTcpSocket(libc: Libc, fd: number): boolean {
  return libc.getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, 4)[0] === IPPROTO_TCP;
}

/** `192.0.2.1:5432` or `[2001:db8::1]:5432`, of a `struct sockaddr_in` or `sockaddr_in6`. */
export function formatSocketAddress(address: Uint8Array): string {
  const view = new StructView(address);
  const text = view.u16(0) === AF_INET6 ? formatIpv6(view, 8) : formatIpv4(view, 4);
  return endpoint(text, view.networkU16(2));
}
