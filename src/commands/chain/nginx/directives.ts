/**
 * The directives that are read: where each may stand, how many arguments it takes, and what these come to, as nginx's own modules have it.
 * All others are left alone, because no list of them could be complete.
 */
import { parseError } from '../config/files.ts';
import { readListen } from './listen.ts';
import type { Directive } from './syntax.ts';
import { parseFlag, parseNumber, parseTime } from './values.ts';
import { isSince, type KnownVersion } from './version.ts';

/** Where a directive stands. */
export type Context =
  | 'main'
  | 'events'
  | 'http'
  | 'server'
  | 'location'
  | 'if in server'
  | 'if in location'
  | 'limit_except'
  | 'upstream';

/** What the arguments of a directive come to, or what is wrong with them in nginx's words. */
type Reading<V> = { value: V } | { mistake: string };

/** A place where a directive may stand, and how. */
interface Where {
  in: readonly Context[];
  /** Fewest and most arguments. */
  args: readonly [number, number];
  isBlock?: boolean;
  /** It may stand several times in one place. */
  repeats?: boolean;
  /** The version that brought it. */
  since?: string;
}

/** One directive: where it may stand, and how its arguments are read. It has several places when it means different things there. */
interface Row<V> {
  where: readonly Where[];
  read(args: readonly string[]): Reading<V>;
}

const EVERYWHERE = ['http', 'server', 'location'] as const;
const PASSES = ['location', 'if in location'] as const;
const ANY = 100_000;

const row = <V>(read: Row<V>['read'], ...where: Where[]): Row<V> => ({ read, where });

/** A reader of the first argument. `parse` returns null for what nginx refuses with that mistake. */
const first =
  <V>(parse: (text: string) => V | null, mistake: (text: string) => string): Row<V>['read'] =>
  ([text = '']) => {
    const value = parse(text);
    return value === null ? { mistake: mistake(text) } : { value };
  };

const time = first(parseTime, () => 'invalid value');
const number = first(parseNumber, () => 'invalid number');
const flag = first(parseFlag, (text) => `invalid value "${text}", it must be "on" or "off"`);
const workers = first(
  (text) => (text === 'auto' ? text : parseNumber(text)),
  () => 'invalid value',
);
/** The arguments as they stand. */
const words = (args: readonly string[]): Reading<readonly string[]> => ({ value: args });

const oneOf =
  (...allowed: string[]) =>
  (args: readonly string[]): Reading<readonly string[]> => {
    const wrong = args.find((text) => !allowed.includes(text.toLowerCase()));
    return wrong === undefined
      ? { value: args.map((text) => text.toLowerCase()) }
      : { mistake: `invalid value "${wrong}"` };
  };

/** `keepalive_timeout 75s 60s`: the second time is sent to clients as `Keep-Alive: timeout=`; null: none is sent. */
function idleAndHint([timeout = '', hint = '0']: readonly string[]): Reading<{
  idleMs: number;
  hintMs: number | null;
}> {
  const idleMs = parseTime(timeout);
  const hintMs = parseTime(hint, 'seconds');
  if (idleMs === null || hintMs === null) return { mistake: 'invalid value' };
  return { value: { idleMs, hintMs: hintMs === 0 ? null : hintMs } };
}

function poolSize([size = '', local = 'local']: readonly string[]): Reading<number> {
  const value = parseNumber(size);
  if (value === null) return { mistake: `invalid value "${size}"` };
  return local === 'local' ? { value } : { mistake: `invalid parameter "${local}"` };
}

const TIMEOUT = row(time, { in: EVERYWHERE, args: [1, 1] });
const SOCKET_KEEPALIVE = row(flag, { in: EVERYWHERE, args: [1, 1], since: '1.15.6' });
const PASS = row(words, { in: PASSES, args: [1, 1] });
const BALANCER = row(words, { in: ['upstream'], args: [0, 9], repeats: true });
const IN_UPSTREAM = { in: ['upstream'], args: [1, 1], since: '1.15.3' } as const;

