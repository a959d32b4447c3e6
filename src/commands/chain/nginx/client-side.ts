/** How nginx treats the connections that it opens: ngx_http_upstream_keepalive_module.c, ngx_http_proxy_module.c and their like. */

import {
  type ChainClientSide,
  type ChainValue,
  isKnown,
  type Limit,
  type MaybeChainValue,
} from '../../../knowledge/hop.ts';
import { NGINX_DEFAULTS } from '../../../knowledge/stacks/nginx.ts';
import { type Unmeasured, unmeasured } from '../../../report/values.ts';
import { placeText } from '../config/files.ts';
import { derive, following, fromDefault, fromFile } from '../config/values.ts';
import { defaultAge, defaultRequests } from './defaults.ts';
import { asValue, inherited, inheritedAll, type Level, type Levels, setAt } from './levels.ts';
import type { NginxPool, NginxTarget } from './route.ts';
import { workerProcesses } from './server-side.ts';
import type { Directive } from './syntax.ts';
import { resolveVariables } from './variables.ts';
import { isSince, type KnownVersion } from './version.ts';

const DEFAULT_ID = 'nginx-proxy-upstream';
/** Older ones gave a pool neither a timeout nor a limit of requests. */
const OLDEST_ASSUMED = '1.15.3';

/** A client side, and what it rests on: the lines to change are among it. */
export interface ClientSide {
  client: ChainClientSide;
  pool: NginxPool;
  doubts: string[];
}

/** The block `upstream` that a route goes to; null when it names an address. */
type Upstream = Level | null;

/** How the directives for a target begin. */
type Prefix = 'proxy' | Exclude<NginxTarget['protocol'], 'http' | 'https'>;

/** What an upstream block says about the connections of its pool; null: nothing, so that the default holds. */
interface PoolLimits {
  idle: ChainValue<number> | null;
  requests: ChainValue<number> | null;
}

/** What holds towards the target of a `*_pass` at a level. */
export function readClientSide(level: Level, target: NginxTarget, upstream: Upstream, levels: Levels): ClientSide {
  const { version } = levels;
  const doubts: string[] = [];
  const size = poolSize(target, upstream, version);
  const pool: NginxPool = {
    size,
    httpVersion: httpVersion(level, version),
    connection: connectionHeader(level, levels),
  };
  const limits: PoolLimits = {
    idle: derive(asValue(setAt(upstream, 'keepalive_timeout')), ({ idleMs }) => idleMs),
    requests: asValue(setAt(upstream, 'keepalive_requests')),
  };
  const { reuse, because } = decideReuse(level, target, pool, limits);
  const isUnused = isKnown(reuse) && !reuse.value;
  const isAssumed = version.exact === null && isSince(version, OLDEST_ASSUMED) === null;
  if (!isUnused && limits.idle === null && isAssumed)
    doubts.push(`the version of nginx is not given: ${OLDEST_ASSUMED} (2018) or later is assumed`);
  const unused = <T>(value: T): MaybeChainValue<T> => (isKnown(reuse) ? following(value, reuse) : reuse);
  const workers = workerProcesses(levels.main);
  const prefix = target.protocol === 'http' || target.protocol === 'https' ? 'proxy' : target.protocol;
  const retries = prefix === 'proxy' ? readRetries(level, doubts) : 'unknown';
  return {
    client: {
      reuse,
      noReuseBecause: because,
      poolIdleMs: isUnused ? unused<Limit>(0) : (limits.idle ?? defaultIdle(version)),
      poolSize: isUnused
        ? unused<Limit>(0)
        : !isKnown(size)
          ? size
          : isKnown(workers)
            ? following<Limit>(size.value * workers.value, size)
            : unmeasured(`${size.value} for each worker process, and ${workers.reason}`),
      maxRequests: isUnused ? unused<Limit>(1) : (limits.requests ?? poolRequests(version)),
      maxAgeMs: isUnused
        ? unused<Limit>('never')
        : (asValue(setAt(upstream, 'keepalive_time')) ?? defaultAge(version, DEFAULT_ID)),
      honoursHint: false,
      retries,
      responseTimeoutMs: readTimeout(level, `${prefix}_read_timeout`),
      tcpKeepalive: socketKeepalive(level, `${prefix}_socket_keepalive`),
    },
    pool,
    doubts,
  };
}

