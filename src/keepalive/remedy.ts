/** Lines to paste that put keepalive settings into effect. */
import type { Keepalive } from '../report/values.ts';
import type { KeepaliveFacts, Settings } from './facts.ts';

type Timers = Pick<Keepalive, 'idleMs' | 'intervalMs' | 'count'>;

/** The kernel's unit, which takes nothing below 1. */
const seconds = (ms: number): number => Math.max(1, Math.round(ms / 1000));

/** For every socket of the network namespace that has SO_KEEPALIVE on and sets nothing itself. */
export function sysctlLines(values: Timers): string[] {
  return ['# for sockets that only set SO_KEEPALIVE, in this network namespace:', sysctlLine(values)];
}

/** The command that sets the timers of the network namespace. */
export function sysctlLine({ idleMs, intervalMs, count }: Timers): string {
  return `sysctl -w net.ipv4.tcp_keepalive_time=${seconds(idleMs)} net.ipv4.tcp_keepalive_intvl=${seconds(intervalMs)} net.ipv4.tcp_keepalive_probes=${count}`;
}

/** For one socket, in C; every language's socket options carry the same names. */
export function setsockoptLines({ idleMs, intervalMs, count, userTimeoutMs }: Keepalive): string[] {
  return [
    '# on the socket, whatever the host says:',
    'setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &(int){1}, sizeof(int));',
    `setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &(int){${seconds(idleMs)}}, sizeof(int));`,
    `setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &(int){${seconds(intervalMs)}}, sizeof(int));`,
    `setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &(int){${count}}, sizeof(int));`,
    ...(userTimeoutMs === 0
      ? []
      : [
          `setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &(unsigned){${Math.round(userTimeoutMs)}}, sizeof(unsigned));`,
        ]),
  ];
}

/**
 * The recommended keepalive, to be set where the settings come from: the sysctls where it is the host's values that are wrong, else the socket,
 * also in the words of the subject's libraries. None where there is nothing to recommend.
 */
export function remedyLines(
  basis: Settings['basis'],
  { recommended, librarySwitches }: Pick<KeepaliveFacts, 'recommended' | 'librarySwitches'>,
): string[] {
  if (recommended === null) return [];
  return basis === 'sysctl' ? sysctlLines(recommended) : [...setsockoptLines(recommended), ...librarySwitches];
}
