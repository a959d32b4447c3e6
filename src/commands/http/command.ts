import { METHODS, type OutgoingHttpHeaders, validateHeaderName, validateHeaderValue } from 'node:http';
import { isIP } from 'node:net';
import { type Command, Option } from '@commander-js/extra-typings';
import { UsageError } from '../../base/errors.ts';
import { formatDuration } from '../../base/units.ts';
import type { HttpSender } from '../../connections/http/observation.ts';
import { HTTP_PROBE_DEFAULTS, type HttpProbeQuestion, ownHeaders } from '../../connections/http/plan.ts';
import { probeHttp } from '../../connections/http/probe.ts';
import { parseHttpTarget } from '../../connections/target.ts';
import { labelOf } from '../../keepalive/wording.ts';
import { descriptorLimit } from '../../linux/descriptor-limit.ts';
import { type Facts, factsAbout } from '../../policy/facts.ts';
import { judge } from '../../policy/judge.ts';
import type { Outcome } from '../../report/report.ts';
import type { Middlebox } from '../../report/values.ts';
import type { CommandContext, Room } from '../room.ts';
import {
  type Bounds,
  durationOption,
  givenMiddleboxes,
  IDLE_TIMEOUT_BOUNDS,
  integerOption,
  middleboxOption,
  middleboxTimeoutOption,
  quoted,
  readDuration,
} from '../shared/options.ts';
import type { HttpData } from './report.ts';

const DAY_MS = 86_400_000;

const DEFAULTS = HTTP_PROBE_DEFAULTS;

/** What methods are repeated with that change something: as little as tells anything. */
const CAUTIOUS = { maxRequests: 2, idle: { connectionCount: 1 } } as const;

const BOUNDS = {
  timeoutMs: { min: 1, max: 3_600_000, step: 1 },
  maxIdleMs: { min: 100, max: DAY_MS, step: 1 },
  maxRequests: { min: 1, max: 10_000, step: 1 },
  connections: { min: 1, max: 100, step: 1 },
  race: { min: 10, max: 500, step: 1 },
  gapMs: { min: 1, max: DAY_MS, step: 1 },
} as const satisfies Record<string, Bounds>;

/** What the program itself has open. */
const DESCRIPTORS_BESIDE = 40;
/** RFC 9110, section 9.2.1: asking changes nothing. */
const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS', 'TRACE'];
/** They speak of a body, and kaprobe sends none. */
const BODY_HEADERS = ['content-length', 'transfer-encoding', 'trailer', 'te', 'expect'];
/** What Node and kaprobe set themselves, in the spelling that one of them looks for. */
const OWN_HEADERS = ['Host', 'User-Agent', 'Accept', 'Accept-Encoding', 'Connection'];
const MOST_HEADERS = 100;
const LONGEST_HEADER = 16_384;

/** What `http` is asked, with every default filled in. */
interface HttpQuestion extends Required<HttpProbeQuestion> {
  senders: HttpSender[];
  middleboxes: Middlebox[];
}

