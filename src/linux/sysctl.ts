/** Kernel settings under /proc/sys: the reader, and the parsers of its texts. What is read is the network namespace of the calling thread. */
import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../base/errors.ts';
import { type Keepalive, type Unmeasured, unmeasured } from '../report/values.ts';

/** Where the kernel shows its settings (proc_sys(5)). */
const PROC_SYS = '/proc/sys';

/** No setting is longer, but for a list of thousands of reserved ports, each on its own. */
const LONGEST_BYTES = 65_536;

/** The text of one setting, or why there is none: `errno` is the kernel's name (`ENOENT`, `EACCES`), null when the kernel did answer. */
export type SysctlReading =
  | { kind: 'text'; text: string }
  | { kind: 'unreadable'; errno: string | null; reason: string };

/**
 * Reads one setting, named with dots as sysctl(8) writes it (`net.ipv4.tcp_keepalive_time`): one open, one read, never more than 64 KiB.
 * The text has single spaces where the kernel prints tabs or several, and no line end. Never throws.
 */
export function readSysctl(name: string, root: string = PROC_SYS): SysctlReading {
  const path = join(root, ...name.split('.'));
  try {
    const file = openSync(path, 'r');
    try {
      const buffer = Buffer.allocUnsafe(LONGEST_BYTES);
      const sizeBytes = readSync(file, buffer, 0, LONGEST_BYTES, 0);
      if (sizeBytes === LONGEST_BYTES)
        return { kind: 'unreadable', errno: null, reason: `longer than ${LONGEST_BYTES} bytes` };
      return { kind: 'text', text: buffer.toString('latin1', 0, sizeBytes).trim().replace(/\s+/g, ' ') };
    } finally {
      closeSync(file);
    }
  } catch (error) {
    const errno = errnoOf(error);
    return { kind: 'unreadable', errno, reason: `cannot read ${path}: ${errno}` };
  }
}

/** The number that a setting's text is; null when it is not one whole number of zero or more. */
export function parseCount(text: string): number | null {
  return /^\d{1,15}$/.test(text) ? Number(text) : null;
}

/** The number that a setting is; null when it cannot be read, or is none. */
export function count(reading: SysctlReading): number | null {
  return reading.kind === 'text' ? parseCount(reading.text) : null;
}

/** The same, but for a setting that this kernel does not have: `absent`. */
export function countIfPresent(reading: SysctlReading): number | 'absent' | null {
  return reading.kind === 'unreadable' && reading.errno === 'ENOENT' ? 'absent' : count(reading);
}

/** The settings that decide how ports are given out. */
export interface PortReading {
  range: [first: number, last: number];
  reserved: [first: number, last: number][];
  twReuse: number;
  /** null: a kernel without tcp_tw_reuse_delay. */
  twReuseDelayMs: number | null;
  timestamps: number;
}

/** Reads ip_local_port_range, ip_local_reserved_ports, tcp_tw_reuse and its delay, and tcp_timestamps; null when one cannot be read. */
export function portSettingsFrom(read: (name: string) => SysctlReading): PortReading | null {
  const portRange = read('net.ipv4.ip_local_port_range');
  const reservedPorts = read('net.ipv4.ip_local_reserved_ports');
  const range = portRange.kind === 'text' ? parsePortRange(portRange.text) : null;
  const reserved = reservedPorts.kind === 'text' ? parsePortList(reservedPorts.text) : null;
  const twReuse = count(read('net.ipv4.tcp_tw_reuse'));
  const delay = countIfPresent(read('net.ipv4.tcp_tw_reuse_delay'));
  const timestamps = count(read('net.ipv4.tcp_timestamps'));
  if (range === null || reserved === null || twReuse === null || delay === null || timestamps === null) return null;
  return { range, reserved, twReuse, twReuseDelayMs: delay === 'absent' ? null : delay, timestamps };
}

/** Two ports as `ip_local_port_range` has them (`32768 60999`); null when the text is anything else. */
export function parsePortRange(text: string): [first: number, last: number] | null {
  const [first, last, ...rest] = text.split(' ').map(parsePort);
  if (first == null || last == null || rest.length > 0 || first > last) return null;
  return [first, last];
}

/** Ports and ranges as `ip_local_reserved_ports` has them (`8080,9148,40000-40100`, often empty); null when the text is anything else. */
export function parsePortList(text: string): [first: number, last: number][] | null {
  if (text === '') return [];
  const ranges: [number, number][] = [];
  for (const part of text.split(',')) {
    const [first, last = first, ...rest] = part.split('-').map(parsePort);
    if (first == null || last == null || rest.length > 0 || first > last) return null;
    ranges.push([first, last]);
  }
  return ranges;
}

function parsePort(text: string): number | null {
  const port = parseCount(text);
  return port === null || port > 65_535 ? null : port;
}

/**
 * The keepalive of a socket that sets only SO_KEEPALIVE here: tcp_keepalive_time, tcp_keepalive_intvl and tcp_keepalive_probes of the
 * calling thread's network namespace (tcp(7)). `enabled` is true because the question is what such a socket gets; `userTimeoutMs` is 0
 * because no sysctl sets TCP_USER_TIMEOUT. Unmeasured when one of the three cannot be read or is not a number. Never throws.
 */
export function readHostKeepalive(root: string = PROC_SYS): Keepalive | Unmeasured {
  return hostKeepaliveFrom((name) => readSysctl(name, root));
}

/** The same from any reader, so that settings read earlier are not read twice. */
export function hostKeepaliveFrom(read: (name: string) => SysctlReading): Keepalive | Unmeasured {
  const problems: string[] = [];
  const number = (name: string): number => {
    const reading = read(name);
    if (reading.kind === 'unreadable') {
      problems.push(reading.reason);
      return 0;
    }
    const count = parseCount(reading.text);
    if (count === null) problems.push(`${name} reads "${reading.text}", which is not a number`);
    return count ?? 0;
  };
  const idleSeconds = number('net.ipv4.tcp_keepalive_time');
  const intervalSeconds = number('net.ipv4.tcp_keepalive_intvl');
  const count = number('net.ipv4.tcp_keepalive_probes');
  const [problem] = problems;
  if (problem !== undefined)
    return unmeasured(problem + (problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''));
  return { enabled: true, idleMs: idleSeconds * 1000, intervalMs: intervalSeconds * 1000, count, userTimeoutMs: 0 };
}
