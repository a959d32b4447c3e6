import { METHODS, type OutgoingHttpHeaders, validateHeaderName, validateHeaderValue } from 'node:http';
import { isIP } from 'node:net';
import { UsageError } from '../../base/errors.ts';
import { quoted } from '../../base/quoted.ts';
import { HTTP_PROBE_DEFAULTS, type HttpProbeQuestion, ownHeaders } from '../../connections/http/plan.ts';
import { parseHttpTarget } from '../../connections/target.ts';
import { labelOf } from '../../keepalive/wording.ts';
import { descriptorLimit, descriptorsToSpare } from '../../linux/descriptor-limit.ts';
import type { Middlebox } from '../../report/values.ts';
import { givenMiddleboxes } from '../shared/options.ts';
import type { HttpOptions } from './options.ts';
import type { HttpSender } from './report.ts';

/** What methods are repeated with that change something: as little as tells anything. */
const CAUTIOUS = { maxRequests: 2, connectionCount: 1 } as const;
/** RFC 9110, section 9.2.1: asking changes nothing. */
const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS', 'TRACE'];
/** They speak of a body, and kaprobe sends none. */
const BODY_HEADERS = ['content-length', 'transfer-encoding', 'trailer', 'te', 'expect'];
/** What Node and kaprobe set themselves, in the spelling that one of them looks for. */
const OWN_HEADERS = ['Host', 'User-Agent', 'Accept', 'Accept-Encoding', 'Connection'];
const MOST_HEADERS = 100;
const LONGEST_HEADER = 16_384;

/** What `http` is asked: of the server, and what to judge the answer against. */
export interface HttpQuestion {
  probe: Required<HttpProbeQuestion>;
  senders: HttpSender[];
  middleboxes: Middlebox[];
}

/** Reads operands and options. Throws a UsageError for what cannot be asked. */
export function readQuestion(
  operands: readonly string[],
  options: HttpOptions,
  middleboxes: readonly Middlebox[] = givenMiddleboxes(options),
): HttpQuestion {
  const [operand] = operands;
  if (operand === undefined)
    throw new UsageError('no URL given', 'for example kaprobe http https://app.example/health');
  const method = readMethod(options.method ?? HTTP_PROBE_DEFAULTS.method);
  const version = options['http1.0'] === true ? '1.0' : '1.1';
  const { headers, given: givenHeaders } = readHeaders(options.header ?? [], version);
  const { idle: usually } = HTTP_PROBE_DEFAULTS;
  const cautious = SAFE_METHODS.includes(method)
    ? { maxRequests: HTTP_PROBE_DEFAULTS.maxRequests, connectionCount: usually.connectionCount }
    : CAUTIOUS;
  const connectionCount = options.connections ?? cautious.connectionCount;
  const senders: HttpSender[] = [
    ...(options.clientIdle === undefined ? [] : [{ name: 'client', ...options.clientIdle }]),
    ...(options.proxyIdle === undefined ? [] : [{ name: 'proxy', ...options.proxyIdle }]),
    ...middleboxes.filter(isProxy).map((proxy) => ({ name: labelOf(proxy), givesUpAfterMs: proxy.idleTimeoutMs })),
  ];
  refuseContradictions(options, method, senders.length + middleboxes.length);
  refuseTooMany(Math.max(options.race ?? 0, options.idle ? connectionCount : 1));
  return {
    probe: {
      target: parseHttpTarget(operand),
      method,
      version,
      headers,
      givenHeaders,
      resolved: readResolved(options.resolve ?? []),
      insecure: options.insecure === true,
      follow: options.follow === true,
      timeoutMs: options.timeout,
      maxRequests: options.maxRequests ?? cautious.maxRequests,
      idle: options.idle ? { connectionCount, maxIdleMs: options.maxIdle ?? usually.maxIdleMs } : null,
      race: options.race === undefined ? null : { count: options.race, meanGapMs: options.gap ?? null },
    },
    senders,
    middleboxes: middleboxes.filter((middlebox) => !isProxy(middlebox)),
  };
}

