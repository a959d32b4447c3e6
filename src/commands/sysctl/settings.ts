import { KERNEL_KEEPALIVE } from '../../keepalive/kernel-timers.ts';
import type { SysctlSetting } from './report.ts';

/** What is known about a setting without reading it. */
export interface KnownSetting extends Pick<SysctlSetting, 'name' | 'default' | 'unit' | 'meaning' | 'group'> {
  /** What it means that the kernel does not show it. */
  absent: string;
}

/** Groups in the order of the report. */
const GROUPS: Record<
  SysctlSetting['group'],
  { prefix: string; settings: Record<string, Omit<KnownSetting, 'name' | 'group' | 'absent'> & { absent?: string }> }
> = {
  keepalive: {
    prefix: 'net.ipv4.',
    settings: {
      tcp_keepalive_time: {
        default: String(KERNEL_KEEPALIVE.idleMs / 1000),
        unit: 's',
        meaning: 'silence before the first probe',
      },
      tcp_keepalive_intvl: {
        default: String(KERNEL_KEEPALIVE.intervalMs / 1000),
        unit: 's',
        meaning: 'from one unanswered probe to the next',
      },
      tcp_keepalive_probes: {
        default: String(KERNEL_KEEPALIVE.count),
        unit: 'probes',
        meaning: 'unanswered probes until the connection is given up',
      },
    },
  },
  retry: {
    prefix: 'net.ipv4.',
    settings: {
      tcp_retries1: { default: '3', unit: null, meaning: 'retransmissions before another route is looked for' },
      tcp_retries2: {
        default: '15',
        unit: null,
        meaning:
          'sent data may go unacknowledged for as long as this many doubling retransmissions from 200 ms would take',
      },
      tcp_syn_retries: { default: '6', unit: null, meaning: 'SYNs sent again before connect() times out' },
      tcp_synack_retries: { default: '5', unit: null, meaning: 'answers to a SYN sent again before it is forgotten' },
      tcp_orphan_retries: {
        default: '0',
        unit: null,
        meaning: 'like tcp_retries2, once the program has closed the socket; 0 stands for 8',
      },
      tcp_rto_max_ms: {
        default: '120000',
        unit: 'ms',
        meaning: 'longest wait between two retransmissions',
        absent: 'came with Linux 6.15; here it is 120 s, fixed',
      },
      tcp_rto_min_us: {
        default: '200000',
        unit: 'us',
        meaning: 'shortest wait before a retransmission',
        absent: 'came with Linux 6.11; here it is 200 ms, unless a route says otherwise',
      },
    },
  },
  'time-wait': {
    prefix: 'net.ipv4.',
    settings: {
      tcp_fin_timeout: {
        default: '60',
        unit: 's',
        meaning: 'how long an orphaned FIN-WAIT-2 is kept; NOT the TIME_WAIT length, which is 60 s, fixed',
      },
      tcp_tw_reuse: {
        default: '2',
        unit: null,
        meaning: 'new connections may take a port in TIME_WAIT over: 0 never, 1 yes, 2 is loopback only',
      },
      tcp_tw_reuse_delay: {
        default: '1000',
        unit: 'ms',
        meaning: 'how long a port stays in TIME_WAIT before tcp_tw_reuse may take it over',
        absent: 'came with Linux 6.14; here it is 1 s, fixed',
      },
      tcp_max_tw_buckets: {
        default: null,
        unit: null,
        meaning: 'most sockets kept in TIME_WAIT; the default grows with memory',
      },
      tcp_timestamps: {
        default: '1',
        unit: null,
        meaning: 'tcp_tw_reuse needs them, on both sides: 0 off, 1 on, 2 on without a random offset',
      },
      tcp_tw_recycle: {
        default: '0',
        unit: null,
        meaning: 'drops connections of clients that share an address behind a NAT; never switch it on',
        absent: 'gone since Linux 4.12',
      },
    },
  },
  ports: {
    prefix: 'net.ipv4.',
    settings: {
      ip_local_port_range: {
        default: '32768 60999',
        unit: null,
        meaning: 'first and last port that outgoing connections get',
      },
      ip_local_reserved_ports: { default: '', unit: null, meaning: 'ports inside it that they do not get' },
    },
  },
  conntrack: {
    prefix: 'net.netfilter.',
    settings: {
      nf_conntrack_tcp_timeout_established: {
        default: '432000',
        unit: 's',
        meaning: 'idle timeout of an open connection',
      },
      nf_conntrack_tcp_timeout_unacknowledged: {
        default: '300',
        unit: 's',
        meaning: 'idle timeout while data waits for its ACK',
      },
      nf_conntrack_tcp_timeout_max_retrans: {
        default: '300',
        unit: 's',
        meaning: 'idle timeout after three retransmissions',
      },
      nf_conntrack_tcp_timeout_fin_wait: { default: '120', unit: 's', meaning: 'after the first FIN' },
      nf_conntrack_tcp_timeout_close_wait: { default: '60', unit: 's', meaning: 'after that FIN was acknowledged' },
      nf_conntrack_tcp_timeout_last_ack: { default: '30', unit: 's', meaning: 'after the second FIN' },
      nf_conntrack_tcp_timeout_time_wait: {
        default: '120',
        unit: 's',
        meaning: "after both; not the socket's TIME_WAIT",
      },
      nf_conntrack_tcp_loose: {
        default: '1',
        unit: null,
        meaning: '1 picks forgotten connections up again mid-stream, 0 does not',
      },
      nf_conntrack_max: {
        default: null,
        unit: null,
        meaning: 'most entries in the table; the default grows with memory',
      },
      nf_conntrack_count: { default: null, unit: null, meaning: 'entries in the table now' },
    },
  },
};

/**
 * The settings that decide how long TCP connections of a network namespace live, when they are given up and how fast new ones can be
 * made. Those under net.ipv4 are in force for IPv6 as well.
 *
 * Names, meanings and defaults from the kernel's Documentation/networking/ip-sysctl.rst and nf_conntrack-sysctl.rst, except: the file of
 * tcp_orphan_retries reads 0, which the code takes as the documented 8 (tcp_orphan_retries() in net/ipv4/tcp_timer.c); tcp_tw_reuse has
 * been 2 since Linux 4.19 and was 0 before; tcp_tw_recycle was removed with Linux 4.12; TIME_WAIT's length is the constant
 * TCP_TIMEWAIT_LEN of include/net/tcp.h.
 */
export const sysctlSettings: readonly KnownSetting[] = Object.entries(GROUPS).flatMap(([group, { prefix, settings }]) =>
  Object.entries(settings).map(([name, { absent, ...known }]) => ({
    name: prefix + name,
    ...known,
    group: group as SysctlSetting['group'], // GROUPS has no other keys
    absent: absent ?? (group === 'conntrack' ? 'not loaded in this namespace' : 'not shown in this namespace'),
  })),
);
