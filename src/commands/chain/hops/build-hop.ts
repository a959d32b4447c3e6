/** From what the user says about a hop to what is known about it. */
import { UsageError } from '../../../base/errors.ts';
import type { ChainHop } from '../report.ts';
import { findSource } from './find-source.ts';
import { durationOf, SETTINGS } from './settings.ts';
import type { HopVariant, SourceOptions } from './source.ts';
import type { HopSpec, Role } from './spec.ts';

/** What is known of a hop before its neighbours are. */
export interface BuiltHop {
  spec: HopSpec;
  name: string;
  role: Role;
  /** Several when its configuration sends requests on in several ways. */
  variants: readonly HopVariant[];
  /** The file that it was read from; null: there is none. */
  file: string | null;
}

/** Looks up or reads what the hop is, and puts its settings over it. Throws a UsageError or a ParseError. */
export function buildHop(spec: HopSpec, options: SourceOptions): BuiltHop {
  const { place, settings } = spec;
  const source = findSource(spec, options);
  const role = spec.role ?? source.role ?? roleFromSettings(spec);
  const name = spec.name ?? source.name;
  if (name.length > 40 || name.trim() === '') throw new UsageError(`${place}: a name has 1 to 40 characters`);
  const variants = source.variants.map((variant) => {
    const bare = withSidesOfRole({ ...variant.hop, name, role }, spec);
    const hop = settings.reduce((known, given) => SETTINGS[given.key].put(known, given, place), bare);
    return { ...variant, hop };
  });
  return { spec, name, role, variants, file: source.file };
}

function roleFromSettings({ settings, place }: HopSpec): Role {
  const sides = new Set(settings.map(({ key }) => SETTINGS[key].of));
  if (sides.has('middlebox')) return 'middlebox';
  if (sides.has('server')) return sides.has('client') ? 'proxy' : 'app';
  if (sides.has('client')) return 'client';
  throw new UsageError(`${place}: the hop has no role`, 'add role=client, role=proxy, role=app or role=middlebox');
}

/** The hop with the sides that its role has, and no others. Throws a UsageError when one is missing. */
function withSidesOfRole(hop: ChainHop, { place, settings }: HopSpec): ChainHop {
  const { role, name } = hop;
  if (role === 'middlebox') {
    if (hop.middlebox !== null) return hop;
    const timeout = settings.find(({ key }) => key === 'idle-timeout');
    if (timeout === undefined)
      throw new UsageError(`${place}: a middlebox needs idle-timeout`, 'for example idle-timeout=30m');
    const middlebox = { idleTimeoutMs: durationOf(timeout), keepaliveRefreshes: true };
    return { ...hop, server: null, client: null, middlebox };
  }
  if (hop.middlebox !== null)
    throw new UsageError(`${place}: ${name} only forwards packets: it is a middlebox, not a ${role}`);
  if (role !== 'app' && hop.client === null && hop.server !== null)
    throw new UsageError(`${place}: ${name} passes no requests on, so it can only be the app, the last hop`);
  if (role !== 'client' && hop.server === null)
    throw new UsageError(`${place}: ${name} accepts no connections, so it can only be the client, the first hop`);
  return {
    ...hop,
    server: role === 'client' ? null : hop.server,
    client: role === 'app' ? null : hop.client,
  };
}
