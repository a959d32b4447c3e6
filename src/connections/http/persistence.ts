import type { HttpFraming, HttpPersistence } from './observation.ts';

/** The head of a response and what of its request decides on the connection. Nothing here is trusted. */
export interface ResponseFacts {
  method: string;
  requestVersion: '1.0' | '1.1';
  /** The value of the request's header Connection; null: none was sent. */
  requestConnection: string | null;
  status: number;
  /** Such as `1.1`. */
  version: string;
  /** Names and values in turn, as they came. */
  rawHeaders: readonly string[];
}

/** What a response says about the connection that it came on. */
export interface Persistence {
  value: boolean;
  why: HttpPersistence;
  also: HttpPersistence[];
}

/** The values of a header, in their order; several lines of one name are one list (RFC 9110, section 5.3). */
export function headerValues(rawHeaders: readonly string[], name: string): string[] {
  return rawHeaders.flatMap((key, index) =>
    index % 2 === 0 && key.toLowerCase() === name ? [rawHeaders[index + 1] ?? ''] : [],
  );
}

/** The elements of a list of tokens such as `Connection: keep-alive, Upgrade`, in lower case. */
function tokens(values: readonly string[]): string[] {
  return values.flatMap((value) => value.split(',')).map((token) => token.trim().toLowerCase());
}

/** Whether the response says `Connection: close`. */
export function announcesClose(rawHeaders: readonly string[]): boolean {
  return tokens(headerValues(rawHeaders, 'connection')).includes('close');
}

/** How the end of the body is told (RFC 9112, section 6.3). */
export function framingOf({
  method,
  status,
  rawHeaders,
}: Pick<ResponseFacts, 'method' | 'status' | 'rawHeaders'>): HttpFraming {
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return 'none';
  const codings = tokens(headerValues(rawHeaders, 'transfer-encoding'));
  if (codings.length > 0) return codings.at(-1) === 'chunked' ? 'chunked' : 'close';
  return headerValues(rawHeaders, 'content-length').length > 0 ? 'content-length' : 'close';
}

/** Whether the connection outlives the response, by what request and response say (RFC 9112, section 9.3), and every reason that holds. */
export function judgePersistence(facts: ResponseFacts): Persistence {
  const { requestVersion, requestConnection, status, version, rawHeaders } = facts;
  const asked = requestConnection === null ? [] : tokens([requestConnection]);
  const answered = tokens(headerValues(rawHeaders, 'connection'));
  const is11 = version === '1.1';
  const reasons: HttpPersistence[] = [];
  if (status === 101) reasons.push('protocol-switched');
  if (asked.includes('close')) reasons.push('request-says-close');
  if (requestVersion === '1.0' && !asked.includes('keep-alive')) reasons.push('request-without-keep-alive');
  if (!is11 && !answered.includes('keep-alive')) reasons.push('response-http-1.0');
  if (framingOf(facts) === 'close') reasons.push('body-without-length');
  if (answered.includes('close')) {
    if (status >= 400) reasons.push('error-status');
    reasons.push('connection-close');
  }
  const [why, ...also] = reasons;
  return why === undefined
    ? { value: true, why: is11 && requestVersion === '1.1' ? 'http-1.1' : 'keep-alive-granted', also: [] }
    : { value: false, why, also };
}

/**
 * Reads `Keep-Alive: timeout=5, max=100` (MDN; RFC 2068, appendix 19.7.1 has the header without parameters). null: there is none, or it says
 * nothing that can be read.
 */
export function readHint(rawHeaders: readonly string[]): { timeoutMs: number | null; max: number | null } | null {
  const said = tokens(headerValues(rawHeaders, 'keep-alive'));
  const number = (name: string): number | null => {
    const [, digits] =
      said.map((token) => new RegExp(`^${name}\\s*=\\s*"?(\\d{1,9})"?$`).exec(token)).find(Boolean) ?? [];
    return digits === undefined ? null : Number(digits);
  };
  const [seconds, max] = [number('timeout'), number('max')];
  return seconds === null && max === null ? null : { timeoutMs: seconds === null ? null : seconds * 1000, max };
}

/** The parameters of Keep-Alive that name a timeout or a maximum which is no number to be meant, such as `timeout=-1`: `readHint` passes them over. */
export function unreadableHints(rawHeaders: readonly string[]): string[] {
  return tokens(headerValues(rawHeaders, 'keep-alive')).filter(
    (token) => /^(timeout|max)\s*=/.test(token) && readHint(['Keep-Alive', token]) === null,
  );
}

/** Each reason as a sentence without a full stop. */
export const PERSISTENCE_WORDS: Readonly<Record<HttpPersistence, string>> = {
  'http-1.1': 'the server keeps the connection open, as HTTP/1.1 does unless it says otherwise',
  'keep-alive-granted': 'the server keeps the connection open: it granted Connection: keep-alive',
  'request-without-keep-alive': 'the request was HTTP/1.0 and did not ask for Connection: keep-alive',
  'request-says-close': 'the request itself said Connection: close',
  'response-http-1.0': 'the server answered in HTTP/1.0 without Connection: keep-alive',
  'body-without-length':
    'the body has neither Content-Length nor chunks, so that only the end of the connection ends it',
  'error-status': 'the server closes the connection after an error',
  'connection-close': 'the server said Connection: close',
  'closed-unannounced': 'the server ended the connection after the response without having said so',
  'protocol-switched': 'the server switched to another protocol (101)',
  'http-2-only': 'the server speaks HTTP/2 only, whose connections last and are shared',
};
