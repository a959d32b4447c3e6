/** What is seen of an HTTP server's connections. */
import type { Certificate, Connect, SurvivalOutcome } from '../observation.ts';

/** How the end of a body is told (RFC 9112, section 6.3). `close`: by the end of the connection. `none`: such a response has no body. */
export type HttpFraming = 'content-length' | 'chunked' | 'close' | 'none';

/** Why a connection outlives a response, or does not (RFC 9112, section 9.3). */
export type HttpPersistence =
  /** It does: the way of HTTP/1.1, or asked for and granted in HTTP/1.0. */
  | 'http-1.1'
  | 'keep-alive-granted'
  /** It does not: the request was HTTP/1.0 and did not ask for it. */
  | 'request-without-keep-alive'
  /** The request itself said `Connection: close`. */
  | 'request-says-close'
  /** The server answered in HTTP/1.0 without `Connection: keep-alive`. */
  | 'response-http-1.0'
  /** Neither Content-Length nor chunked: only the end of the connection ends the body. */
  | 'body-without-length'
  /** An error, after which the server closes. */
  | 'error-status'
  /** The response said `Connection: close`. */
  | 'connection-close'
  /** Nothing in the response said so, and yet the connection ended after it. */
  | 'closed-unannounced'
  /** 101: from then on the connection speaks another protocol. */
  | 'protocol-switched'
  /** The server speaks HTTP/2 and no HTTP/1.1, where a connection always lasts and requests share it. */
  | 'http-2-only';

/** One response, as it was seen. */
export interface HttpExchangeSeen {
  /** Which connection, by its port here. */
  localPort: number | null;
  /** Which request on it, counted from 1. */
  request: number;
  status: number;
  /** From sending the request to the last byte of the response. */
  durationMs: number;
  bodyBytes: number;
  framing: HttpFraming;
  /** Whether it said `Connection: close`. */
  announcedClose: boolean;
}

/** One connection that was left idle after a response. */
export interface HttpIdleSample {
  localPort: number | null;
  /** `closed`: the server's FIN. `reset`: RST. `alive`: still open at the end, and the far end answers. `stalled`: open, and silent to probes. */
  outcome: SurvivalOutcome;
  /** From the last byte of the response to that; null when unmeasured. */
  idleMs: number | null;
  /** The errno that ended it; null: none. */
  error: string | null;
  /** What the server said before it closed, such as `HTTP/1.1 408 Request Timeout`; null: nothing. */
  lastWords: string | null;
  /** Why it is unmeasured; null when it is not. */
  reason: string | null;
}

/** A second request on a connection that had idled about as long as the server lets it. */
export interface HttpRaceSample {
  plannedMs: number;
  /** From the last byte of the first response to the sending of the second request; null when it was not sent. */
  idleMs: number | null;
  /** `failed`: the connection ended before the first byte of a response, or a proxy answered for its upstream with 5xx. `silent`: no response in time. */
  result: 'answered' | 'failed' | 'silent' | 'unmeasured';
  /** Whether this host's kernel knew of the end when the request was sent: a client that looks would have known, too. null: not sent. */
  endVisible: boolean | null;
  /** The errno or the reason; null: none, as for a FIN. */
  error: string | null;
}

/** The reuse race (RFC 9112, section 9.5): how wide the window is in which a request meets a connection that is being closed. */
export interface HttpRace {
  samples: HttpRaceSample[];
  answeredCount: number;
  /** Failures that nobody could have foreseen: the end was not visible yet when the request was sent. */
  unforeseenCount: number;
  /** Failures on a connection whose end was visible already: what a client meets that does not look before it reuses one. */
  foreseeableCount: number;
  /** Ages: the youngest request that failed, the oldest that was answered; null: none. */
  firstFailureMs: number | null;
  lastAnswerMs: number | null;
  /** The width of the window of unforeseen failures: an estimate, and a bound when there was no failure (95 %); null: not enough samples. */
  windowMs: { estimate: number; atMost: number } | null;
  /** The cost, under the assumption that requests on a connection come at random, one in `meanGapMs` on average; null: not known. */
  perMillion: {
    meanGapMs: number;
    /** Of a client that looks for the end before it reuses a connection: an estimate and a bound. */
    whoLooks: { estimate: number; atMost: number };
    /** Of a client that does not look. */
    whoDoesNotLook: number;
  } | null;
}

/** One redirect (RFC 9110, section 15.4). */
export interface HttpRedirect {
  status: number;
  /** Where to, without user name, password and query. */
  location: string;
  followed: boolean;
}

/** One HTTP server: how it answers, whether it keeps a connection, and for how long. */
export interface HttpObservation {
  /** What was measured: as it was given or as redirects led to it, without user name, password and query. */
  url: string;
  /** As it was given; the same unless redirects were followed. */
  givenUrl: string;
  method: string;
  /** The version of the requests. */
  requestVersion: '1.0' | '1.1';
  address: string | null;
  port: number;
  connect: Connect;
  /** The version of the response, such as `HTTP/1.1`; null: there was none. */
  protocol: string | null;
  /** Whether the server chooses HTTP/2 when it is offered (ALPN, RFC 7301); null: not asked, as without TLS. */
  http2Offered: boolean | null;
  status: number | null;
  statusMessage: string | null;
  /** The header Server; null: none. */
  server: string | null;
  /** `Keep-Alive: timeout=, max=` of the first response; null: it had none. */
  hint: { timeoutMs: number | null; max: number | null } | null;
  redirects: HttpRedirect[];
  /** Whether the connection outlives a response, why, what else would be a reason, and `why` in a sentence. null: not known. */
  persistent: { value: boolean | null; why: HttpPersistence | null; also: HttpPersistence[]; detail: string | null };
  framing: HttpFraming | null;
  /** Whether a second request was answered on the same connection; null: not tried. */
  reused: boolean | null;
  /** What one connection came to; null: nothing was answered. */
  requestsPerConnection: HttpRequestCount | null;
  /**
   * When the server ends idle connections: the first and the last of `idleSamples`. `upperMs` null: not all of them ended within the time.
   * `alive`: still open after `lowerMs`. null: not waited for.
   */
  idleClose: HttpIdleClose | null;
  idleSamples: HttpIdleSample[];
  /** null: not asked for, or no close to aim at. */
  race: HttpRace | null;
  /** Only of https. */
  certificate?: Certificate;
  /** Every response but those of the race. */
  exchanges: HttpExchangeSeen[];
  /** What blurs the answer, in sentences without a full stop. */
  doubts: string[];
}

/** The requests that one connection came to. */
export interface HttpRequestCount {
  /** Requests that were answered on it. */
  count: number;
  /** Whether the server ended it then. false: it allows at least so many. */
  limited: boolean;
  /** Whether the last response announced the end; null: not limited. */
  announced: boolean | null;
  localPort: number | null;
}

/** When several idle connections ended, the first and the last, and how the first did. */
export interface HttpIdleClose {
  lowerMs: number | null;
  upperMs: number | null;
  outcome: SurvivalOutcome;
}
