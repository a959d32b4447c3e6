/**
 * The directives that are read: where each may stand, how many arguments it takes and which values, as nginx's own modules have it. All
 * others are left alone, because no list of them could be complete.
 */
import { parseError } from '../config/files.ts';
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

type Check = (args: readonly string[]) => string | null;

interface Row {
  in: readonly Context[];
  /** Fewest and most arguments. */
  args: readonly [number, number];
  isBlock?: boolean;
  /** It may stand several times in one place. */
  repeats?: boolean;
  /** The version that brought it. */
  since?: string;
  /** What is wrong with the arguments, in nginx's words; null when nothing is. */
  check?: Check;
}

const EVERYWHERE = ['http', 'server', 'location'] as const;
const PASSES = ['location', 'if in location'] as const;
const ANY = 100_000;

const time: Check = ([text = '']) => (parseTime(text) === null ? 'invalid value' : null);
const number: Check = ([text = '']) => (parseNumber(text) === null ? 'invalid number' : null);
const flag: Check = ([text = '']) =>
  parseFlag(text) === null ? `invalid value "${text}", it must be "on" or "off"` : null;
const oneOf =
  (...allowed: string[]): Check =>
  (args) => {
    const wrong = args.find((text) => !allowed.includes(text.toLowerCase()));
    return wrong === undefined ? null : `invalid value "${wrong}"`;
  };

const TIMEOUT: Row = { in: EVERYWHERE, args: [1, 1], check: time };
const SWITCH: Row = { in: EVERYWHERE, args: [1, 1], check: flag };
const PASS: Row = { in: PASSES, args: [1, 1] };
const BALANCER: Row = { in: ['upstream'], args: [0, 9], repeats: true };

/** A name has several rows when it means different things in different places. */
const ROWS: Readonly<Record<string, readonly Row[]>> = {
  worker_processes: [
    {
      in: ['main'],
      args: [1, 1],
      check: ([n = '']) => (n === 'auto' || parseNumber(n) !== null ? null : 'invalid value'),
    },
  ],
  events: [{ in: ['main'], args: [0, 0], isBlock: true }],
  worker_connections: [{ in: ['events'], args: [1, 1], check: number }],
  http: [{ in: ['main'], args: [0, 0], isBlock: true }],
  server: [
    { in: ['http'], args: [0, 0], isBlock: true, repeats: true },
    { in: ['upstream'], args: [1, ANY], repeats: true },
  ],
  location: [{ in: ['server', 'location'], args: [1, 2], isBlock: true, repeats: true }],
  if: [
    {
      in: ['server', 'location', 'if in server', 'if in location'],
      args: [1, ANY],
      isBlock: true,
      repeats: true,
    },
  ],
  limit_except: [{ in: ['location'], args: [1, ANY], isBlock: true, repeats: true }],
  upstream: [{ in: ['http'], args: [1, 1], isBlock: true, repeats: true }],
  map: [{ in: ['http'], args: [2, 2], isBlock: true, repeats: true }],
  set: [{ in: ['server', 'location', 'if in server', 'if in location'], args: [2, 2], repeats: true }],
  server_name: [{ in: ['server'], args: [1, ANY], repeats: true }],
  listen: [{ in: ['server'], args: [1, ANY], repeats: true, check: checkListen }],
  keepalive_timeout: [
    {
      in: EVERYWHERE,
      args: [1, 2],
      check: ([timeout = '', hint = '0']) =>
        parseTime(timeout) === null || parseTime(hint, 'seconds') === null ? 'invalid value' : null,
    },
    { in: ['upstream'], args: [1, 1], check: time, since: '1.15.3' },
  ],
  keepalive_requests: [
    { in: EVERYWHERE, args: [1, 1], check: number },
    { in: ['upstream'], args: [1, 1], check: number, since: '1.15.3' },
  ],
  keepalive_time: [{ in: [...EVERYWHERE, 'upstream'], args: [1, 1], check: time, since: '1.19.10' }],
  keepalive_min_timeout: [{ in: EVERYWHERE, args: [1, 1], check: time, since: '1.27.4' }],
  keepalive_disable: [{ in: EVERYWHERE, args: [1, 2], check: oneOf('none', 'msie6', 'safari') }],
  keepalive: [
    {
      in: ['upstream'],
      args: [1, 2],
      check: ([size = '', local = 'local']) =>
        parseNumber(size) === null
          ? `invalid value "${size}"`
          : local === 'local'
            ? null
            : `invalid parameter "${local}"`,
    },
  ],
  ip_hash: [BALANCER],
  hash: [BALANCER],
  least_conn: [BALANCER],
  least_time: [BALANCER],
  random: [BALANCER],
  sticky: [BALANCER],
  proxy_pass: [{ in: [...PASSES, 'limit_except'], args: [1, 1] }],
  fastcgi_pass: [PASS],
  uwsgi_pass: [PASS],
  scgi_pass: [PASS],
  grpc_pass: [PASS],
  memcached_pass: [PASS],
  proxy_http_version: [{ in: EVERYWHERE, args: [1, 1], check: oneOf('1.0', '1.1', '2') }],
  proxy_set_header: [{ in: EVERYWHERE, args: [2, 2], repeats: true }],
  proxy_next_upstream: [
    {
      in: EVERYWHERE,
      args: [1, ANY],
      check: oneOf(
        ...['error', 'timeout', 'denied', 'invalid_header', 'non_idempotent', 'updating', 'off'],
        ...['http_500', 'http_502', 'http_503', 'http_504', 'http_403', 'http_404', 'http_429'],
      ),
    },
  ],
  proxy_read_timeout: [TIMEOUT],
  fastcgi_read_timeout: [TIMEOUT],
  uwsgi_read_timeout: [TIMEOUT],
  scgi_read_timeout: [TIMEOUT],
  grpc_read_timeout: [TIMEOUT],
  memcached_read_timeout: [TIMEOUT],
  proxy_socket_keepalive: [{ ...SWITCH, since: '1.15.6' }],
  fastcgi_socket_keepalive: [{ ...SWITCH, since: '1.15.6' }],
  uwsgi_socket_keepalive: [{ ...SWITCH, since: '1.15.6' }],
  scgi_socket_keepalive: [{ ...SWITCH, since: '1.15.6' }],
  grpc_socket_keepalive: [{ ...SWITCH, since: '1.15.6' }],
  memcached_socket_keepalive: [{ ...SWITCH, since: '1.15.6' }],
  fastcgi_keep_conn: [SWITCH],
};

