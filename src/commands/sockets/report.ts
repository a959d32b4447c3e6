/** What `sockets` returns, and what other commands that look at live sockets share with it. */

import type { TcpState } from '../../base/tcp-state.ts';
import type { Middlebox } from '../../report/values.ts';
import type { LiveSocket, OwnerSearch, SocketCount, SocketRisk } from '../../sockets/live-socket.ts';

export interface SocketsData {
  /** Where the list comes from: sock_diag(7), or /proc/net/tcp and tcp6, which know less. */
  source: 'sock-diag' | 'procfs';
  /** The process whose network namespace was looked at; null: kaprobe's own. */
  pid: number | null;
  /** The selection as it was asked for: `--remote 10.0.0.0/8`. */
  selection: string[];
  ownerSearch: OwnerSearch;
  middleboxes: Middlebox[];
  /** All that were selected, also where `sockets` holds only the first of them. */
  summary: {
    sockets: number;
    /** Those with both ends on this host, which no middlebox stands between; judged only if `judgesLocal`. */
    local: number;
    judgesLocal: boolean;
    byRisk: Record<SocketRisk, number>;
    byState: Partial<Record<TcpState, number>>;
    /** Those with most sockets at risk, then with most sockets, first. A socket of several processes counts for each. */
    byCommand: SocketCount[];
    byRemote: SocketCount[];
    /** Closed by its process and kept by the kernel; or held by a process that was not to be found. */
    withoutOwner: { closed: number; unknown: number };
  };
  sockets: LiveSocket[];
  /** How many of them were asked for; null: all. */
  limit: number | null;
  /** Sentences about what may be missing or inexact. */
  doubts: string[];
}
