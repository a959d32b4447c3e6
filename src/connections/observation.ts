/** What is seen of connections: the words that several rooms report in. */
import type { Unmeasured } from '../report/values.ts';

/** Did the far end acknowledge keepalive probes? Asked with probes one second apart, without payload. */
export type KeepaliveAnswer =
  | {
      kind: 'answered';
      /** From the sending of the answered probe to its acknowledgement; an upper bound, as exact as the polling was. */
      afterMs: number;
      /** Probes sent until one was answered. */
      probeCount: number;
    }
  | {
      kind: 'unanswered';
      /** From the first probe until the search was given up. */
      afterMs: number;
      probeCount: number;
      /** What a new connection to the same address came to right afterwards. */
      freshConnect: ConnectKind | null;
    }
  | Unmeasured;

/** `unmeasured`: this host could not even try (no descriptors, no ports left). */
export type ConnectKind = 'connected' | 'refused' | 'timed-out' | 'unreachable' | 'unresolved' | 'unmeasured';

/** One connection attempt to one address. */
export interface ConnectAttempt {
  address: string;
  kind: ConnectKind;
  durationMs: number;
  /** The errno's name, such as ECONNREFUSED; null when connected. */
  error: string | null;
}

export interface Connect {
  kind: ConnectKind;
  /** Name resolution excluded; null when there was nothing to connect to. */
  durationMs: number | null;
  /** The kernel's smoothed round-trip time right after the handshake (tcpi_rtt); null when not connected or not readable. */
  rttMs: number | null;
  error: string | null;
}

export type Ping =
  | { kind: 'answered'; rttMs: number }
  | { kind: 'unanswered'; rttMs: null }
  | (Unmeasured & { rttMs: null });

/** The certificate that a TLS server presented. Its texts come from outside. */
export type Certificate =
  | {
      kind: 'presented';
      subject: string;
      issuer: string;
      /** ISO 8601; null when the certificate's own text cannot be read as a date. */
      validFrom: string | null;
      validTo: string | null;
      /** Negative when it has expired. */
      remainingMs: number | null;
      lifetimeMs: number | null;
      /** Whether this host trusts it for this name. */
      trusted: boolean;
      /** Why not, as OpenSSL or Node names it (`CERT_HAS_EXPIRED`); null when trusted. */
      error: string | null;
      protocol: string | null;
    }
  | { kind: 'handshake-failed'; error: string }
  | Unmeasured;

/** How a connection ended by itself while it was looked at; null when it did not. */
export type EarlyEnd =
  | null
  | { kind: 'closed'; afterMs: number }
  | { kind: 'reset'; afterMs: number }
  | { kind: 'failed'; afterMs: number; error: string };

/** What a connection that idled came to. `stalled`: silence. `unreachable`: ICMP or no route. */
export type SurvivalOutcome = 'alive' | 'stalled' | 'reset' | 'closed' | 'unreachable' | 'unmeasured';

/** What TCP_INFO said of a connection (struct tcp_info, linux/tcp.h); null: this kernel does not tell. */
export interface TcpInfoSample {
  /** tcpi_probes. */
  unansweredProbes: number;
  /** tcpi_last_ack_recv. */
  lastAckReceivedMs: number | null;
  /** tcpi_segs_out, tcpi_segs_in. */
  segmentsOut: number | null;
  segmentsIn: number | null;
}

/** One of several connections that idle side by side under different treatment. */
export interface SurvivalArm {
  /** `silent`: keepalive off. `keepalive`: as asked for. `application`: a minimal request of the protocol at the keepalive's pace. */
  arm: 'silent' | 'keepalive' | 'application';
  outcome: SurvivalOutcome;
  /** From the last segment received before the test (or the end) to it; null when unmeasured. */
  idledForMs: number | null;
  /** When the outcome was known, since the connection was made; null when unmeasured. */
  atMs: number | null;
  /** Whether the end came by itself, during the wait, rather than in answer to a probe. */
  unprovoked: boolean;
  /** The errno that ended it; null when it has none. */
  error: string | null;
  /** Probes sent to find out. */
  probeCount: number;
  /** The kernel's view before the first probe and at the verdict; null when it was not probed, or ended meanwhile. */
  tcpInfo: { before: TcpInfoSample; after: TcpInfoSample | null } | null;
  /** The evidence in a sentence, or why there is none. */
  detail: string;
}

/** Who ended the idle connections, as far as the evidence goes. */
export type SurvivalCause = 'none' | 'middlebox' | 'peer' | 'host-down' | 'unknown';

export interface Survival {
  /** How long the connections were to be left alone. */
  askedForMs: number;
  arms: SurvivalArm[];
  cause: SurvivalCause;
  /** What a new connection to the same address came to after the wait; null when there was no need to try. */
  freshConnect: ConnectKind | null;
  /** One sentence. */
  conclusion: string;
  /** The chance that a living connection would be called stalled if a fifth of all packets were lost each way, independently. */
  falseStallProbability: number;
}

/** One hop of the path, as seen by packets whose TTL ends there. */
export interface Hop {
  hop: number;
  /** The address that answered a SYN that ended here; null when none did. */
  address: string | null;
  /** Whether a segment of the stalled flow that ended here was answered; null when not tried. */
  flowAnswered: boolean | null;
}

/** Where on the path the stalled flow is dropped: the box at `lastAnsweringHop` or the one behind it, `hop`. */
export interface Dropper {
  /** The first hop from which the stalled flow draws no answer though a SYN does; null when the hops do not tell. */
  hop: number | null;
  address: string | null;
  /** The last hop that still answers for the stalled flow; 0 is this host. */
  lastAnsweringHop: number | null;
  lastAnsweringAddress: string | null;
  hops: Hop[];
  /** What this rests on and what blurs it, in a sentence. */
  doubt: string;
}