/** Blocks with nothing in them that is read. */
const OTHER_BLOCKS: ReadonlySet<string> = new Set([
  ...['types', 'geo', 'split_clients', 'charset_map', 'match', 'stream', 'mail', 'otel_exporter'],
]);

/** Reports whether the directive is one that is read. */
export function isRead({ name }: Directive): boolean {
  return Object.hasOwn(ROWS, name);
}

/** Reports whether the block is known to hold nothing that is read. */
export function isIrrelevantBlock({ name }: Directive): boolean {
  return OTHER_BLOCKS.has(name) || name.endsWith('_by_lua_block');
}

/**
 * Checks a directive that is read as nginx does: that it may stand here, has the right number of arguments, and values that can be meant.
 * Returns the version that it asks for, or null. `earlier` are those of the same name in the same place. Throws a ParseError.
 */
export function checkDirective(
  directive: Directive,
  context: Context,
  earlier: readonly Directive[],
  version: KnownVersion,
): string | null {
  const { name, args } = directive;
  const row = ROWS[name]?.find((one) => one.in.includes(context));
  if (row === undefined) {
    const hint = context === 'main' ? 'give the main file, usually nginx.conf, which includes the others' : null;
    throw parseError(directive, `"${name}" directive is not allowed here`, hint);
  }
  if (directive.block === null && row.isBlock === true)
    throw parseError(directive, `directive "${name}" has no opening "{"`);
  if (directive.block !== null && row.isBlock !== true) {
    throw parseError(directive, `directive "${name}" is not terminated by ";"`);
  }
  const [fewest, most] = row.args;
  if (args.length < fewest || args.length > most) {
    throw parseError(directive, `invalid number of arguments in "${name}" directive`);
  }
  const since =
    name === 'keepalive' && isNewKeepalive(args)
      ? '1.29.7'
      : name === 'proxy_http_version' && args[0] === '2'
        ? '1.29.4'
        : (row.since ?? null);
  if (since !== null && isSince(version, since) === false) {
    throw parseError(
      directive,
      `"${[name, ...args].join(' ')}" needs nginx ${since}, which --nginx-version is older than`,
    );
  }
  const mistake = row.check?.(args) ?? null;
  if (mistake !== null) throw parseError(directive, `"${name}" directive: ${mistake}`);
  const [first] = earlier;
  if (first !== undefined && row.repeats !== true) {
    throw parseError(
      directive,
      `"${name}" directive is duplicate, the first is in line ${first.line} of ${first.file}`,
    );
  }
  return since;
}

/** `keepalive 0` and `keepalive 32 local` are as new as the pool by default. */
function isNewKeepalive(args: readonly string[]): boolean {
  return args.length === 2 || parseNumber(args[0] ?? '') === 0;
}

/** TCP keepalive as `so_keepalive=` of a `listen` has it. A 0 leaves the value to the host. */
export type ListenKeepalive = 'on' | 'off' | { idleMs: number; intervalMs: number; count: number };

/** Reads the value of `so_keepalive=` (ngx_http_core_listen): `on`, `off` or `idle:interval:count`; null when nginx refuses it. */
export function parseListenKeepalive(text: string): ListenKeepalive | null {
  if (text === 'on' || text === 'off') return text;
  const [idle = '', interval = '', ...rest] = text.split(':');
  const count = rest.join(':');
  const idleMs = idle === '' ? 0 : parseTime(idle, 'seconds');
  const intervalMs = interval === '' ? 0 : parseTime(interval, 'seconds');
  const counted = count === '' ? 0 : parseNumber(count);
  if (idleMs === null || intervalMs === null || counted === null) return null;
  return idleMs + intervalMs + counted === 0 ? null : { idleMs, intervalMs, count: counted };
}

function checkListen(args: readonly string[]): string | null {
  for (const parameter of args.slice(1)) {
    const [, keepalive] = /^so_keepalive=(.*)$/s.exec(parameter) ?? [];
    if (keepalive !== undefined && parseListenKeepalive(keepalive) === null) {
      return `invalid so_keepalive value: "${keepalive}"`;
    }
  }
  return null;
}