/** Idle connections that each worker process keeps; 0: none. */
function poolSize(target: NginxTarget, upstream: Upstream, version: KnownVersion): MaybeChainValue<number> {
  const name = 'keepalive';
  if (target.kind === 'variable') return unmeasured(`${target.name} is known only when a request comes`);
  if (upstream === null) return fromDefault(0, DEFAULT_ID, 'nginx pools connections only to an upstream block', name);
  const set = setAt(upstream, name);
  const isNew = isSince(version, '1.29.7');
  if (set === null) {
    if (isNew === null) {
      return unmeasured(
        `upstream ${target.name} has no keepalive, and since nginx 1.29.7 it has a pool all the same: give --nginx-version`,
      );
    }
    return isNew
      ? fromDefault(32, DEFAULT_ID, '32 for each worker process since nginx 1.29.7', name)
      : fromDefault(0, DEFAULT_ID, 'before nginx 1.29.7 there is no pool without keepalive', name);
  }
  const size = fromFile(set.value, set.directive, name);
  const balancer = balancerBehind(set.directive, upstream);
  if (size.value === 0 || balancer === null || isNew === true) return size;
  // Before 1.29.7 the balancer takes the place of the pool ("load balancing method redefined").
  return isNew === false
    ? following(0, size)
    : unmeasured(
        `${balancer.name} at ${placeText(balancer)} stands behind keepalive and switches it off before nginx 1.29.7: give --nginx-version`,
      );
}

/** The balancing method that stands behind `keepalive` in an upstream block. */
function balancerBehind(keepalive: Directive, { directive: block }: Level): Directive | null {
  const content = block?.block ?? [];
  const behind = content.slice(content.indexOf(keepalive) + 1);
  return behind.find(({ name }) => ['ip_hash', 'hash', 'least_conn', 'least_time', 'random'].includes(name)) ?? null;
}

function httpVersion(level: Level, version: KnownVersion): MaybeChainValue<string> {
  const name = 'proxy_http_version';
  const set = inherited(level, name);
  if (set !== null) return fromFile(set.value[0] ?? '', set.directive, name);
  const isNew = isSince(version, '1.29.7');
  if (isNew === null) {
    return unmeasured(
      'the default of proxy_http_version depends on the nginx version, 1.0 before 1.29.7 and 1.1 since: give --nginx-version',
    );
  }
  return isNew
    ? fromDefault('1.1', DEFAULT_ID, '1.1 since nginx 1.29.7', name)
    : fromDefault('1.0', DEFAULT_ID, '1.0 before nginx 1.29.7', name);
}

/** The Connection header as a plain request carries it; empty: it is not sent. */
function connectionHeader(level: Level, levels: Levels): MaybeChainValue<string> {
  const setting = 'proxy_set_header Connection';
  const all = inheritedAll(level, 'proxy_set_header').filter(
    ({ value: [name = ''] }) => name.toLowerCase() === 'connection',
  );
  const [first] = all;
  if (first === undefined) {
    const isNew = isSince(levels.version, '1.29.7');
    if (isNew === null) {
      return unmeasured(
        'the default Connection header depends on the nginx version, close before 1.29.7 and none since: give --nginx-version',
      );
    }
    return isNew
      ? fromDefault('', DEFAULT_ID, 'no Connection header since nginx 1.29.7', setting)
      : fromDefault('close', DEFAULT_ID, 'Connection: close before nginx 1.29.7', setting);
  }
  const texts: string[] = [];
  let decisive = first.directive;
  for (const { directive, value } of all) {
    const text = resolveVariables(value[1] ?? '', directive, levels.variables);
    if (typeof text !== 'string') return text;
    if (text !== '') texts.push(text);
    if (tokensOf(text).includes('close')) decisive = directive;
  }
  return fromFile(texts.join(', '), decisive, setting);
}

