/** What `http` returns. */

import type {
  HttpExchangeSeen,
  HttpFraming,
  HttpIdleSample,
  HttpPersistence,
  HttpRace,
  HttpRedirect,
  HttpSender,
} from '../../connections/http/observation.ts';
import type { Certificate, Connect, SurvivalOutcome } from '../../connections/observation.ts';
import type { Middlebox } from '../../report/values.ts';

export interface HttpData {
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
  redirects: HttpRedirect[];
  /** Whether the connection outlives a response, why, what else would be a reason, and `why` in a sentence. null: not known. */
  persistent: { value: boolean | null; why: HttpPersistence | null; also: HttpPersistence[]; detail: string | null };
  framing: HttpFraming | null;
  /** `Keep-Alive: timeout=, max=` of the first response; null: it had none. */
  hint: { timeoutMs: number | null; max: number | null } | null;
  /** Whether a second request was answered on the same connection; null: not tried. */
  reused: boolean | null;
  /** What one connection came to; null: nothing was answered. */
  requestsPerConnection: {
    /** Requests that were answered on it. */
    count: number;
    /** Whether the server ended it then. false: it allows at least so many. */
    limited: boolean;
    /** Whether the last response announced the end; null: not limited. */
    announced: boolean | null;
    localPort: number | null;
  } | null;
  /**
   * When the server ends idle connections: the first and the last of `idleSamples`. `upperMs` null: not all of them ended within the time.
   * `alive`: still open after `lowerMs`. null: not waited for.
   */
  idleClose: { lowerMs: number | null; upperMs: number | null; outcome: SurvivalOutcome } | null;
  idleSamples: HttpIdleSample[];
  /** null: not asked for, or no close to aim at. */
  race: HttpRace | null;
  /** What the idle close was judged against. */
  senders: HttpSender[];
  middleboxes: Middlebox[];
  /** Only of https. */
  certificate?: Certificate;
  /** Every response but those of the race. */
  exchanges: HttpExchangeSeen[];
  /** What blurs the answer, in sentences without a full stop. */
  doubts: string[];
}
