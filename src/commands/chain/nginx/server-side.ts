/** How nginx treats the connections that clients open: ngx_http_core_module.c and ngx_http_request.c. */

import type { ChainServerSide, ChainValue, Limit, MaybeChainValue } from '../../../knowledge/hop.ts';
import { unmeasured } from '../../../report/values.ts';
import { placeText } from '../config/files.ts';
import { following, fromDefault, fromFile, isKnown } from '../config/values.ts';
import { parseListenKeepalive } from './directives.ts';
import { inherited, type Level, type Levels } from './levels.ts';
import type { Directive } from './syntax.ts';
import { parseNumber, parseTime } from './values.ts';
import { isSince, type KnownVersion } from './version.ts';

type TcpKeepalive = ChainServerSide['tcpKeepalive'];

/** The sockets that are listened on, and the `listen` that sets TCP keepalive for each: it holds for every server that shares the socket. */
export type ListenOptions = ReadonlyMap<string, Directive>;

/**
 * What holds at a location (or, without one, at a server) once its request is answered. A server whose own `return` answers never comes to
 * ngx_http_update_location_config: it counts nothing, and announces no close.
 */
export function readServerSide(
  level: Level,
  listens: readonly Directive[],
  options: ListenOptions,
  { main, version }: Levels,
): ChainServerSide {
  const answersAtOnce =
    level.context === 'server' && level.directive?.block?.some(({ name }) => name === 'return') === true;
  const unlimited = fromDefault<Limit>('never', 'nginx-server', 'not counted where the return of a server answers');
  const idle = idleClose(level);
  const requests = answersAtOnce ? unlimited : maxRequests(level, version);
  const isReused = reuse(idle, requests);
  return {
    reuse: isReused,
    idleCloseMs: isReused.value ? idle : following(0, isReused),
    maxRequests: requests,
    maxAgeMs: answersAtOnce ? unlimited : maxAge(level, version),
    announcesClose: !answersAtOnce, // elsewhere it is decided before the header is sent
    capacity: capacity(main),
    requestTimeoutMs: null,
    tcpKeepalive: tcpKeepaliveOf(listens, options),
  };
}

/** The second argument of `keepalive_timeout`, which is sent as `Keep-Alive: timeout=`; null when none is sent. */
export function readHint(level: Level): ChainValue<number> | null {
  const directive = inherited(level, 'keepalive_timeout');
  const text = directive?.args[1];
  const hintMs = text === undefined ? 0 : (parseTime(text, 'seconds') ?? 0); // checked where it was read
  return directive === null || hintMs === 0 ? null : fromFile(hintMs, directive, 'keepalive_timeout');
}

function reuse(idle: ChainValue<number>, requests: MaybeChainValue<Limit>): ChainValue<boolean> {
  if (idle.value === 0) return following(false, idle);
  // Requests are counted from 1 before they are compared.
  if (isKnown(requests) && (requests.value === 0 || requests.value === 1)) return following(false, requests);
  return following(true, idle);
}

function idleClose(level: Level): ChainValue<number> {
  const timeout =
    timeOf(level, 'keepalive_timeout') ??
    fromDefault(75_000, 'nginx-server', 'nginx closes an idle connection after 75 s', 'keepalive_timeout');
  const least = timeOf(level, 'keepalive_min_timeout');
  return timeout.value > 0 && least !== null && least.value > timeout.value ? least : timeout;
}

function maxRequests(level: Level, version: KnownVersion): MaybeChainValue<Limit> {
  const name = 'keepalive_requests';
  const directive = inherited(level, name);
  if (directive !== null) return fromFile(parseNumber(directive.args[0] ?? '') ?? 0, directive, name);
  const isNew = isSince(version, '1.19.10');
  if (isNew === null) {
    return unmeasured(
      'the default of keepalive_requests depends on the nginx version, 100 before 1.19.10 and 1000 since: give --nginx-version',
    );
  }
  const value = isNew ? 1000 : 100;
  return fromDefault(value, 'nginx-server', `${value} requests ${isNew ? 'since' : 'before'} nginx 1.19.10`, name);
}

