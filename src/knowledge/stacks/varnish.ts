import { KERNEL_KEEPALIVE } from '../../keepalive/kernel-timers.ts';
import { type StackFacts, secondsDown, secondsUp, wholeSeconds } from '../stack.ts';

export const stack = {
  name: 'Varnish',
  processes: ['varnishd', 'cache-main'],
  source:
    'https://github.com/varnishcache/varnish-cache/blob/27d2ce15b20b94d0a5e452b0d5c29c3145d00b6a/include/tbl/params.h',
  note: '8.0',
  keepalive: { ...KERNEL_KEEPALIVE, idleMs: 600_000 },
  http: {
    server: { idleClose: { value: 5000, setting: 'timeout_idle' } },
    client: { poolIdle: { value: 60_000, setting: 'backend_idle_timeout' } },
    write: {
      idleClose: (ms) => [`varnishd -p timeout_idle=${secondsUp(ms)}`],
      poolIdle: (ms) => [`varnishd -p backend_idle_timeout=${secondsDown(ms)}`],
      tcpKeepaliveOnAccepted: ({ idleMs, intervalMs, count }) => [
        `varnishd -p tcp_keepalive_time=${wholeSeconds(idleMs)} -p tcp_keepalive_intvl=${wholeSeconds(intervalMs)} -p tcp_keepalive_probes=${count}`,
      ],
    },
  },
} satisfies StackFacts;
