import { HTTP_PROBE_DEFAULTS } from '../../connections/http/plan.ts';
import type { Report } from '../../report/report.ts';
import {
  ask,
  COMMON,
  flag,
  listOf,
  middleboxes,
  number,
  object,
  oneOf,
  orNull,
  type Reader,
  text,
} from '../shared/library.ts';
import type { GivenMiddlebox, LibraryOptions } from '../shared/library-types.ts';
import { IDLE_TIMEOUT_BOUNDS, TIMEOUT_BOUNDS } from '../shared/options.ts';
import { askServer } from './command.ts';
import { HTTP_BOUNDS } from './options.ts';
import { readQuestion } from './question.ts';
import type { HttpData } from './report.ts';

/** What may be given to `http`. Times are milliseconds; what is left out is as on the command line. */
export interface HttpOptions extends LibraryOptions {
  /** One that may change something is repeated once only. Default: `GET`. */
  method?: string;
  /** Each as `Name: value`; `Name:` leaves out one of kaprobe's own. */
  headers?: readonly string[];
  /** Default: `1.1`. */
  version?: '1.0' | '1.1';
  /** Whether to follow redirects, five at most. Default: false. */
  follow?: boolean;
  /** Each as `host:port:address`, in place of the resolver's answer. */
  resolve?: readonly string[];
  /** Whether to go on where the certificate is not trusted. Default: false. */
  insecure?: boolean;
  /** Requests on one connection, at most. Default: 100. */
  maxRequests?: number;
  /** Connections that idle side by side. Default: 3. */
  connections?: number;
  /** How long to wait for the server to close them; null: not at all. Default: two minutes. */
  maxIdleMs?: number | null;
  /** For the name, the connection, the TLS handshake and each response. Default: 10 s. */
  timeoutMs?: number;
  /** So many requests around the moment at which the server closes, GET and HEAD only. Default: none. */
  race?: number;
  /** The mean time between requests on a connection. Default: the worst. */
  gapMs?: number;
  /** After how long the client gives up an idle connection; null: never. Left out: there is none to judge against. */
  clientIdleMs?: number | null;
  /** The same of a proxy in front of the server. */
  proxyIdleMs?: number | null;
  /** Default: none. */
  middleboxes?: readonly GivenMiddlebox[];
}

const options = object({
  ...COMMON,
  method: text,
  headers: listOf(text),
  version: oneOf(['1.0', '1.1']),
  follow: flag,
  resolve: listOf(text),
  insecure: flag,
  maxRequests: number(HTTP_BOUNDS.maxRequests),
  connections: number(HTTP_BOUNDS.connections),
  maxIdleMs: orNull(number(HTTP_BOUNDS.maxIdleMs)),
  timeoutMs: number(TIMEOUT_BOUNDS),
  race: number(HTTP_BOUNDS.race),
  gapMs: number(HTTP_BOUNDS.gapMs),
  clientIdleMs: orNull(number(IDLE_TIMEOUT_BOUNDS)),
  proxyIdleMs: orNull(number(IDLE_TIMEOUT_BOUNDS)),
  middleboxes,
} satisfies Record<keyof HttpOptions, Reader<unknown>>);

/**
 * Asks on one connection to an http or https URL until the server ends it, then leaves connections idle and measures when the server closes
 * them, and judges that against the senders and middleboxes given. A server that cannot be reached is part of the report; rejects with a
 * UsageError for a URL or options that cannot be meant.
 */
export async function http(url: string, given: HttpOptions = {}): Promise<Report<HttpData, 'http'>> {
  const { maxIdleMs, clientIdleMs, proxyIdleMs, ...read } = options(given, 'http');
  const question = readQuestion(
    [text(url, 'url')],
    {
      ...read,
      header: read.headers,
      'http1.0': read.version === '1.0',
      idle: maxIdleMs !== null,
      maxIdle: maxIdleMs ?? undefined,
      timeout: read.timeoutMs ?? HTTP_PROBE_DEFAULTS.timeoutMs,
      gap: read.gapMs,
      clientIdle: clientIdleMs === undefined ? undefined : { givesUpAfterMs: clientIdleMs },
      proxyIdle: proxyIdleMs === undefined ? undefined : { givesUpAfterMs: proxyIdleMs },
    },
    read.middleboxes ?? [],
  );
  return ask('http', read, (context) => askServer(question, context));
}
