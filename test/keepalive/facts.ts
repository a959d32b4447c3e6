import { type KeepaliveFacts, type KeepaliveKnown, keepaliveFacts, type Settings } from '../../src/keepalive/facts.ts';
import type { Keepalive, PresetMiddlebox } from '../../src/report/values.ts';

/** What follows from what is given: nothing else is known. */
export function facts({
  librarySwitches = [],
  middleboxes = [],
  ...known
}: Partial<KeepaliveKnown> & { librarySwitches?: readonly string[] } = {}): KeepaliveFacts {
  return keepaliveFacts({ ...known, middleboxes, switchesFor: () => librarySwitches });
}

/** A box that keepalive refreshes, with an idle timeout of 30 minutes. */
export function middlebox(different: Partial<PresetMiddlebox> = {}): PresetMiddlebox {
  return {
    kind: 'preset',
    productKind: 'firewall',
    id: 'box',
    name: 'Some Box',
    idleTimeoutMs: 1_800_000,
    keepaliveRefreshes: true,
    confidence: 'verified-by-reading',
    source: 'https://vendor.example/box',
    configurableWith: 'set timeout <seconds>',
    ...different,
  };
}

/** Keepalive read back from a socket, all values asked for: on, 60 s, 15 s, 4 probes, no user timeout. */
export function settings(
  different: Partial<Keepalive> = {},
  rest: Partial<Omit<Settings, 'keepalive'>> = {},
): Settings {
  return {
    keepalive: { enabled: true, idleMs: 60_000, intervalMs: 15_000, count: 4, userTimeoutMs: 0, ...different },
    basis: 'measured',
    inherited: { idle: false, interval: false, count: false },
    ...rest,
  };
}

/** The lines that set a keepalive on one socket; the times in seconds, the user timeout in milliseconds. */
export function socketLines(idle: number, interval: number, count: number, userTimeoutMs: number): string[] {
  return [
    '# on the socket, whatever the host says:',
    'setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &(int){1}, sizeof(int));',
    `setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &(int){${idle}}, sizeof(int));`,
    `setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &(int){${interval}}, sizeof(int));`,
    `setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &(int){${count}}, sizeof(int));`,
    ...(userTimeoutMs === 0
      ? []
      : [`setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &(unsigned){${userTimeoutMs}}, sizeof(unsigned));`]),
  ];
}

/** The lines that set it for a network namespace. */
export function namespaceLines(idle: number, interval: number, count: number): string[] {
  return [
    '# for sockets that only set SO_KEEPALIVE, in this network namespace:',
    `sysctl -w net.ipv4.tcp_keepalive_time=${idle} net.ipv4.tcp_keepalive_intvl=${interval} net.ipv4.tcp_keepalive_probes=${count}`,
  ];
}
