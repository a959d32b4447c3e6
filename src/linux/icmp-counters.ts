import { readFileSync } from 'node:fs';

/** How many ICMP errors this network namespace has received, of the kinds that tell a used-up TTL from a rejection. */
export interface IcmpCounters {
  timeExceeded: number;
  unreachable: number;
}

/**
 * Reads the counters of this process's network namespace; null where /proc does not show them. They tell apart what SO_ERROR does not: for
 * IPv4 both "time exceeded" and "administratively prohibited" are EHOSTUNREACH (icmp_err_convert[] in net/ipv4/icmp.c).
 */
export function readIcmpCounters(family: 4 | 6): IcmpCounters | null {
  try {
    return parseIcmpCounters(readFileSync(family === 4 ? '/proc/net/snmp' : '/proc/net/snmp6', 'latin1'));
  } catch {
    return null;
  }
}

/**
 * Reads them out of the text of /proc/net/snmp (a line of names above one of values) or /proc/net/snmp6 (a name and a value on each line);
 * null when they are not there (RFC 4293; net/ipv4/proc.c, net/ipv6/proc.c).
 */
export function parseIcmpCounters(text: string): IcmpCounters | null {
  const rows = text.split('\n').map((line) => line.trim().split(/\s+/));
  const [names = [], values = []] = rows.filter(([title]) => title === 'Icmp:');
  const counterOf = (name: string): number | null => {
    const column = names.indexOf(`In${name}`);
    const digits = column < 0 ? rows.find(([title]) => title === `Icmp6In${name}`)?.[1] : values[column];
    return digits !== undefined && /^\d+$/.test(digits) ? Number(digits) : null;
  };
  const timeExceeded = counterOf('TimeExcds');
  const unreachable = counterOf('DestUnreachs');
  return timeExceeded === null || unreachable === null ? null : { timeExceeded, unreachable };
}