const ROWS = {
  worker_processes: row(workers, { in: ['main'], args: [1, 1] }),
  events: row(words, { in: ['main'], args: [0, 0], isBlock: true }),
  worker_connections: row(number, { in: ['events'], args: [1, 1] }),
  http: row(words, { in: ['main'], args: [0, 0], isBlock: true }),
  server: row(
    words,
    { in: ['http'], args: [0, 0], isBlock: true, repeats: true },
    { in: ['upstream'], args: [1, ANY], repeats: true },
  ),
  location: row(words, { in: ['server', 'location'], args: [1, 2], isBlock: true, repeats: true }),
  if: row(words, {
    in: ['server', 'location', 'if in server', 'if in location'],
    args: [1, ANY],
    isBlock: true,
    repeats: true,
  }),
  limit_except: row(words, { in: ['location'], args: [1, ANY], isBlock: true, repeats: true }),
  upstream: row(words, { in: ['http'], args: [1, 1], isBlock: true, repeats: true }),
  map: row(words, { in: ['http'], args: [2, 2], isBlock: true, repeats: true }),
  set: row(words, { in: ['server', 'location', 'if in server', 'if in location'], args: [2, 2], repeats: true }),
  server_name: row(words, { in: ['server'], args: [1, ANY], repeats: true }),
  listen: row(readListen, { in: ['server'], args: [1, ANY], repeats: true }),
  keepalive_timeout: row(idleAndHint, { in: EVERYWHERE, args: [1, 2] }, IN_UPSTREAM),
  keepalive_requests: row(number, { in: EVERYWHERE, args: [1, 1] }, IN_UPSTREAM),
  keepalive_time: row(time, { in: [...EVERYWHERE, 'upstream'], args: [1, 1], since: '1.19.10' }),
  keepalive_min_timeout: row(time, { in: EVERYWHERE, args: [1, 1], since: '1.27.4' }),
  keepalive_disable: row(oneOf('none', 'msie6', 'safari'), { in: EVERYWHERE, args: [1, 2] }),
  keepalive: row(poolSize, { in: ['upstream'], args: [1, 2] }),
  ip_hash: BALANCER,
  hash: BALANCER,
  least_conn: BALANCER,
  least_time: BALANCER,
  random: BALANCER,
  sticky: BALANCER,
  proxy_pass: row(words, { in: [...PASSES, 'limit_except'], args: [1, 1] }),
  fastcgi_pass: PASS,
  uwsgi_pass: PASS,
  scgi_pass: PASS,
  grpc_pass: PASS,
  memcached_pass: PASS,
  proxy_http_version: row(oneOf('1.0', '1.1', '2'), { in: EVERYWHERE, args: [1, 1] }),
  proxy_set_header: row(words, { in: EVERYWHERE, args: [2, 2], repeats: true }),
  // biome-ignore format: table
  proxy_next_upstream: row(
    oneOf(
      'error', 'timeout', 'denied', 'invalid_header', 'non_idempotent', 'updating', 'off',
      'http_500', 'http_502', 'http_503', 'http_504', 'http_403', 'http_404', 'http_429',
    ),
    { in: EVERYWHERE, args: [1, ANY] },
  ),
  proxy_read_timeout: TIMEOUT,
  fastcgi_read_timeout: TIMEOUT,
  uwsgi_read_timeout: TIMEOUT,
  scgi_read_timeout: TIMEOUT,
  grpc_read_timeout: TIMEOUT,
  memcached_read_timeout: TIMEOUT,
  proxy_socket_keepalive: SOCKET_KEEPALIVE,
  fastcgi_socket_keepalive: SOCKET_KEEPALIVE,
  uwsgi_socket_keepalive: SOCKET_KEEPALIVE,
  scgi_socket_keepalive: SOCKET_KEEPALIVE,
  grpc_socket_keepalive: SOCKET_KEEPALIVE,
  memcached_socket_keepalive: SOCKET_KEEPALIVE,
  fastcgi_keep_conn: row(flag, { in: EVERYWHERE, args: [1, 1] }),
};

/** The name of a directive that is read. */
export type ReadName = keyof typeof ROWS;
/** What the arguments of that directive are read as. */
export type ValueOf<N extends ReadName> = (typeof ROWS)[N] extends Row<infer V> ? V : never;

/** Blocks with nothing in them that is read. */
// biome-ignore format: table
const OTHER_BLOCKS: ReadonlySet<string> = new Set([
  'types', 'geo', 'split_clients', 'charset_map', 'match', 'stream', 'mail', 'otel_exporter',
]);

/** Reports whether a directive of that name is read. */
export function isRead(name: string): name is ReadName {
  return Object.hasOwn(ROWS, name);
}

/** Reports whether the block is known to hold nothing that is read. */
export function isIrrelevantBlock({ name }: Directive): boolean {
  return OTHER_BLOCKS.has(name) || name.endsWith('_by_lua_block');
}

/**
 * Reads a directive as nginx does: it checks that the directive may stand here, the number of its arguments, and their values. Returns what
 * the arguments come to, and the version that the directive asks for (null: any). `former` is the first of the same name in the same place.
 * Throws a ParseError.
 */
export function readDirective(
  name: ReadName,
  directive: Directive,
  { context, former, version }: { context: Context; former: Directive | null; version: KnownVersion },
): { value: unknown; since: string | null } {
  const { args } = directive;
  const { where, read }: Row<unknown> = ROWS[name];
  const here = where.find((one) => one.in.includes(context));
  if (here === undefined) {
    const hint = context === 'main' ? 'give the main file, usually nginx.conf, which includes the others' : null;
    throw parseError(directive, `"${name}" directive is not allowed here`, hint);
  }
  if (directive.block === null && here.isBlock === true)
    throw parseError(directive, `directive "${name}" has no opening "{"`);
  if (directive.block !== null && here.isBlock !== true)
    throw parseError(directive, `directive "${name}" is not terminated by ";"`);
  const [fewest, most] = here.args;
  if (args.length < fewest || args.length > most)
    throw parseError(directive, `invalid number of arguments in "${name}" directive`);
  const since = sinceOf(name, args) ?? here.since ?? null;
  if (since !== null && isSince(version, since) === false) {
    throw parseError(
      directive,
      `"${[name, ...args].join(' ')}" needs nginx ${since}, which --nginx-version is older than`,
    );
  }
  const reading = read(args);
  if ('mistake' in reading) throw parseError(directive, `"${name}" directive: ${reading.mistake}`);
  if (former !== null && here.repeats !== true) {
    throw parseError(
      directive,
      `"${name}" directive is duplicate, the first is in line ${former.line} of ${former.file}`,
    );
  }
  return { value: reading.value, since };
}

/** The version that brought these arguments. `keepalive 0` and `keepalive 32 local` are as new as the pool by default. */
function sinceOf(name: ReadName, args: readonly string[]): string | null {
  if (name === 'keepalive' && (args.length === 2 || parseNumber(args[0] ?? '') === 0)) return '1.29.7';
  return name === 'proxy_http_version' && args[0] === '2' ? '1.29.4' : null;
}
