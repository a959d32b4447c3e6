/** What `sockets` returns, and what other commands that look at live sockets share with it. */

import type { Keepalive, Middlebox, Unmeasured } from '../report.ts';
import type { TcpState } from './tcp-state.ts';

/** A process that holds a socket. */
export interface SocketOwner {
  pid: number;
  /** As it calls itself: at most 15 bytes, from outside. null: it was gone before it could be read. */
  command: string | null;
  fd: number;
  /** The system call that one of its threads waits in with this descriptor, such as `recvfrom`; null: none, or not to be seen. */
  blockedIn: string | null;
}

/** TCP keepalive of somebody's socket, by how it is known. */
export type LiveKeepalive =
  /** Read from the socket itself. */
  | (Keepalive & { source: 'getsockopt' })
  /**
   * Concluded from the kernel's timer, which tells that it is on and when the next probe goes. Everything else is a bound: the period between
   * answered probes, max(idle, interval), is at least `periodAtLeastMs`.
   */
  | { source: 'timer'; enabled: true; periodAtLeastMs: number; idleMs: number | null }
  /** The kernel's list shows no keepalive timer where there would be one if it were on. */
  | { source: 'timer'; enabled: false }
  | (Unmeasured & { source: 'unmeasured' });

/**
 * `ok`: silence never lasts as long as the middlebox's timeout. `late`: the first probe comes after it. `none`: no probe ever. `dying`:
 * probes or data go unanswered now. `stuck`: dead for longer than it should take to notice, or nobody will ever notice. `unmeasured`: cannot tell.
 */
export type SocketRisk = 'ok' | 'late' | 'none' | 'dying' | 'stuck' | 'unmeasured';

/** One TCP socket of this host. */
export interface LiveSocket {
  family: 4 | 6;
  /** `192.0.2.1:5432`, `[2001:db8::1]:5432`. */
  local: string;
  remote: string;
  state: TcpState;
  /** 0: no descriptor refers to it any more. */
  inode: number;
  uid: number;
  owners: SocketOwner[];
  keepalive: LiveKeepalive;
  /** Until the next keepalive probe; null: none is planned, or not known. */
  nextProbeMs: number | null;
  /** Since the last segment with payload came, and went; null: not known. */
  lastReceivedMs: number | null;
  lastSentMs: number | null;
  /** Since the last acknowledgement came. */
  lastAcknowledgedMs: number | null;
  /** Segments sent and not acknowledged. */
  unacked: number | null;
  retransmits: number | null;
  unansweredProbes: number | null;
  risk: SocketRisk;
}

export interface SocketsData {
  sockets: LiveSocket[];
  middleboxes: Middlebox[];
}
