import type { KeepaliveFacts } from '../../keepalive/facts.ts';

/** What is known about the settings of one network namespace. */
export interface SysctlFacts extends KeepaliveFacts {
  /** How long this host's own conntrack keeps an idle established connection; null: not loaded here, or not readable. */
  localConntrackEstablishedMs: number | null;
  /** tcp_tw_recycle; null: not there (Linux 4.12 removed it), or not readable. */
  tcpTwRecycle: boolean | null;
}
