import { type Stack, wholeSeconds } from '../stack.ts';

/** The driver has only the switch (PGProperty.TCP_KEEP_ALIVE, off by default); the timers are those of the host. */
export const stack = {
  id: 'pgjdbc',
  name: 'PostgreSQL JDBC driver, with the timers of the host',
  schemes: ['postgres', 'postgresql'],
  rank: 2,
  switchOn({ idleMs, intervalMs, count }) {
    return [
      'jdbc:postgresql://HOST:PORT/DATABASE?tcpKeepAlive=true',
      `sysctl -w net.ipv4.tcp_keepalive_time=${wholeSeconds(idleMs)} net.ipv4.tcp_keepalive_intvl=${wholeSeconds(intervalMs)} net.ipv4.tcp_keepalive_probes=${count}`,
    ];
  },
} satisfies Stack;
