/** What `check` returns. */

import type {
  Certificate,
  Connect,
  ConnectAttempt,
  Dropper,
  EarlyEnd,
  KeepaliveAnswer,
  Ping,
  Survival,
} from '../../connections/observation.ts';
import type { Gap, Verdict } from '../../report/report.ts';
import type { Keepalive, Middlebox, RefusedSetting, RequestedKeepalive, Unmeasured } from '../../report/values.ts';

/** What was seen of one target. */
export interface ObservedTarget {
  /** As it was given, without any user name and password. */
  target: string;
  scheme: string;
  host: string;
  /** The address that the connection was made to; null when none was. */
  address: string | null;
  port: number;
  /** All addresses of the name, in the order of the resolver. */
  addresses: string[];
  connect: Connect;
  attempts: ConnectAttempt[];
  keepalive: {
    requested: RequestedKeepalive;
    refused: RefusedSetting[];
    effective: Keepalive | Unmeasured;
    answer: KeepaliveAnswer;
  };
  ended: EarlyEnd;
  /** What became of connections that idled for real; null unless asked for, or when the target could not be connected to. */
  survival: Survival | null;
  /** Where on the path a stalled connection is dropped; null when none stalled, or nobody looked. */
  dropper: Dropper | null;
  ping: Ping;
  /** Only where the scheme asks for TLS. */
  certificate?: Certificate;
}

/** The same, judged. */
export interface CheckedTarget extends ObservedTarget {
  verdict: Verdict;
  gaps: Gap[];
}

export interface CheckData {
  /** True when the only target was kaprobe's own server on loopback. */
  embedded: boolean;
  /** All that were given. */
  middleboxes: Middlebox[];
  /** The one that decides: the shortest timeout among those that keepalive can refresh; null when there is none. */
  strictest: string | null;
  targets: CheckedTarget[];
}
