/** What `simulate` returns. */

import type { Keepalive, Middlebox } from '../../report/values.ts';

/** What a simulated connection meets. */
export interface SimulatedEvent {
  event:
    | 'probe-answered'
    | 'probe-unanswered'
    | 'middlebox-forgets'
    /** The tail loss probe: data sent again before the first retransmission timeout counts. */
    | 'loss-probe'
    | 'retransmission'
    | 'window-probe-answered'
    | 'window-probe-unanswered';
  /** The first time, on the scenario's own clock. */
  atMs: number;
  /** How often in a row, `everyMs` apart; null for once. */
  count: number;
  everyMs: number | null;
  lastAtMs: number;
}

/** How a simulated connection ends. */
export type SimulatedEnd =
  /** It does not: it goes on as the last events did. */
  | { kind: 'alive' }
  /** The peer or the middlebox is gone and nothing is ever sent that could find out. */
  | { kind: 'unnoticed' }
  /** The middlebox ends it, whatever is sent. */
  | { kind: 'forgotten'; atMs: number }
  /** The kernel gives it up with ETIMEDOUT. */
  | {
      kind: 'given-up';
      by: 'probe-count' | 'user-timeout' | 'retries';
      /** With timers that are punctual. */
      atMs: number;
      /** Between these with the kernel's own, which fire late. */
      earliestMs: number;
      latestMs: number;
    };

/** One thing that can become of a connection. Each has a clock of its own, which begins as the name says. */
export interface SimulatedScenario {
  /**
   * `idle`, `middlebox`, `dead-peer-idle`: from the last segment received. `dead-peer-data`: from the write. `dead-peer-zero-window`,
   * `zero-window`: from the acknowledgement that closed the peer's window while more data was waiting.
   */
  scenario: 'idle' | 'middlebox' | 'dead-peer-idle' | 'dead-peer-data' | 'zero-window' | 'dead-peer-zero-window';
  /** Only of `middlebox`: which of those given; null for all others. */
  middlebox: Middlebox | null;
  events: SimulatedEvent[];
  end: SimulatedEnd;
}

export interface SimulateData {
  /** Where what was not given comes from. */
  defaults: 'kernel' | 'sysctl';
  keepalive: Keepalive;
  /** net.ipv4.tcp_retries2. */
  retries2: number;
  rttMs: number;
  rtoMinMs: number;
  rtoMaxMs: number;
  /** The first retransmission timeout that these make. */
  rtoMs: number;
  /** Between answered probes; null when none are sent. */
  probePeriodMs: number | null;
  middleboxes: Middlebox[];
  strictest: string | null;
  scenarios: SimulatedScenario[];
}