function maxAge(level: Level, version: KnownVersion): MaybeChainValue<Limit> {
  const set = timeOf(level, 'keepalive_time');
  if (set !== null) return set;
  const isNew = isSince(version, '1.19.10');
  if (isNew === null) {
    return unmeasured(
      'the default of keepalive_time depends on the nginx version, 1 h since 1.19.10 and none before: give --nginx-version',
    );
  }
  return isNew
    ? fromDefault(3_600_000, 'nginx-server', '1 h since nginx 1.19.10', 'keepalive_time')
    : fromDefault('never', 'nginx-server', 'nginx before 1.19.10 has no keepalive_time');
}

/** The worker processes; `auto` is the number of CPUs of the host. */
export function workerProcesses(main: Level): MaybeChainValue<number> {
  const name = 'worker_processes';
  const directive = inherited(main, name);
  if (directive === null) return fromDefault(1, 'nginx-server', 'one worker process', name);
  const [text = ''] = directive.args;
  return text === 'auto'
    ? unmeasured(`worker_processes auto at ${placeText(directive)} is the number of the host's CPUs`)
    : fromFile(parseNumber(text) ?? 0, directive, name);
}

/** Connections to clients and to upstreams together. */
function capacity(main: Level): MaybeChainValue<number> {
  const name = 'worker_connections';
  const [directive] = main.children.find(({ context }) => context === 'events')?.set.get(name) ?? [];
  const perWorker =
    directive === undefined
      ? fromDefault(512, 'nginx-server', '512 connections for each worker process', name)
      : fromFile(parseNumber(directive.args[0] ?? '') ?? 0, directive, name);
  const workers = workerProcesses(main);
  return isKnown(workers) ? following(workers.value * perWorker.value, perWorker) : workers;
}

function timeOf(level: Level, name: string): ChainValue<number> | null {
  const directive = inherited(level, name);
  return directive === null ? null : fromFile(parseTime(directive.args[0] ?? '') ?? 0, directive, name);
}

function tcpKeepaliveOf(listens: readonly Directive[], options: ListenOptions): TcpKeepalive {
  const each = listens.map((listen) => {
    const setter = options.get(socketOf(listen)) ?? options.get(sharedSocketOf(listen));
    return setter === undefined ? null : { setter, value: keepaliveParameter(setter) };
  });
  const [first = null] = each;
  const texts = new Set(each.map((one) => JSON.stringify(one?.value ?? 'off')));
  if (texts.size > 1) return unmeasured('the listen directives of this server differ in so_keepalive');
  if (first === null || first.value === null) {
    return fromDefault(null, 'nginx-server', 'nginx leaves TCP keepalive off', 'so_keepalive');
  }
  const { setter, value } = first;
  if (value === 'off') return fromFile(null, setter, 'so_keepalive');
  if (value === 'on' || value.idleMs === 0 || value.intervalMs === 0 || value.count === 0) {
    return unmeasured(
      `so_keepalive at ${placeText(setter)} takes values from the host's net.ipv4.tcp_keepalive_* settings`,
    );
  }
  return fromFile(value, setter, 'so_keepalive');
}

/** What `so_keepalive=` says; null when it is not there. */
export function keepaliveParameter({ args }: Directive): ReturnType<typeof parseListenKeepalive> {
  // The last one wins, as each writes over the one before.
  const [, text] = args.findLast((word) => word.startsWith('so_keepalive='))?.split(/=(.*)/s) ?? [];
  return text === undefined ? null : parseListenKeepalive(text);
}

/** The socket that a `listen` names, in one spelling: `*:80` for `80`, `*` and `0.0.0.0:80`. */
export function socketOf({ args: [address = ''] }: Directive): string {
  if (address.startsWith('unix:')) return address;
  if (/^\d+$/.test(address)) return `*:${address}`;
  const [, host = address, port = '80'] = /^(\[.*\]|[^:]*)(?::(\d+(?:-\d+)?))?$/.exec(address) ?? [];
  return `${host === '0.0.0.0' ? '*' : host.toLowerCase()}:${port}`;
}

/** A listen on one address without options of its own has no socket when there is one for all addresses of that port. */
function sharedSocketOf(listen: Directive): string {
  const OWN =
    /^(bind$|deferred$|reuseport$|(backlog|rcvbuf|sndbuf|setfib|fastopen|accept_filter|ipv6only|so_keepalive)=)/;
  const socket = socketOf(listen);
  const port = socket.slice(socket.lastIndexOf(':'));
  return listen.args.some((word) => OWN.test(word)) ? socket : `${socket.startsWith('[') ? '[::]' : '*'}${port}`;
}
