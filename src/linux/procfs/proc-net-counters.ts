/** The counters that the kernel shows as text: /proc/net/snmp, snmp6 and netstat. */
import { readFileSync } from 'node:fs';

/** The value below a name in the table with that title; without a name, the one beside the title. */
export function columnOf(text: string, title: string, name?: string): number | null {
  const rows = text.split('\n').flatMap((line) => {
    const row = line.trim().split(/\s+/);
    return row[0] === title ? [row] : [];
  });
  const [first = [], second = []] = rows;
  const digits = name === undefined ? first[1] : second[first.indexOf(name)];
  return digits !== undefined && /^\d{1,15}$/.test(digits) ? Number(digits) : null;
}

/**
 * Connections that were closed without TIME_WAIT because its table was full (TcpExtTCPTimeWaitOverflow), in the network namespace of a process or, for
 * null, of this one; null when /proc does not show it.
 */
export function readTimeWaitOverflows(pid: number | null): number | null {
  try {
    return columnOf(readFileSync(`/proc/${pid ?? 'self'}/net/netstat`, 'latin1'), 'TcpExt:', 'TCPTimeWaitOverflow');
  } catch {
    return null;
  }
}