/** Looks at how an HTTP server keeps connections. */
export const room: Room<HttpData> = {
  view: async () => (await import('./text.ts')).view,
  declare(command: Command): void {
    const given = (value: string, before: readonly string[] | undefined): string[] => [...(before ?? []), value];
    command
      .description(
        'Asks on one connection until the server ends it, then leaves connections idle and measures when the server closes them. Judges that against the clients and proxies that send requests to it.',
      )
      .argument('<url>', 'an http or https URL')
      .optionsGroup('Request:')
      .addOption(
        new Option(
          '--method <method>',
          'GET, HEAD or another; one that may change something is repeated once only (default: GET)',
        ),
      )
      .addOption(
        new Option(
          '-H, --header <line>',
          "a header as 'Name: value'; 'Name:' leaves out one of kaprobe's own; repeatable",
        ).argParser(given),
      )
      .option('--http1.0', 'ask in HTTP/1.0, as nginx before 1.29.7 asks its upstreams')
      .option('--follow', 'follow redirects, five at most; they are shown in any case')
      .optionsGroup('Target:')
      .addOption(
        new Option('--resolve <host:port:address>', "in place of the resolver's answer; repeatable").argParser(given),
      )
      .option('--insecure', 'go on where the certificate is not trusted')
      .optionsGroup('Counting and timing:')
      .addOption(
        integerOption(
          '--max-requests <n>',
          `requests on one connection, at most (default: ${DEFAULTS.maxRequests})`,
          BOUNDS.maxRequests,
        ),
      )
      .addOption(
        integerOption(
          '--connections <n>',
          `connections that idle side by side (default: ${DEFAULTS.idle.connectionCount})`,
          BOUNDS.connections,
        ),
      )
      .addOption(
        durationOption(
          '--max-idle <duration>',
          'how long to wait for the server to close them (default: 2m)',
          BOUNDS.maxIdleMs,
        ),
      )
      .option('--no-idle', 'do not wait for that')
      .addOption(
        durationOption(
          '--timeout <duration>',
          'for name, connection, TLS handshake and each response (default: 10s)',
          BOUNDS.timeoutMs,
        ),
      )
      .optionsGroup('Race (GET and HEAD only):')
      .addOption(
        integerOption(
          '--race <n>',
          'send so many requests, each on an idle connection of its own, around the moment at which the server closes',
          BOUNDS.race,
        ),
      )
      .addOption(
        durationOption(
          '--gap <duration>',
          'the mean time between requests on a connection, for the failures per million (default: the worst)',
          BOUNDS.gapMs,
        ),
      )
      .optionsGroup('Judged against:')
      .addOption(
        new Option(
          '--client-idle <duration>',
          'after how long the client gives an idle connection up, or never',
        ).argParser(readIdleLimit('--client-idle')),
      )
      .addOption(
        new Option('--proxy-idle <duration>', 'the same of a proxy in front of the server').argParser(
          readIdleLimit('--proxy-idle'),
        ),
      );
    command.addOption(middleboxOption()).addOption(middleboxTimeoutOption());
    command.addHelpText(
      'after',
      `
A preset of a proxy (aws-alb, gcp-alb-backend, nginx-upstream-pool) is taken as
a sender of requests, one of a firewall or NAT as a box on the path.

Examples:
  kaprobe http https://app.example/health
  kaprobe http http://10.0.0.5:8000/ --middlebox aws-alb --client-idle 90s
  kaprobe http http://127.0.0.1:8000/ --race 100 --max-idle 10s --gap 5s`,
    );
  },

  async run(operands, options, context) {
    return askServer(readQuestion(operands, options), context);
  },
};

/** Reads a duration or `never`, which is null inside. */
function readIdleLimit(name: string): (text: string) => { idleMs: number | null } {
  return (text) => ({ idleMs: text === 'never' ? null : readDuration(name, text, IDLE_TIMEOUT_BOUNDS) });
}

