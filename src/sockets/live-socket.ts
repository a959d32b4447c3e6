/** One live TCP socket, and what is known of it. */
import type { TcpState } from '../base/tcp-state.ts';
import type { Keepalive, Unmeasured } from '../report/values.ts';

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
   * Concluded from the kernel's timer, which tells that keepalive is on and when it looks at the connection next. Nothing but a bound: the
   * period between answered probes, max(idle, interval), is at least `periodAtLeastMs`, unless the settings were lowered since the timer was set.
   */
  | { source: 'timer'; enabled: true; periodAtLeastMs: number }
  /** The kernel's list shows no keepalive timer where there would be one if it were on. */
  | { source: 'timer'; enabled: false }
  | (Unmeasured & { source: 'unmeasured' });

/** The values of a socket's risk, the gravest first. */
export const SOCKET_RISKS = ['stuck', 'dying', 'unprotected', 'late', 'unmeasured', 'ok'] as const;

/**
 * `ok`: silence never lasts as long as the middlebox's timeout; where no middlebox is given, only that probes are sent. `late`: a probe comes
 * after the timeout. `unprotected`: no probe ever. `dying`: probes or data go unanswered now. `stuck`: dead for longer than its own settings
 * take to notice, or silent for longer than the timeout with nobody who will ever notice. `unmeasured`: cannot tell.
 */
export type SocketRisk = (typeof SOCKET_RISKS)[number];

/** How `--verify` made the kernel send a segment without payload. */
export type VerificationProbe =
  /** By switching TCP_REPAIR off, which was off: nothing changes, and nothing counts the probe. */
  | { method: 'window-probe' }
  /** By SO_KEEPALIVE and TCP_KEEPIDLE, changed for some milliseconds and set back; probes without an answer count until one comes. */
  | {
      method: 'keepalive-probe';
      /** TCP_KEEPIDLE was what the sysctl says: if it only followed that, it keeps this value now when the sysctl changes. null: not known. */
      idlePinned: boolean | null;
    };

/** Whether the far end still answers: asked by `--verify`. */
export type SocketVerification =
  /** `by` null: it was not asked, because it has been heard of within a second. */
  | { kind: 'answered'; afterMs: number; by: VerificationProbe | null }
  | { kind: 'unanswered'; probes: number; afterMs: number; by: VerificationProbe }
  /** The probe drew an end of the connection: an RST, or an error from the path. */
  | { kind: 'ended'; afterMs: number; by: VerificationProbe }
  | Unmeasured;

/** One TCP socket of this host. */
export interface LiveSocket {
  family: 4 | 6;
  /** `192.0.2.1:5432`, `[2001:db8::1]:5432`. */
  local: string;
  remote: string;
  state: TcpState;
  /** 0: no descriptor refers to it any more. */
  inode: number;
  /** Its number as long as the machine runs (SO_COOKIE), in hexadecimal; null: read from /proc/net/tcp, which does not show it. */
  cookie: string | null;
  uid: number;
  /** All that were found to hold it; none where nobody looked, or may look. */
  owners: SocketOwner[];
  keepalive: LiveKeepalive;
  /** Whose settings these look like, such as `Node.js (libuv)`; null: nobody's in particular, or not known. */
  recognised: string | null;
  /** Until the next keepalive probe, where keepalive is known from the timer alone at the earliest; null: none is planned, or not known. */
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
  /** How long a read waits at most (SO_RCVTIMEO), 0 for ever; null: not read. */
  receiveTimeoutMs: number | null;
  /** null: not asked for. */
  verified: SocketVerification | null;
  /** null: nothing to judge, because it listens or is closing, or because both ends are on this host. */
  risk: SocketRisk | null;
}

/** How the owners of sockets were looked for. */
export type OwnerSearch =
  | { kind: 'not-asked' }
  | {
      kind: 'searched';
      /** Processes whose descriptors this user may not see. */
      hiddenProcesses: number;
      /** Whether /proc is mounted so that processes of others do not even show (hidepid). */
      processesInvisible: boolean;
    };

/** A part of the sockets in numbers. */
export interface SocketCount {
  /** A command's name, or a remote address and port. */
  name: string;
  sockets: number;
  /** Of these: stuck, dying, unprotected or late. */
  atRisk: number;
}
