import { readFileSync } from 'node:fs';
import { columnOf } from './proc-net-counters.ts';

/** How many ICMP errors this network namespace has received, of the kinds that matter to a sweep of the hops. */
export interface IcmpCounters {
  /** "Time exceeded": a TTL was used up. */
  timeExceeded: number;
  /** "Destination unreachable", of any code. */
  unreachable: number;
  /** Errors of any kind about TCP segments outside the window, which is where keepalive probes are (TcpExtOutOfWindowIcmps). */
  outOfWindow: number;
}

/**
 * Reads the counters of this process's network namespace; null where /proc does not show them. They tell what the socket does not: that
 * a keepalive probe drew an error, and whether EHOSTUNREACH over IPv4 was "time exceeded" or "administratively prohibited"
 * (icmp_err_convert[] in net/ipv4/icmp.c).
 */
export function readIcmpCounters(family: 4 | 6): IcmpCounters | null {
  try {
    const icmp = readFileSync(family === 4 ? '/proc/net/snmp' : '/proc/net/snmp6', 'latin1');
    return parseIcmpCounters(icmp, readFileSync('/proc/net/netstat', 'latin1'));
  } catch {
    return null;
  }
}

/**
 * Reads them out of the texts of /proc/net/snmp or /proc/net/snmp6, and /proc/net/netstat; null when one of them is not there. The second
 * has a name and a value on each line, the others a line of names above one of values (RFC 4293; net/ipv4/proc.c, net/ipv6/proc.c).
 */
export function parseIcmpCounters(icmp: string, netstat: string): IcmpCounters | null {
  const timeExceeded = columnOf(icmp, 'Icmp:', 'InTimeExcds') ?? columnOf(icmp, 'Icmp6InTimeExcds');
  const unreachable = columnOf(icmp, 'Icmp:', 'InDestUnreachs') ?? columnOf(icmp, 'Icmp6InDestUnreachs');
  const outOfWindow = columnOf(netstat, 'TcpExt:', 'OutOfWindowIcmps');
  if (timeExceeded === null || unreachable === null || outOfWindow === null) return null;
  return { timeExceeded, unreachable, outOfWindow };
}