function readQuestion(operands: readonly string[], options: Record<string, unknown>): HttpQuestion {
  const number = (name: string): number | null => {
    const value = options[name];
    return typeof value === 'number' ? value : null;
  };
  const strings = (name: string): string[] => {
    const value = options[name];
    return Array.isArray(value) ? value.map(String) : [];
  };
  const [operand] = operands;
  if (operand === undefined)
    throw new UsageError('no URL given', 'for example kaprobe http https://app.example/health');
  const method = readMethod(options['method']);
  const { headers, given } = readHeaders(strings('header'), options['http1.0'] === true ? '1.0' : '1.1');
  const cautious = SAFE_METHODS.includes(method) ? DEFAULTS : CAUTIOUS;
  const raceCount = number('race');
  const idle =
    options['idle'] === false
      ? null
      : {
          connectionCount: number('connections') ?? cautious.idle.connectionCount,
          maxIdleMs: number('maxIdle') ?? DEFAULTS.idle.maxIdleMs,
        };
  const middleboxes = givenMiddleboxes(options);
  const senders: HttpSender[] = [
    ...idleLimit('client', options['clientIdle']),
    ...idleLimit('proxy', options['proxyIdle']),
    ...middleboxes.filter(isProxy).map((proxy) => ({ name: labelOf(proxy), idleMs: proxy.idleTimeoutMs })),
  ];
  if (idle === null) {
    const needs = ['maxIdle', 'connections', 'race'].find((name) => number(name) !== null);
    if (needs !== undefined)
      throw new UsageError(
        `--no-idle contradicts --${needs === 'maxIdle' ? 'max-idle' : needs}`,
        'leave one of them out',
      );
    if (senders.length > 0 || middleboxes.length > 0)
      throw new UsageError(
        '--no-idle leaves nothing to judge against a client, proxy or middlebox',
        'leave one of them out',
      );
  }
  if (raceCount !== null && method !== 'GET' && method !== 'HEAD')
    throw new UsageError(
      `--race sends GET or HEAD only, not ${method}`,
      'its requests fail, and what they change would not be known',
    );
  if (raceCount === null && number('gap') !== null)
    throw new UsageError('--gap belongs to --race', 'for example --race 100 --gap 5s');
  refuseTooMany(raceCount, idle?.connectionCount ?? 1);
  return {
    target: parseHttpTarget(operand),
    method,
    version: options['http1.0'] === true ? '1.0' : '1.1',
    headers,
    givenHeaders: given,
    resolved: readResolved(strings('resolve')),
    insecure: options['insecure'] === true,
    follow: options['follow'] === true,
    timeoutMs: number('timeout') ?? DEFAULTS.timeoutMs,
    maxRequests: number('maxRequests') ?? cautious.maxRequests,
    idle,
    race: raceCount === null ? null : { count: raceCount, meanGapMs: number('gap') },
    senders,
    middleboxes: middleboxes.filter((middlebox) => !isProxy(middlebox)),
  };
}

function idleLimit(name: string, value: unknown): HttpSender[] {
  if (typeof value !== 'object' || value === null || !('idleMs' in value)) return [];
  return [{ name, idleMs: typeof value.idleMs === 'number' ? value.idleMs : null }];
}

/** A box that opens connections of its own sends the requests. */
function isProxy(middlebox: Middlebox): boolean {
  return middlebox.kind === 'preset' && middlebox.productKind === 'l7-proxy';
}

function readMethod(value: unknown): string {
  const method = (typeof value === 'string' ? value : 'GET').toUpperCase();
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

function refuseTooMany(raceCount: number | null, connectionCount: number): void {
  const limit = descriptorLimit();
  const wanted = Math.max(raceCount ?? 0, connectionCount);
  if (limit === null || wanted + DESCRIPTORS_BESIDE <= limit) return;
  throw new UsageError(
    `the limit on open files (${limit}) has no room for ${wanted} connections`,
    'ulimit -n raises it',
  );
}

async function askServer(
  { senders, middleboxes, ...question }: HttpQuestion,
  context: CommandContext,
): Promise<Outcome<HttpData>> {
  const { observation, host, attempts, gaps, interrupted } = await probeHttp(question, context);
  const data: HttpData = { ...observation, senders, middleboxes };
  const { url, connect, address, port, idleClose, certificate } = data;
  const facts: Facts = {
    ...factsAbout(url),
    connection: { ...connect, host, address, port, attempts },
    certificate: certificate ?? null,
    certificateExcused: question.insecure,
    http: data,
    middleboxes,
  };
  const stillOpenMs = idleClose?.outcome === 'alive' ? idleClose.lowerMs : null;
  const beyond = stillOpenMs === null ? [] : senders.filter(({ idleMs }) => idleMs === null || idleMs >= stillOpenMs);
  const unjudged = beyond.map(({ name, idleMs }) => ({
    what: `idle close against ${name} (${idleMs === null ? 'never' : formatDuration(idleMs)})`,
    reason: `the server held its connections for all of --max-idle, ${formatDuration(question.idle?.maxIdleMs ?? stillOpenMs ?? 0)}`,
  }));
  return {
    data,
    findings: judge(facts),
    gaps: [...unjudged, ...gaps].map((gap) => ({ subject: url, ...gap })),
    interrupted,
  };
}

/** Asks with options as the command line has them. */
export async function askHttp(
  operands: string[],
  options: Record<string, unknown>,
  context: CommandContext,
): Promise<Outcome<HttpData>> {
  return askServer(readQuestion(operands, options), context);
}
