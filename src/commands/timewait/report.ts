/** What `timewait` returns. */

import type { TcpState } from '../../base/tcp-state.ts';
import type { Unmeasured } from '../../report/values.ts';

/**
 * How fast this side closes connections, from the time that each socket in TIME_WAIT has left: whoever closes first is left with one, for
 * `windowMs`. What was closed longer ago has gone.
 */
export interface CloseRate {
  /** TCP_TIMEWAIT_LEN of include/net/tcp.h: 60 s, but where a patched kernel shows tcp_tw_timeout. */
  windowMs: number;
  /** Closed within the window, and in each sixth of it, the newest first. */
  closed: number;
  sixths: number[];
  /** Over the whole window, and over its newest sixth. */
  perSecond: number;
  recentPerSecond: number;
  /** The newer half of the window against the older; null: too few to tell. */
  trend: 'rising' | 'falling' | 'steady' | null;
  /** The kernel's table of TIME_WAIT is full: more were closed than are in it. */
  isLowerBound: boolean;
}

/** The ports that new connections to one address and port can have. */
export interface PortsLeft {
  /** ip_local_port_range less ip_local_reserved_ports. */
  usable: number;
  /** Taken by connections that are not in TIME_WAIT, and by listeners of this host. */
  busy: number;
  /** Blocked by TIME_WAIT. */
  waiting: number;
  left: number;
  /** How long TIME_WAIT blocks a port: shorter than its own length where tcp_tw_reuse applies. */
  blockedForMs: number;
  /** Until none is left when connections go on being closed as fast as in the newest sixth of the window; null: that never comes. */
  runsOutInMs: number | null;
}

/** What was seen of one flow's connections over the time of `--watch`. */
export interface FlowWatch {
  /** Connections that were not there at first; those that the other side closed between two samples are not among them. */
  opened: number;
  /** Connections that entered TIME_WAIT. */
  closedHere: number;
  /** Established from the first sample to the last, and how many of those carried data in between: these are reused. null: not to be seen. */
  kept: number;
  keptUsed: number | null;
}

/** A process, as far as a socket tells it. */
export interface FlowOwner {
  pid: number;
  /** At most 15 bytes, from outside; null: it was gone before it could be read. */
  command: string | null;
}

/** All connections of one client address to one service, as this host has them. On loopback both ends are here, each a flow of its own. */
export interface TimeWaitFlow {
  /** Which end this host is. */
  side: 'client' | 'server';
  /**
   * How that is known. `listener`: one listens on the service's port here. `repetition`: that port comes again with more connections than the
   * other. `port-range`: the other port is one that the kernel gives to outgoing connections. `assumed`: by nothing.
   */
  sideKnownBy: 'listener' | 'repetition' | 'port-range' | 'assumed';
  /** An address, and an address with its port: `192.0.2.1`, `192.0.2.2:443`. */
  client: string;
  service: string;
  established: number;
  timeWait: number;
  /** In any other state. */
  others: number;
  closes: CloseRate;
  /**
   * How long a connection is established at most, on average, were it to go on like this: the established ones over the rate (Little's law).
   * At most, because connections that the other side closes are not counted. null: none was closed here.
   */
  meanLifeAtMostMs: number | null;
  /** null: this side takes no port of the range, or the range is not known. */
  ports: PortsLeft | null;
  /** A socket in TIME_WAIT has no owner: these hold the listener, or connections of this flow that are still established. */
  owners: FlowOwner[];
  ownersKnownBy: 'listener' | 'established' | null;
  /** null: not asked for. */
  watch: FlowWatch | null;
}

/** One service of this host, over all its clients. */
export interface TimeWaitService {
  service: string;
  /** Addresses. */
  clients: number;
  established: number;
  timeWait: number;
  perSecond: number;
}

/** The kernel's table of sockets in TIME_WAIT. */
export interface TimeWaitTable {
  /** What counts against the limit: TIME_WAIT and the FIN-WAIT-2 that no process holds any more. */
  count: number;
  /** tcp_max_tw_buckets; null: cannot be read. */
  limit: number | null;
  /** Connections closed without TIME_WAIT because the table was full, since this namespace was made (TCPTimeWaitOverflow); null: cannot be read. */
  overflows: number | null;
}

/** From when on a flow counts as one that does not reuse its connections. */
export interface ReuseThresholds {
  /** New connections that must have been seen, and per second. */
  minConnections: number;
  minPerSecond: number;
  /** A connection that lives no longer than this on average serves a request or a few. */
  maxMeanLifeMs: number;
}

export interface TimeWaitData {
  /** Whose network namespace: null is kaprobe's own. */
  pid: number | null;
  /** Where the sockets were listed; without sock_diag it cannot be told which kept connections were used. */
  source: 'sock-diag' | 'procfs';
  /** How the flows were chosen, as it was given; empty: all of them. */
  filters: string[];
  /** Sockets of the flows by state, the most first. */
  states: { state: TcpState; count: number }[];
  table: TimeWaitTable;
  /** Of all flows. */
  closes: CloseRate;
  settings: {
    /** tcp_tw_reuse: 0 never, 1 yes, 2 loopback only; null: cannot be read. */
    twReuse: number | null;
    portRange: readonly [first: number, last: number] | null;
  };
  /** Those with the most in TIME_WAIT first. */
  flows: TimeWaitFlow[];
  /** Those that `--limit` left out: they are not judged. */
  otherFlows: { count: number; established: number; timeWait: number; mostTimeWait: number };
  /** Services of this host with more than one client, the most in TIME_WAIT first, at most as many as flows. */
  services: TimeWaitService[];
  /** What `--watch` did; null: not asked for. */
  watch: { durationMs: number; samples: number } | null;
  thresholds: ReuseThresholds;
  /** Why owners are missing; null: none are. */
  ownersHidden: Unmeasured | null;
}