/** Throws for options that do not go together. */
function refuseContradictions(options: HttpOptions, method: string, judgedBy: number): void {
  const { idle, race, gap, maxIdle, connections } = options;
  if (!idle) {
    const [needs] = Object.entries({ 'max-idle': maxIdle, connections, race }).filter(
      ([, value]) => value !== undefined,
    );
    if (needs !== undefined) throw new UsageError(`--no-idle contradicts --${needs[0]}`, 'leave one of them out');
    if (judgedBy > 0)
      throw new UsageError(
        '--no-idle leaves nothing to judge against a client, proxy or middlebox',
        'leave one of them out',
      );
  }
  if (race !== undefined && method !== 'GET' && method !== 'HEAD')
    throw new UsageError(
      `--race sends GET or HEAD only, not ${method}`,
      'its requests fail, and what they change would not be known',
    );
  if (race === undefined && gap !== undefined)
    throw new UsageError('--gap belongs to --race', 'for example --race 100 --gap 5s');
}

/** A box that opens connections of its own sends the requests. */
function isProxy(middlebox: Middlebox): boolean {
  return middlebox.kind === 'preset' && middlebox.productKind === 'l7-proxy';
}

function readMethod(text: string): string {
  const method = text.toUpperCase();
  if (!METHODS.includes(method) || method === 'CONNECT') {
    throw new UsageError(`--method ${quoted(method)} is none that can be sent`, 'for example GET, HEAD or OPTIONS');
  }
  return method;
}

/** The headers to send in Node's form, and the names of those that were given. A value may be a secret: no message repeats it. */
function readHeaders(
  lines: readonly string[],
  version: '1.0' | '1.1',
): { headers: OutgoingHttpHeaders; given: string[] } {
  if (lines.length > MOST_HEADERS) throw new UsageError(`more than ${MOST_HEADERS} headers are given`);
  const headers = ownHeaders(version);
  const given = new Map<string, string[]>();
  for (const line of lines) {
    const [, typed, value = ''] = /^([^:]*):(.*)$/s.exec(line) ?? [];
    if (typed === undefined) throw new UsageError('a --header has no colon', "write -H 'Name: value'");
    const name = OWN_HEADERS.find((own) => own.toLowerCase() === typed.toLowerCase()) ?? typed;
    const trimmed = value.replace(/^[ \t]+|[ \t]+$/g, '');
    if (line.length > LONGEST_HEADER)
      throw new UsageError(`--header ${quoted(name)} is longer than ${LONGEST_HEADER} characters`);
    try {
      validateHeaderName(name);
      validateHeaderValue(name, trimmed);
    } catch {
      throw new UsageError(
        `--header ${quoted(name)} cannot be sent: a header is one line of printable characters`,
        "write -H 'Name: value'",
      );
    }
    if (BODY_HEADERS.includes(name.toLowerCase()))
      throw new UsageError(`--header ${quoted(name)} speaks of a body, and kaprobe sends none`, 'leave it out');
    if (trimmed === '' && name !== 'Host') delete headers[name];
    else given.set(name, [...(given.get(name) ?? []), trimmed]);
  }
  const single = [...given].map(([name, values]) => {
    const [first = ''] = values;
    if (name === 'Host' && values.length > 1)
      throw new UsageError('--header Host is given twice', 'leave one of them out');
    return [name, name === 'Connection' ? values.join(', ') : values.length === 1 ? first : values];
  });
  return { headers: { ...headers, ...Object.fromEntries(single) }, given: [...given.keys()] };
}

/** Reads `host:port:address` as curl does; an IPv6 address may stand in brackets. */
function readResolved(texts: readonly string[]): Map<string, string> {
  return new Map(
    texts.map((text) => {
      const [, host, portText, typed = ''] = /^(\[[^\]]*\]|[^:[\]]+):(\d{1,5}):(.+)$/s.exec(text) ?? [];
      const address = typed.replace(/^\[(.*)\]$/, '$1');
      const port = Number(portText);
      if (host === undefined || !(port >= 1 && port <= 65_535) || isIP(address) === 0) {
        throw new UsageError(
          `--resolve ${quoted(text)} is not host:port:address`,
          'for example --resolve app.example:443:10.0.0.5',
        );
      }
      return [`${host.replace(/^\[(.*)\]$/, '$1').toLowerCase()}:${port}`, address];
    }),
  );
}

function refuseTooMany(wanted: number): void {
  const limit = descriptorLimit();
  if (wanted <= descriptorsToSpare(limit)) return;
  throw new UsageError(
    `the limit on open files (${limit}) has no room for ${wanted} connections`,
    'ulimit -n raises it',
  );
}