function decideReuse(
  level: Level,
  { protocol }: NginxTarget,
  { size, httpVersion, connection }: NginxPool,
  { idle, requests }: PoolLimits,
): { reuse: MaybeChainValue<boolean>; because: ChainClientSide['noReuseBecause'] } {
  const no = (
    value: ChainValue<unknown>,
    because: ChainClientSide['noReuseBecause'],
  ): { reuse: MaybeChainValue<boolean>; because: ChainClientSide['noReuseBecause'] } => ({
    reuse: following(false, value),
    because,
  });
  if (protocol === 'uwsgi' || protocol === 'scgi') {
    return no(fromDefault(false, DEFAULT_ID, `${protocol} takes one request on a connection`), 'single-use');
  }
  if (isKnown(size) && size.value === 0) return no(size, 'no-pool');
  // A connection has had one request when it is counted, and one that may idle for no time does not.
  if (requests !== null && requests.value <= 1) return no(requests, 'single-use');
  if (idle !== null && idle.value === 0) return no(idle, 'single-use');
  const conditions: MaybeChainValue<unknown>[] = [size];
  if (protocol === 'fastcgi') {
    const name = 'fastcgi_keep_conn';
    const kept =
      asValue(inherited(level, name)) ?? fromDefault(false, DEFAULT_ID, 'off unless it is switched on', name);
    if (!kept.value) return no(kept, 'connection-close');
  }
  if (protocol === 'http' || protocol === 'https') {
    const tokens = isKnown(connection) ? tokensOf(connection.value) : [];
    if (isKnown(httpVersion) && httpVersion.value === '1.0') {
      if (!isKnown(connection)) conditions.push(connection);
      else if (!tokens.includes('keep-alive')) return no(httpVersion, 'http-1.0');
      else
        conditions.push(
          unmeasured('whether HTTP/1.0 with Connection: keep-alive is reused depends on the answer of the next hop'),
        );
    }
    if (isKnown(connection) && tokens.includes('close')) return no(connection, 'connection-close');
    if (isKnown(httpVersion) && httpVersion.value === '2')
      conditions.push(unmeasured('HTTP/2 towards the next hop is not judged'));
    conditions.push(httpVersion, connection);
  }
  const unknown = conditions.find((one): one is Unmeasured => !isKnown(one));
  return { reuse: unknown ?? following(true, isKnown(size) ? size : fromDefault(true, DEFAULT_ID, '')), because: null };
}

/** The words of a Connection header, in lower case. */
function tokensOf(header: string): string[] {
  return header
    .toLowerCase()
    .split(',')
    .map((token) => token.trim());
}

function defaultIdle(version: KnownVersion): ChainValue<Limit> {
  return isSince(version, OLDEST_ASSUMED) === false
    ? fromDefault('never', DEFAULT_ID, `nginx before ${OLDEST_ASSUMED} sets its pool no timeout`)
    : fromDefault(
        NGINX_DEFAULTS.upstreamKeepaliveTimeoutMs,
        DEFAULT_ID,
        `60 s since nginx ${OLDEST_ASSUMED}`,
        'keepalive_timeout',
      );
}

function poolRequests(version: KnownVersion): MaybeChainValue<Limit> {
  return isSince(version, OLDEST_ASSUMED) === false
    ? fromDefault('never', DEFAULT_ID, `nginx before ${OLDEST_ASSUMED} sets its pool no limit of requests`)
    : defaultRequests(version, DEFAULT_ID);
}

/** A failed cached connection gets one more try (ngx_http_upstream_next), unless the error is none that leads to one. */
function readRetries(level: Level, doubts: string[]): ChainClientSide['retries'] {
  const set = inherited(level, 'proxy_next_upstream');
  if (set === null) return 'idempotent';
  const { directive, value: cases } = set;
  if (cases.includes('off') || !cases.includes('error')) return 'none';
  if (!cases.includes('non_idempotent')) return 'idempotent';
  doubts.push(
    `proxy_next_upstream at ${placeText(directive)} sends every request again, POST too, and work may be done twice`,
  );
  return 'all';
}

function readTimeout(level: Level, name: `${Prefix}_read_timeout`): ChainValue<Limit> {
  return (
    asValue(inherited(level, name)) ??
    fromDefault(NGINX_DEFAULTS.proxyReadTimeoutMs, DEFAULT_ID, 'nginx waits 60 s for a response or its next part', name)
  );
}

function socketKeepalive(level: Level, name: `${Prefix}_socket_keepalive`): ChainClientSide['tcpKeepalive'] {
  const set = inherited(level, name);
  if (set === null) return fromDefault(null, DEFAULT_ID, 'nginx leaves TCP keepalive off', name);
  const { directive, value: isOn } = set;
  return isOn
    ? unmeasured(
        `${name} at ${placeText(directive)} takes its values from the host's net.ipv4.tcp_keepalive_* settings`,
      )
    : fromFile(null, directive, name);
}
