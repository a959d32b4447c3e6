/** Defaults of nginx that changed with its version, alike for connections from clients and to upstreams. */
import type { Limit, MaybeChainValue } from '../../../knowledge/hop.ts';
import { NGINX_DEFAULTS } from '../../../knowledge/stacks/nginx.ts';
import { unmeasured } from '../../../report/values.ts';
import { fromDefault } from '../config/values.ts';
import { isSince, type KnownVersion } from './version.ts';

/** `keepalive_requests` where it is not set. `id` names the side that the value is about. */
export function defaultRequests(version: KnownVersion, id: string): MaybeChainValue<Limit> {
  const name = 'keepalive_requests';
  const isNew = isSince(version, '1.19.10');
  if (isNew === null) {
    return unmeasured(
      'the default of keepalive_requests depends on the nginx version, 100 before 1.19.10 and 1000 since: give --nginx-version',
    );
  }
  const value = isNew ? NGINX_DEFAULTS.keepaliveRequests : 100;
  return fromDefault(value, id, `${value} requests ${isNew ? 'since' : 'before'} nginx 1.19.10`, name);
}

/** `keepalive_time` where it is not set, in milliseconds. */
export function defaultAge(version: KnownVersion, id: string): MaybeChainValue<Limit> {
  const isNew = isSince(version, '1.19.10');
  if (isNew === null) {
    return unmeasured(
      'the default of keepalive_time depends on the nginx version, 1 h since 1.19.10 and none before: give --nginx-version',
    );
  }
  return isNew
    ? fromDefault(NGINX_DEFAULTS.keepaliveTimeMs, id, '1 h since nginx 1.19.10', 'keepalive_time')
    : fromDefault('never', id, 'nginx before 1.19.10 has no keepalive_time');
}
