import type { OutgoingHttpHeaders } from 'node:http';
import { VERSION } from '../../base/version.ts';
import type { Libc } from '../../linux/libc.ts';
import type { ConnectResult } from '../connect.ts';
import type { Certificate } from '../observation.ts';
import type { HttpTarget } from '../target.ts';
import type { HttpRequest, HttpResponse } from './exchange.ts';
import type { Idled } from './idle.ts';
import type { HttpExchangeSeen, HttpRaceSample, HttpRedirect } from './observation.ts';
import type { Persistence } from './persistence.ts';
import type { Reuse } from './reuse.ts';

/** What to ask an HTTP server. What is left out has the value of `HTTP_PROBE_DEFAULTS`. */
export interface HttpProbeQuestion {
  target: HttpTarget;
  method?: string;
  version?: HttpRequest['version'];
  /** In the form that Node takes, without Host; left out: kaprobe's own. */
  headers?: OutgoingHttpHeaders;
  /** Names of `headers` that the user gave: they are sent to the origin that they were given for, and to no other. */
  givenHeaders?: readonly string[];
  /** Addresses by `host:port`, in place of the resolver's. */
  resolved?: ReadonlyMap<string, string>;
  /** Goes on where the certificate is not trusted. */
  insecure?: boolean;
  /** Follows redirects. */
  follow?: boolean;
  /** For name, connection, TLS handshake and each response. */
  timeoutMs?: number;
  /** On one connection, at most. */
  maxRequests?: number;
  /** Connections that idle side by side, and how long to wait for the server to close them; null: do not wait. */
  idle?: { connectionCount: number; maxIdleMs: number } | null;
  /** How many requests to send around the idle close, and the mean time between requests that the loss is computed for (null: the worst). */
  race?: { count: number; meanGapMs: number | null } | null;
}

/** What is asked unless the question says otherwise. */
export const HTTP_PROBE_DEFAULTS = {
  method: 'GET',
  version: '1.1',
  givenHeaders: [],
  resolved: new Map(),
  insecure: false,
  follow: false,
  timeoutMs: 10_000,
  maxRequests: 100,
  idle: { connectionCount: 3, maxIdleMs: 120_000 },
  race: null,
} as const satisfies Omit<Required<HttpProbeQuestion>, 'target' | 'headers'>;

/** The headers that kaprobe sends of its own accord, besides Host. In HTTP/1.1 it asks for what is the rule there: some servers answer that with a hint. */
export function ownHeaders(version: HttpRequest['version']): OutgoingHttpHeaders {
  return {
    'User-Agent': `kaprobe/${VERSION}`,
    Accept: '*/*',
    'Accept-Encoding': 'identity',
    ...(version === '1.1' ? { Connection: 'keep-alive' } : {}),
  };
}

/** The whole question, and what answers it. */
export interface HttpPlan extends Required<HttpProbeQuestion> {
  /** null: this platform has no way to the kernel's view of a connection. */
  libc: Libc | null;
  progress(line: string): void;
}

/** What is known so far; null: not known. It is filled in step by step, so that an interrupted probe still has what it has seen. */
export interface Known {
  /** Where redirects have led to. */
  target: HttpTarget;
  connect: ConnectResult | null;
  rttMs: number | null;
  /** The resolver's error; null: it had none. */
  unresolved: string | null;
  certificate: Certificate | null;
  http2Offered: boolean | null;
  response: HttpResponse | null;
  redirects: HttpRedirect[];
  persistence: Persistence | null;
  exchanges: HttpExchangeSeen[];
  reuse: Reuse | null;
  idled: Idled[];
  race: HttpRaceSample[] | null;
  /** Why there is no response, in a phrase. */
  failure: string | null;
  doubts: string[];
  interrupted: boolean;
}
