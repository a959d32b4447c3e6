/** How nginx treats the connections that clients open: ngx_http_core_module.c and ngx_http_request.c. */

import {
  type ChainServerSide,
  type ChainValue,
  isKnown,
  type Limit,
  type MaybeChainValue,
} from '../../../knowledge/hop.ts';
import { NGINX_DEFAULTS } from '../../../knowledge/stacks/nginx.ts';
import { unmeasured } from '../../../report/values.ts';
import { placeText } from '../config/files.ts';
import { following, fromDefault, fromFile } from '../config/values.ts';
import { defaultAge, defaultRequests } from './defaults.ts';
import { asValue, inherited, type Level, type Levels, type SetDirective, setAt } from './levels.ts';
import type { Listen } from './listen.ts';

const DEFAULT_ID = 'nginx-server';

type TcpKeepalive = ChainServerSide['tcpKeepalive'];

/** For each socket the `listen` that sets its TCP keepalive: it holds for every server that shares the socket. */
export type ListenOptions = ReadonlyMap<string, SetDirective<Listen>>;

/**
 * What holds at a location (or, without one, at a server) once its request is answered. A server whose own `return` answers never comes to
 * ngx_http_update_location_config: it counts nothing, and announces no close.
 */
export function readServerSide(
  level: Level,
  listens: readonly SetDirective<Listen>[],
  options: ListenOptions,
  { main, version }: Levels,
): ChainServerSide {
  const answersAtOnce =
    level.context === 'server' && level.directive?.block?.some(({ name }) => name === 'return') === true;
  const unlimited = fromDefault<Limit>('never', DEFAULT_ID, 'not counted where the return of a server answers');
  const idle = idleClose(level);
  const requests = answersAtOnce
    ? unlimited
    : (asValue(inherited(level, 'keepalive_requests')) ?? defaultRequests(version, DEFAULT_ID));
  const isReused = reuse(idle, requests);
  return {
    reuse: isReused,
    idleCloseMs: isReused.value ? idle : following(0, isReused),
    maxRequests: requests,
    maxAgeMs: answersAtOnce
      ? unlimited
      : (asValue(inherited(level, 'keepalive_time')) ?? defaultAge(version, DEFAULT_ID)),
    announcesClose: !answersAtOnce, // elsewhere it is decided before the header is sent
    capacity: capacity(main),
    requestTimeoutMs: null,
    tcpKeepalive: tcpKeepaliveOf(listens, options),
  };
}

/** The second argument of `keepalive_timeout`, which is sent as `Keep-Alive: timeout=`; null when none is sent. */
export function readHint(level: Level): ChainValue<number> | null {
  const set = asValue(inherited(level, 'keepalive_timeout'));
  return set === null || set.value.hintMs === null ? null : following(set.value.hintMs, set);
}

function reuse(idle: ChainValue<number>, requests: MaybeChainValue<Limit>): ChainValue<boolean> {
  if (idle.value === 0) return following(false, idle);
  // Requests are counted from 1 before they are compared.
  if (isKnown(requests) && (requests.value === 0 || requests.value === 1)) return following(false, requests);
  return following(true, idle);
}

function idleClose(level: Level): ChainValue<number> {
  const set = asValue(inherited(level, 'keepalive_timeout'));
  const timeout =
    set === null
      ? fromDefault(
          NGINX_DEFAULTS.keepaliveTimeoutMs,
          DEFAULT_ID,
          'nginx closes an idle connection after 75 s',
          'keepalive_timeout',
        )
      : following(set.value.idleMs, set);
  const least = asValue(inherited(level, 'keepalive_min_timeout'));
  return timeout.value > 0 && least !== null && least.value > timeout.value ? least : timeout;
}

/** The worker processes; `auto` is the number of CPUs of the host. */
export function workerProcesses(main: Level): MaybeChainValue<number> {
  const set = inherited(main, 'worker_processes');
  if (set === null) return fromDefault(1, DEFAULT_ID, 'one worker process', 'worker_processes');
  const { directive, value } = set;
  return value === 'auto'
    ? unmeasured(`worker_processes auto at ${placeText(directive)} is the number of the host's CPUs`)
    : fromFile(value, directive, directive.name);
}

/** Connections to clients and to upstreams together. */
function capacity(main: Level): MaybeChainValue<number> {
  const name = 'worker_connections';
  const events = main.children.find(({ context }) => context === 'events') ?? null;
  const perWorker =
    asValue(setAt(events, name)) ?? fromDefault(512, DEFAULT_ID, '512 connections for each worker process', name);
  const workers = workerProcesses(main);
  return isKnown(workers) ? following(workers.value * perWorker.value, perWorker) : workers;
}

function tcpKeepaliveOf(listens: readonly SetDirective<Listen>[], options: ListenOptions): TcpKeepalive {
  const setters = listens.map(({ value }) => options.get(value.socket) ?? options.get(value.sharedSocket) ?? null);
  const [first = null] = setters;
  const texts = new Set(setters.map((setter) => JSON.stringify(setter?.value.keepalive ?? 'off')));
  if (texts.size > 1) return unmeasured('the listen directives of this server differ in so_keepalive');
  const keepalive = first?.value.keepalive ?? null;
  if (first === null || keepalive === null)
    return fromDefault(null, DEFAULT_ID, 'nginx leaves TCP keepalive off', 'so_keepalive');
  if (keepalive === 'off') return fromFile(null, first.directive, 'so_keepalive');
  if (keepalive === 'on' || keepalive.idleMs === 0 || keepalive.intervalMs === 0 || keepalive.count === 0) {
    return unmeasured(
      `so_keepalive at ${placeText(first.directive)} takes values from the host's net.ipv4.tcp_keepalive_* settings`,
    );
  }
  return fromFile(keepalive, first.directive, 'so_keepalive');
}
